// SPDX-License-Identifier: Apache-2.0
import { NoRoom, type Room } from '../fhir/sources/upstream';
import { SMALL_BYTES } from './sourceMemory';

/** Found no room beside what else is being read; alone it may find some. */
class Crowded extends NoRoom {}

/** What stays of something that was read. */
export interface Kept<K> {
  readonly value: K;
  /** That it takes. */
  readonly bytes: number;
}

/** Room of what is read beside a request's page. */
class Aside implements Room {
  readonly #assertRoom: (bytes: number) => void;
  #bytes = 0;

  constructor(assertRoom: (bytes: number) => void) {
    this.#assertRoom = assertRoom;
  }

  /** That the answer has so far. */
  get bytes(): number {
    return this.#bytes;
  }

  reserve(bytes: number): void {
    this.#bytes = 0;
    this.#assertRoom(bytes);
    this.#bytes = bytes;
  }
}

/**
 * What one request has of the source's answers in memory: pages, one after the other, and beside them the
 * Patients that are read to know whom it is about. All of it together asks for one room; 256 KiB of the
 * Patients come always, so that a page never depends on them.
 */
export class RequestAccount {
  readonly #room: Room;
  readonly #pageRoom: Room = {
    reserve: (bytes) => {
      this.#page = 0;
      this.#assertRoom(bytes, this.#beside);
      this.#page = bytes;
    },
  };
  /** Bytes of the page that was read last, or is being read. */
  #page = 0;
  #pagesUnderWay = 0;
  /** What is being read beside it. */
  readonly #asides = new Set<Aside>();
  /** Bytes that stayed of it. */
  #kept = 0;
  /** Whether one of them is read alone. */
  #isAlone = false;
  /** Told of each reading that ends. */
  #waiting: (() => void)[] = [];

  constructor(room: Room) {
    this.#room = room;
  }

  /**
   * Reads something of which only a little is kept. What is larger than 256 KiB while others are read is read
   * once more, alone and when the page is there: so what else is being read just now does not decide whether
   * it finds room.
   * @param keep what stays of it, of so many bytes as were read.
   * @throws NoRoom when there is none beside the page; what `read` throws.
   */
  async aside<T, K>(
    read: (room: Room) => Promise<T>,
    keep: (value: T, bytes: number) => Kept<K>,
  ): Promise<K> {
    const beside = this.#enter(false);
    try {
      return this.#keep(keep(await read(beside), beside.bytes));
    } catch (error) {
      if (!(error instanceof Crowded)) {
        throw error;
      }
    } finally {
      this.#leave(beside);
    }
    while (this.#isAlone || this.#pagesUnderWay > 0) {
      await this.#nextEnd();
    }
    this.#isAlone = true;
    const alone = this.#enter(true);
    try {
      return this.#keep(keep(await read(alone), alone.bytes));
    } finally {
      this.#isAlone = false;
      this.#leave(alone);
    }
  }

  /** Reads a page, which takes the place of the one before. @throws NoRoom; what `read` throws. */
  async page<T>(read: (room: Room) => Promise<T>): Promise<T> {
    while (this.#isAlone || (this.#asides.size > 0 && this.#beside > SMALL_BYTES)) {
      await this.#nextEnd();
    }
    this.#page = 0;
    this.#pagesUnderWay += 1;
    try {
      return await read(this.#pageRoom);
    } finally {
      this.#pagesUnderWay -= 1;
      this.#end();
    }
  }

  #enter(isAlone: boolean): Aside {
    const aside = new Aside((bytes) => {
      this.#assertRoomBeside(bytes, isAlone);
    });
    this.#asides.add(aside);
    return aside;
  }

  #keep<K>({ value, bytes }: Kept<K>): K {
    this.#kept += bytes;
    return value;
  }

  #leave(aside: Aside): void {
    this.#asides.delete(aside);
    this.#end();
  }

  #assertRoomBeside(bytes: number, isAlone: boolean): void {
    const isBeside = this.#pagesUnderWay > 0 || this.#asides.size > 1;
    if (!isAlone && isBeside && this.#beside + bytes > SMALL_BYTES) {
      throw new Crowded();
    }
    this.#assertRoom(this.#page, this.#beside + bytes);
  }

  #nextEnd(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
    });
  }

  #end(): void {
    if (this.#waiting.length > 0) {
      this.#waiting.splice(0).forEach((resolve) => {
        resolve();
      });
    }
  }

  get #beside(): number {
    let bytes = this.#kept;
    for (const aside of this.#asides) {
      bytes += aside.bytes;
    }
    return bytes;
  }

  #assertRoom(page: number, beside: number): void {
    this.#room.reserve(page + (beside > SMALL_BYTES ? beside : 0));
  }
}
