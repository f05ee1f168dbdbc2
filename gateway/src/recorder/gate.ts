// SPDX-License-Identifier: Apache-2.0

/** Opens once and stays open. */
export class Gate {
  #isOpen = false;
  #open: () => void = () => undefined;
  readonly opened: Promise<void>;

  constructor() {
    this.opened = new Promise((resolve) => {
      this.#open = resolve;
    });
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  open(): void {
    this.#isOpen = true;
    this.#open();
  }
}
