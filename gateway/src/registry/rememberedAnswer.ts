// SPDX-License-Identifier: Apache-2.0
import { LedgerError } from '../ledger/ledgerError';
import type { After } from '../retry/after';
import type { PeerAnswer } from './registryPeer';

/**
 * How long an answer counts while the ledger is away, unless a deployment says otherwise. Three days: a
 * weekend in which nobody mends the ledger, and a holiday before or after it.
 */
export const DEFAULT_STALE_MS = 259_200_000;

/** An answer of the Registry, and when it was asked for. */
export interface Remembered<T> extends PeerAnswer<T> {
  /** Milliseconds since the epoch, before the question was sent. */
  readonly readAt: number;
  /** A change was announced since: not to be used again unless the ledger is away. */
  readonly isOutdated: boolean;
}

/** What all answers know of the ledger together, and how patient they are. */
export interface Patience {
  readonly now: () => number;
  readonly freshMs: () => number;
  /** How old an answer may be that is given while the ledger is away. */
  readonly staleMs: number;
  readonly patienceMs: number;
  readonly firstPatienceMs: () => number;
  readonly hasFailedLately: () => boolean;
  readonly isLedgerAway: () => boolean;
  /** Tells all answers how a read ended. */
  readonly note: (isAnswered: boolean) => void;
  readonly after: After;
}

/**
 * So far a time may lie ahead of this clock and still be believed: one that was set back by more says nothing
 * about an age.
 */
const AHEAD_MS = 60_000;

/** Whether something that was read then may still be given while the ledger is away. */
export function isBelievable(readAt: number, { now, staleMs }: Pick<Patience, 'now' | 'staleMs'>): boolean {
  const age = now() - readAt;
  return age >= -AHEAD_MS && age < staleMs;
}

const LATE = Symbol('late');

/** One remembered answer, read again when it is outdated or old; callers at the same time share one read. */
export class RememberedAnswer<T> {
  #own: Remembered<T> | undefined;
  #reading: Promise<T> | undefined;
  #changes = 0;
  readonly #read: () => Promise<PeerAnswer<T>>;
  readonly #recall: () => Remembered<T> | undefined;
  readonly #patience: Patience;

  /**
   * @param read asks the ledger. @throws LedgerError, `PEER_BEHIND` for a peer whose word does not count.
   * @param recall the same question's answer as it was last read together with all others.
   */
  constructor(
    read: () => Promise<PeerAnswer<T>>,
    recall: () => Remembered<T> | undefined,
    patience: Patience,
  ) {
    this.#read = read;
    this.#recall = recall;
    this.#patience = patience;
  }

  /** A change was announced, or may have been missed. */
  outdate(): void {
    this.#changes += 1;
    this.#reading = undefined;
    if (this.#own !== undefined) {
      this.#own = { ...this.#own, isOutdated: true };
    }
  }

  /** @throws LedgerError when the ledger gives no answer, and none is remembered that may still be given. */
  async get(): Promise<T> {
    const { now, freshMs } = this.#patience;
    const own = this.#own;
    if (own !== undefined && !own.isOutdated && now() - own.readAt < freshMs()) {
      return own.value;
    }
    const reading = (this.#reading ??= this.#refresh());
    const kept = this.#kept();
    return kept === undefined ? this.#first(reading) : this.#orRemembered(reading, kept);
  }

  /**
   * The later of what this very question was answered and what all were together. That something is not there
   * is nothing to remember: it may have come since.
   */
  #kept(): Remembered<T> | undefined {
    const believable = [this.#own, this.#recall()].filter(
      (one) => one?.value !== undefined && isBelievable(one.readAt, this.#patience),
    );
    return believable.reduce(
      (later, one) => (one !== undefined && (later === undefined || isLater(one, later)) ? one : later),
      undefined,
    );
  }

  /**
   * A ledger that hangs must not make every caller wait for its deadline: what is remembered serves
   * meanwhile.
   */
  async #orRemembered(reading: Promise<T>, kept: Remembered<T>): Promise<T> {
    const { hasFailedLately, isLedgerAway, patienceMs } = this.#patience;
    // A change that was announced shows that the own peer lives, whatever else is away: it is waited for.
    const isHopeless = hasFailedLately() || (isLedgerAway() && !kept.isOutdated);
    try {
      const value = await this.#within(reading, isHopeless ? 0 : patienceMs);
      return value === LATE ? kept.value : value;
    } catch (error) {
      if (isAway(error)) {
        return kept.value;
      }
      throw error;
    }
  }

  async #first(reading: Promise<T>): Promise<T> {
    const value = await this.#within(reading, this.#patience.firstPatienceMs());
    if (value === LATE) {
      throw new LedgerError('unavailable', 'the registry did not answer in time');
    }
    return value;
  }

  /** The answer, or {@link LATE}. The read goes on for those who ask later. */
  async #within(reading: Promise<T>, milliseconds: number): Promise<T | typeof LATE> {
    let cancel: () => void = () => undefined;
    const late = new Promise<typeof LATE>((resolve) => {
      cancel = this.#patience.after(milliseconds, () => {
        resolve(LATE);
      });
    });
    try {
      const value = await Promise.race([reading, late]);
      // Not to have waited at all says nothing new.
      if (value === LATE && (milliseconds > 0 || this.#patience.hasFailedLately())) {
        this.#patience.note(false);
      }
      return value;
    } finally {
      cancel();
    }
  }

  #refresh(): Promise<T> {
    const reading = this.#readOnce();
    // Those who do not wait any longer have what was remembered; the next to ask reads again.
    reading.catch(() => undefined);
    return reading;
  }

  async #readOnce(): Promise<T> {
    const changes = this.#changes;
    const readAt = this.#patience.now();
    try {
      const { value, height } = await this.#read();
      this.#patience.note(true);
      if (changes === this.#changes) {
        // An answer that was overtaken by a change is given to those who asked before it and not kept.
        this.#own = { value, height, readAt, isOutdated: false };
      }
      return value;
    } catch (error) {
      this.#patience.note(!isAway(error));
      throw error;
    } finally {
      if (changes === this.#changes) {
        this.#reading = undefined;
      }
    }
  }
}

/** By the ledger first: a clock may have been set. */
function isLater<T>(one: Remembered<T>, other: Remembered<T>): boolean {
  return one.height === other.height ? one.readAt > other.readAt : one.height > other.height;
}

/**
 * Whether the ledger could not be asked, as opposed to its answering no: it did not answer, its peer
 * is behind, or refuses this identity (revoked, expired) before any chaincode is asked.
 */
function isAway(error: unknown): boolean {
  return error instanceof LedgerError && (error.kind !== 'rejected' || error.domainCode === undefined);
}
