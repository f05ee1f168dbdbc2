// SPDX-License-Identifier: Apache-2.0
import type { Room } from './upstream';

/** Room for one reading among others. */
export interface Share extends Room {
  /** Of what was read so many bytes stay in memory. Later calls replace earlier ones. */
  keep(bytes: number): void;
}

/** Readings that are in memory together: each asks for room for what all of them take. */
export class Account {
  readonly #room: Room;
  readonly #shares = new Map<Share, number>();

  /** @param room is asked for all of them together, and throws when there is none. */
  constructor(room: Room) {
    this.#room = room;
  }

  /** Of all of them together. */
  get bytes(): number {
    return [...this.#shares.values()].reduce((sum, bytes) => sum + bytes, 0);
  }

  open(): Share {
    const share: Share = {
      reserve: (bytes) => {
        this.#shares.delete(share);
        this.#room.reserve(this.bytes + bytes);
        this.#shares.set(share, bytes);
      },
      keep: (bytes) => {
        this.#shares.set(share, bytes);
      },
    };
    return share;
  }
}
