// SPDX-License-Identifier: Apache-2.0
import type { ClientApplication, NetworkSettings, Organisation } from '@chartwitness/chaincode/domain';
import type { Logger } from 'pino';
import { LedgerError, type LedgerFailure, ledgerFailureOf } from '../ledger/ledgerError';
import type { LedgerPosition, ProvenanceLedger } from '../ledger/provenanceLedger';

/**
 * The Registry as the whole network sees it, near at hand. Every method throws {@link LedgerError} when it
 * can neither read nor remember.
 */
export interface RegistryCache {
  findClient(clientId: string): Promise<ClientApplication | undefined>;
  findOrganisation(mspId: string): Promise<Organisation | undefined>;
  organisations(): Promise<readonly Organisation[]>;
  settings(): Promise<NetworkSettings | undefined>;
  close(): Promise<void>;
}

export interface RegistryCacheOptions {
  readonly ledger: Pick<
    ProvenanceLedger,
    'findClient' | 'organisations' | 'findSettings' | 'events' | 'height'
  >;
  readonly log: Logger;
  /** Milliseconds since the epoch. */
  readonly clock?: () => number;
  /**
   * Longest age, in milliseconds, of an answer while change events arrive; a change shows at once, this
   * bounds what a silently stalled event stream could hide. Default 10,000.
   */
  readonly freshMs?: number;
  /** The same while no event stream is open. Default 1,000. */
  readonly unwatchedMs?: number;
  /**
   * Longest age of an answer that is still given while the ledger is away, so that emergency access works.
   * Default 900,000.
   */
  readonly staleMs?: number;
  /**
   * Wait before the event stream is opened again. Default 500; doubled with each failure in a row, eight
   * times as long at most.
   */
  readonly reopenMs?: number;
  /** How long a read may take before what is remembered is given instead. Default 500. */
  readonly patienceMs?: number;
  /**
   * The same where nothing is remembered; then the read counts as failed. Default 3,000; 1,000 while the
   * ledger is known to be away.
   */
  readonly firstPatienceMs?: number;
  /**
   * How long after a failed read what is remembered is given at once. Default 30,000: what is asked meanwhile
   * still reads, and the first answer ends it.
   */
  readonly failedLatelyMs?: number;
  /**
   * Whether somebody else knows that the ledger does not answer or commit: then what is remembered is given
   * at once. Default: nobody.
   */
  readonly isLedgerAway?: () => boolean;
  /** Runs `action` once after `milliseconds` unless the returned function is called before. */
  readonly after?: (milliseconds: number, action: () => void) => () => void;
}

/**
 * Clients that are remembered at most, some 3 kB each; of more the one that was longest not asked for goes.
 */
const MAX_CLIENTS = 10_000;
/**
 * Ids of no client, or of none that was found yet. They come from unauthenticated callers and must not push a
 * client out.
 */
const MAX_STRANGERS = 500;
/** Bound of a first read while the ledger is known to be away: long enough for a ledger that is just back. */
const AWAY_PATIENCE_MS = 1_000;

/** Starts following `RegistryChanged`; makes no call that could fail. */
export function createRegistryCache(options: RegistryCacheOptions): RegistryCache {
  return new EventDrivenRegistry(options);
}

interface Remembered<T> {
  readonly value: T;
  readonly readAt: number;
  /** Set by a change event: not to be used again unless the ledger is away. */
  isOutdated: boolean;
}

/** What all cells know of the ledger together, and how patient they are. */
interface Patience {
  readonly now: () => number;
  readonly freshMs: () => number;
  readonly staleMs: number;
  readonly patienceMs: number;
  readonly firstPatienceMs: () => number;
  readonly hasFailedLately: () => boolean;
  readonly isLedgerAway: () => boolean;
  /** Tells all cells how a read ended. */
  readonly note: (isAnswered: boolean) => void;
  readonly after: (milliseconds: number, action: () => void) => () => void;
}

