// SPDX-License-Identifier: Apache-2.0

/** Says once that a call's client has gone or its deadline has passed. */
export class Cancellation {
  readonly #listeners = new Set<() => void>();
  #done = false;

  get cancelled(): boolean {
    return this.#done;
  }

  cancel(): void {
    if (this.#done) {
      return;
    }
    this.#done = true;
    for (const listener of [...this.#listeners]) {
      listener();
    }
    this.#listeners.clear();
  }

  /** Calls `listener` on cancellation; the returned function withdraws it. */
  onCancel(listener: () => void): () => void {
    if (this.#done) {
      listener();
    } else {
      this.#listeners.add(listener);
    }
    return () => {
      this.#listeners.delete(listener);
    };
  }
}
