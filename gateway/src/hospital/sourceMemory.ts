// SPDX-License-Identifier: Apache-2.0
import { NoRoom, type Room } from '../fhir/sources/upstream';
import { Looks, type LooksOptions, type LookUntil } from './looks';

/**
 * Bounds what the source's answers take in memory together. Small ones go free: the recorder's shares bound
 * their number.
 */
export interface SourceMemory {
  /**
   * Room for one request. Nobody waits for it: what finds none is asked for smaller, and given smaller.
   * @param client whose requests share what is to be had.
   * @param isEmergency takes the last places, which others leave free.
   */
  open(client: string, isEmergency: boolean): RequestRoom;
}

export interface RequestRoom extends Room {
  /** Whether there is room for so many bytes; takes the place that they need. */
  hasRoomFor(bytes: number): boolean;
  /** Bytes for which a place is held already, or none is needed. */
  readonly heldBytes: number;
  /**
   * One answer of the source in memory while `work` runs, beside all places: to find out what it is, so that
   * it must not be kept. Held for as long as the source takes, never for as long as a caller does. One
   * request looks at a time, the others wait (`Looks`).
   * @throws what `Looks.look` throws.
   */
  look<T>(until: LookUntil, work: (room: Room) => Promise<T>): Promise<T>;
  /**
   * When what was read is no longer in memory: after the answer was sent, or the caller left. More calls do
   * nothing.
   */
  close(): void;
}

export interface SourceMemoryBounds extends LooksOptions {
  /** Bytes of all answers together that are not small. */
  readonly totalBytes: number;
  /** Bytes of one answer at most. */
  readonly answerBytes: number;
}

/** Answers up to this size need no place. */
export const SMALL_BYTES = 256 * 1024;
/** Answers up to this size share the larger part of the places. */
export const MIDDLE_BYTES = 4 * 1024 * 1024;
/** Of the total, for answers above the middle size. */
export const LARGE_SHARE = 0.6;
/** One for everybody, one for emergencies. */
export const MIN_LARGE_PLACES = 2;

/** Places by size. A request holds one at most: a larger one takes the place of a smaller one. */
export function createSourceMemory({ totalBytes, answerBytes, ...times }: SourceMemoryBounds): SourceMemory {
  const largest = Math.max(answerBytes, MIDDLE_BYTES);
  const large = new Places(
    largest,
    Math.max(MIN_LARGE_PLACES, Math.floor((totalBytes * LARGE_SHARE) / largest)),
  );
  const middle = new Places(
    MIDDLE_BYTES,
    Math.max(2, Math.floor((totalBytes * (1 - LARGE_SHARE)) / MIDDLE_BYTES)),
  );
  const looks = new Looks(times);
  const shared: SharedMemory = { middle, large, looks };
  return { open: (client, isEmergency) => new PlaceHolder({ client, isEmergency }, shared) };
}

interface SharedMemory {
  readonly middle: Places;
  readonly large: Places;
  readonly looks: Looks;
}

class PlaceHolder implements RequestRoom {
  readonly #wish: Wish;
  readonly #shared: SharedMemory;
  #held: Places | undefined;
  #isClosed = false;

  constructor(wish: Wish, shared: SharedMemory) {
    this.#wish = wish;
    this.#shared = shared;
  }

  reserve(bytes: number): void {
    if (!this.#find(bytes)) {
      throw new NoRoom();
    }
  }

  hasRoomFor(bytes: number): boolean {
    return bytes <= this.#shared.large.bytes && this.#find(bytes);
  }

  get heldBytes(): number {
    return this.#held?.bytes ?? SMALL_BYTES;
  }

  look<T>(until: LookUntil, work: (room: Room) => Promise<T>): Promise<T> {
    return this.#shared.looks.look(this.#wish, until, work);
  }

  close(): void {
    this.#isClosed = true;
    this.#held?.giveBack(this.#wish);
    this.#held = undefined;
  }

  /** What the source gives beyond the largest size, it bounds itself. */
  #find(bytes: number): boolean {
    const { middle, large } = this.#shared;
    return (
      bytes <= this.heldBytes || this.#held === large || this.#take(bytes <= MIDDLE_BYTES ? middle : large)
    );
  }

  #take(places: Places): boolean {
    if (this.#isClosed || !places.take(this.#wish)) {
      return false;
    }
    this.#held?.giveBack(this.#wish);
    this.#held = places;
    return true;
  }
}

interface Wish {
  readonly client: string;
  readonly isEmergency: boolean;
}

interface Holding {
  readonly ordinary: number;
  readonly emergencies: number;
}

const NOTHING_HELD: Holding = { ordinary: 0, emergencies: 0 };

/**
 * The last place is for emergencies. No client holds so many, not even with slow readers, that another one's
 * emergency finds none; nor, with ordinary requests, that another one's ordinary request finds none. Each has
 * one place of either kind whatever the others hold, so with two places both can be one client's.
 */
class Places {
  /** That a place is for. */
  readonly bytes: number;
  readonly #count: number;
  #free: number;
  readonly #holds = new Map<string, Holding>();

  constructor(bytes: number, count: number) {
    this.bytes = bytes;
    this.#count = count;
    this.#free = count;
  }

  /** Whether there was one. */
  take(wish: Wish): boolean {
    if (!this.#mayTake(wish)) {
      return false;
    }
    this.#free -= 1;
    this.#hold(wish, 1);
    return true;
  }

  giveBack(wish: Wish): void {
    this.#free += 1;
    this.#hold(wish, -1);
  }

  #held(client: string): Holding {
    return this.#holds.get(client) ?? NOTHING_HELD;
  }

  #hold({ client, isEmergency }: Wish, change: 1 | -1): void {
    const { ordinary, emergencies } = this.#held(client);
    const held = isEmergency
      ? { ordinary, emergencies: emergencies + change }
      : { ordinary: ordinary + change, emergencies };
    if (total(held) === 0) {
      this.#holds.delete(client);
    } else {
      this.#holds.set(client, held);
    }
  }

  /** Whether a place is free for it, and others' places stay free. */
  #mayTake({ client, isEmergency }: Wish): boolean {
    const held = this.#held(client);
    if (this.#free <= (isEmergency ? 0 : 1)) {
      return false;
    }
    const ownOfKind = isEmergency ? held.emergencies : held.ordinary;
    return ownOfKind === 0 || (ownOfKind < this.#count - 2 && total(held) < this.#count - 1);
  }
}

function total({ ordinary, emergencies }: Holding): number {
  return ordinary + emergencies;
}