const LATE = Symbol('late');

/** One remembered answer, read again when it is outdated or old; callers at the same time share one read. */
class Cell<T> {
  #remembered: Remembered<T> | undefined;
  #reading: Promise<T> | undefined;
  #changes = 0;
  readonly #read: () => Promise<T>;
  readonly #patience: Patience;

  constructor(read: () => Promise<T>, patience: Patience) {
    this.#read = read;
    this.#patience = patience;
  }

  outdate(): void {
    this.#changes += 1;
    this.#reading = undefined;
    if (this.#remembered !== undefined) {
      this.#remembered.isOutdated = true;
    }
  }

  async get(): Promise<T> {
    const { now, freshMs, staleMs } = this.#patience;
    const kept = this.#remembered;
    if (kept !== undefined && !kept.isOutdated && now() - kept.readAt < freshMs()) {
      return kept.value;
    }
    const reading = (this.#reading ??= this.#refresh());
    return kept !== undefined && now() - kept.readAt < staleMs
      ? this.#orRemembered(reading, kept)
      : this.#first(reading);
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
      const value = await this.#read();
      this.#patience.note(true);
      if (changes === this.#changes) {
        // An answer that was overtaken by a change is given to those who asked before it and not kept.
        this.#remembered = { value, readAt, isOutdated: false };
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

class EventDrivenRegistry implements RegistryCache {
  readonly #options: RegistryCacheOptions;
  readonly #now: () => number;
  readonly #clients = new Map<string, Cell<ClientApplication | undefined>>();
  readonly #strangers = new Map<string, Cell<ClientApplication | undefined>>();
  readonly #organisations: Cell<readonly Organisation[]>;
  readonly #settings: Cell<NetworkSettings | undefined>;
  readonly #stop = new AbortController();
  readonly #following: Promise<void>;
  readonly #patience: Patience;
  #isWatched = false;
  #failedAt: number | undefined;

  constructor(options: RegistryCacheOptions) {
    this.#options = options;
    this.#now = options.clock ?? Date.now;
    const hasFailedLately = (): boolean =>
      this.#failedAt !== undefined && this.#now() - this.#failedAt < (options.failedLatelyMs ?? 30_000);
    const isLedgerAway = options.isLedgerAway ?? (() => false);
    this.#patience = {
      now: this.#now,
      freshMs: () => (this.#isWatched ? (options.freshMs ?? 10_000) : (options.unwatchedMs ?? 1_000)),
      staleMs: options.staleMs ?? 900_000,
      patienceMs: options.patienceMs ?? 500,
      firstPatienceMs: () => {
        const patience = options.firstPatienceMs ?? 3_000;
        return hasFailedLately() || isLedgerAway() ? Math.min(patience, AWAY_PATIENCE_MS) : patience;
      },
      hasFailedLately,
      isLedgerAway,
      note: (isAnswered) => {
        this.#failedAt = isAnswered ? undefined : this.#now();
      },
      after: options.after ?? afterTimeout,
    };
    this.#organisations = new Cell(() => options.ledger.organisations(), this.#patience);
    this.#settings = new Cell(() => options.ledger.findSettings(), this.#patience);
    this.#following = this.#follow();
  }

  async findClient(clientId: string): Promise<ClientApplication | undefined> {
    const cell = this.#clientCell(clientId);
    const client = await cell.get();
    if (client !== undefined) {
      this.#strangers.delete(clientId);
      this.#clients.delete(clientId);
      keepAtMost(MAX_CLIENTS, this.#clients).set(clientId, cell);
    }
    return client;
  }

  async findOrganisation(mspId: string): Promise<Organisation | undefined> {
    return (await this.organisations()).find((organisation) => organisation.mspId === mspId);
  }

  organisations(): Promise<readonly Organisation[]> {
    return this.#organisations.get();
  }

  settings(): Promise<NetworkSettings | undefined> {
    return this.#settings.get();
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#following;
  }

  #clientCell(clientId: string): Cell<ClientApplication | undefined> {
    const known = this.#clients.get(clientId) ?? this.#strangers.get(clientId);
    if (known !== undefined) {
      return known;
    }
    const cell = new Cell(() => this.#options.ledger.findClient(clientId), this.#patience);
    keepAtMost(MAX_STRANGERS, this.#strangers).set(clientId, cell);
    return cell;
  }

  /**
   * Follows changes from the present end of the ledger; after a break, from the last change seen, so that
   * none is missed.
   */
  async #follow(): Promise<void> {
    let after: LedgerPosition | undefined;
    let failures = 0;
    let said: string | undefined;
    while (!this.#stop.signal.aborted) {
      try {
        after ??= { block: await this.#options.ledger.height(), transactionId: '' };
        // What was read before this moment may have missed a change.
        this.#outdateAll();
        this.#isWatched = true;
        for await (const event of this.#options.ledger.events(after, this.#stop.signal)) {
          after = { block: event.block, transactionId: event.transactionId };
          // A stream that was opened may give nothing; one event shows that it works.
          if (said !== undefined) {
            this.#options.log.info({ failures }, 'registry changes are followed again');
          }
          failures = 0;
          said = undefined;
          if (event.name === 'RegistryChanged') {
            this.#outdate(event.payload.kind, event.payload.id);
          }
        }
      } catch (error) {
        failures += 1;
        const failure = failureOf(error);
        if (failure.problem !== said) {
          said = failure.problem;
          this.#options.log.warn(failure, 'registry changes cannot be followed; reading it more often');
        }
      }
      this.#isWatched = false;
      await this.#pause((this.#options.reopenMs ?? 500) * 2 ** Math.min(Math.max(failures - 1, 0), 3));
    }
  }

  #outdate(kind: 'settings' | 'organisation' | 'client', id: string): void {
    if (kind === 'client') {
      this.#clients.get(id)?.outdate();
      this.#strangers.get(id)?.outdate();
    } else if (kind === 'organisation') {
      this.#organisations.outdate();
    } else {
      this.#settings.outdate();
    }
  }

  #outdateAll(): void {
    this.#organisations.outdate();
    this.#settings.outdate();
    for (const cell of [...this.#clients.values(), ...this.#strangers.values()]) {
      cell.outdate();
    }
  }

  #pause(milliseconds: number): Promise<void> {
    const { signal } = this.#stop;
    return new Promise((resolve) => {
      if (signal.aborted) {
        resolve();
        return;
      }
      const finish = (): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', finish);
        resolve();
      };
      const timer = setTimeout(finish, milliseconds);
      signal.addEventListener('abort', finish);
    });
  }
}

/** What keeps changes from being followed; the watched ledger logs what the peer said. */
function failureOf(error: unknown): { readonly problem: string } & Partial<Omit<LedgerFailure, 'problem'>> {
  return error instanceof LedgerError
    ? ledgerFailureOf(error)
    : { problem: 'INTERNAL', reason: error instanceof Error ? error.name : 'failed' };
}

/**
 * Whether the ledger could not be asked, as opposed to its answering no: it did not answer, or its peer
 * refuses this identity (revoked, expired) before any chaincode is asked.
 */
function isAway(error: unknown): boolean {
  return error instanceof LedgerError && (error.kind !== 'rejected' || error.domainCode === undefined);
}

/** Makes room for one more: the oldest goes. */
function keepAtMost<T>(count: number, cells: Map<string, T>): Map<string, T> {
  const oldest = cells.keys().next().value;
  if (cells.size >= count && oldest !== undefined) {
    cells.delete(oldest);
  }
  return cells;
}

function afterTimeout(milliseconds: number, action: () => void): () => void {
  const timer = setTimeout(action, milliseconds);
  return () => {
    clearTimeout(timer);
  };
}
