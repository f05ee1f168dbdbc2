// SPDX-License-Identifier: Apache-2.0

/** Opens and closes; those who wait go on when it opens. */
export class Gate {
  #isOpen = false;
  #open: () => void = () => undefined;
  #opened = this.#nextOpening();

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Resolves at once while it is open, else when it opens next. */
  get opened(): Promise<void> {
    return this.#opened;
  }

  open(): void {
    this.#isOpen = true;
    this.#open();
  }

  close(): void {
    if (this.#isOpen) {
      this.#isOpen = false;
      this.#opened = this.#nextOpening();
    }
  }

  #nextOpening(): Promise<void> {
    return new Promise((resolve) => {
      this.#open = resolve;
    });
  }
}
