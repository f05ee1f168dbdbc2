// SPDX-License-Identifier: Apache-2.0
/** A secret that cannot be printed by accident: JSON and string forms say `[secret]`. */
export class Secret {
  readonly #bytes: Uint8Array;
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }
  reveal(): Uint8Array {
    return this.#bytes;
  }
  toJSON(): string {
    return '[secret]';
  }
  toString(): string {
    return '[secret]';
  }
}
