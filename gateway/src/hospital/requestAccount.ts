// SPDX-License-Identifier: Apache-2.0
import { NoRoom, type PreparedUpstream, type Room, type Upstream } from '../fhir/sources/upstream';
import { SMALL_BYTES } from './sourceMemory';

/** Found no room beside what else is being read; alone it may find some. */
class Crowded extends NoRoom {}

/**
 * What one request has of the source's answers in memory: pages, one after the other, and beside them the
 * Patients that are read to know whom it is about. All of it together asks for one room; 256 KiB of the
 * Patients come always, so that a page never depends on them.
 */
export class RequestAccount {
  readonly #room: Room;
  /** Bytes of the page that was read last, or is being read. */
  #page = 0;
  #pagesUnderWay = 0;
  /** Bytes of what is being read beside it. */
  readonly #asides = new Map<Room, number>();
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
   * The source, each of whose answers takes the place of the one before. What is read `within` another room
   * does not count here.
   */
  paged(upstream: PreparedUpstream, hurry: AbortSignal | undefined): PreparedUpstream {
    const ask = <T>(work: (source: PreparedUpstream) => Promise<T>): Promise<T> =>
      this.#readPage((room) => work(upstream.within(room, hurry)));
    const asking = (of: (source: PreparedUpstream) => Upstream): Omit<Upstream, 'within'> => ({
      baseUrl: upstream.baseUrl,
      labels: upstream.labels,
      read: (type, id, signal) => ask((source) => of(source).read(type, id, signal)),
      search: (type, parameters, signal, handling) =>
        ask((source) => of(source).search(type, parameters, signal, handling)),
      everything: (patientId, parameters, signal) =>
        ask((source) => of(source).everything(patientId, parameters, signal)),
      page: (next, signal) => ask((source) => of(source).page(next, signal)),
      isReady: () => upstream.isReady(),
    });
    const within: PreparedUpstream['within'] = (room, ownHurry) => upstream.within(room, ownHurry);
    return {
      ...asking((source) => source),
      within,
      names: {
        ...asking((source) => source.names),
        within: (room, ownHurry) => within(room, ownHurry).names,
      },
    };
  }

  /**
   * Reads something of which only a little is kept. What is larger than 256 KiB while others are read is read
   * once more, alone and when the page is there: so what else is being read just now does not decide whether
   * it finds room.
   * @param keeps bytes of it that stay.
   * @throws NoRoom when there is none beside the page; what `read` throws.
   */
  async aside<T>(read: (room: Room) => Promise<T>, keeps: (value: T) => number): Promise<T> {
    try {
      return await this.#readAside(read, keeps, false);
    } catch (error) {
      if (!(error instanceof Crowded)) {
        throw error;
      }
    }
    while (this.#isAlone || this.#pagesUnderWay > 0) {
      await this.#nextEnd();
    }
    this.#isAlone = true;
    try {
      return await this.#readAside(read, keeps, true);
    } finally {
      this.#isAlone = false;
      this.#end();
    }
  }

  async #readPage<T>(work: (room: Room) => Promise<T>): Promise<T> {
    while (this.#isAlone || (this.#asides.size > 0 && this.#beside > SMALL_BYTES)) {
      await this.#nextEnd();
    }
    this.#page = 0;
    this.#pagesUnderWay += 1;
    try {
      return await work({
        reserve: (bytes) => {
          this.#page = 0;
          this.#assertRoom(bytes, this.#beside);
          this.#page = bytes;
        },
      });
    } finally {
      this.#pagesUnderWay -= 1;
      this.#end();
    }
  }

  async #readAside<T>(
    read: (room: Room) => Promise<T>,
    keeps: (value: T) => number,
    isAlone: boolean,
  ): Promise<T> {
    const room: Room = {
      reserve: (bytes) => {
        this.#asides.set(room, 0);
        const isBeside = this.#pagesUnderWay > 0 || this.#asides.size > 1;
        if (!isAlone && isBeside && this.#beside + bytes > SMALL_BYTES) {
          throw new Crowded();
        }
        this.#assertRoom(this.#page, this.#beside + bytes);
        this.#asides.set(room, bytes);
      },
    };
    this.#asides.set(room, 0);
    try {
      const value = await read(room);
      this.#kept += keeps(value);
      return value;
    } finally {
      this.#asides.delete(room);
      this.#end();
    }
  }

  #nextEnd(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
    });
  }

  #end(): void {
    for (const resolve of this.#waiting.splice(0)) {
      resolve();
    }
  }

  get #beside(): number {
    return [...this.#asides.values()].reduce((sum, bytes) => sum + bytes, this.#kept);
  }

  #assertRoom(page: number, beside: number): void {
    this.#room.reserve(page + (beside > SMALL_BYTES ? beside : 0));
  }
}
