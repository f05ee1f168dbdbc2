// SPDX-License-Identifier: Apache-2.0

/** Processor time of this process so far, all threads, milliseconds. */
export function ownCpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** The highest memory of this process since it was last forgotten, looked at every 50 ms. */
export class MemoryPeak {
  #bytes = process.memoryUsage.rss();

  constructor() {
    setInterval(() => {
      this.#bytes = Math.max(this.#bytes, process.memoryUsage.rss());
    }, 50).unref();
  }

  get mib(): number {
    return this.#bytes / 1024 / 1024;
  }

  forget(): void {
    this.#bytes = 0;
  }
}
