// SPDX-License-Identifier: Apache-2.0
import type { ClientApplication, NetworkSettings, Organisation } from '@chartwitness/chaincode/domain';
import type { Logger } from 'pino';
import { LedgerError } from './ledgerError';
import type { LedgerPosition, ProvenanceLedger } from './provenanceLedger';

/** The Registry as the whole network sees it, near at hand. Every method throws {@link LedgerError} when it can neither read nor remember. */
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
   * Longest age, in milliseconds, of an answer while change events arrive; a change shows at once, this bounds what a silently stalled
   * event stream could hide. Default 10,000.
   */
  readonly freshMs?: number;
  /** The same while no event stream is open. Default 1,000. */
  readonly unwatchedMs?: number;
  /** Longest age of an answer that is still given while the ledger is away, so that emergency access works. Default 900,000. */
  readonly staleMs?: number;
  /** Wait before the event stream is opened again. Default 500. */
  readonly reopenMs?: number;
}

/** Clients that are remembered at most; ids come from unauthenticated callers. */
const MAX_CLIENTS = 2_000;

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

/** One remembered answer, read again when it is outdated or old; callers at the same time share one read. */
class Cell<T> {
  #remembered: Remembered<T> | undefined;
  #reading: Promise<T> | undefined;
  #changes = 0;
  readonly #read: () => Promise<T>;

  constructor(read: () => Promise<T>) {
    this.#read = read;
  }

  outdate(): void {
    this.#changes += 1;
    this.#reading = undefined;
    if (this.#remembered !== undefined) {
      this.#remembered.isOutdated = true;
    }
  }

  async get(now: () => number, freshMs: number, staleMs: number): Promise<T> {
    const kept = this.#remembered;
    if (kept !== undefined && !kept.isOutdated && now() - kept.readAt < freshMs) {
      return kept.value;
    }
    try {
      return await (this.#reading ??= this.#refresh(now));
    } catch (error) {
      if (kept !== undefined && isAway(error) && now() - kept.readAt < staleMs) {
        return kept.value;
      }
      throw error;
    }
  }

  async #refresh(now: () => number): Promise<T> {
    const changes = this.#changes;
    const readAt = now();
    try {
      const value = await this.#read();
      if (changes === this.#changes) {
        // An answer that was overtaken by a change is given to those who asked before it and not kept.
        this.#remembered = { value, readAt, isOutdated: false };
      }
      return value;
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
  readonly #organisations: Cell<readonly Organisation[]>;
  readonly #settings: Cell<NetworkSettings | undefined>;
  readonly #stop = new AbortController();
  readonly #following: Promise<void>;
  #isWatched = false;

  constructor(options: RegistryCacheOptions) {
    this.#options = options;
    this.#now = options.clock ?? Date.now;
    this.#organisations = new Cell(() => options.ledger.organisations());
    this.#settings = new Cell(() => options.ledger.findSettings());
    this.#following = this.#follow();
  }

  findClient(clientId: string): Promise<ClientApplication | undefined> {
    return this.#get(this.#clientCell(clientId));
  }

  async findOrganisation(mspId: string): Promise<Organisation | undefined> {
    return (await this.organisations()).find((organisation) => organisation.mspId === mspId);
  }

  organisations(): Promise<readonly Organisation[]> {
    return this.#get(this.#organisations);
  }

  settings(): Promise<NetworkSettings | undefined> {
    return this.#get(this.#settings);
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#following;
  }

  #get<T>(cell: Cell<T>): Promise<T> {
    const freshMs = this.#isWatched
      ? (this.#options.freshMs ?? 10_000)
      : (this.#options.unwatchedMs ?? 1_000);
    return cell.get(this.#now, freshMs, this.#options.staleMs ?? 900_000);
  }

  #clientCell(clientId: string): Cell<ClientApplication | undefined> {
    const known = this.#clients.get(clientId);
    if (known !== undefined) {
      return known;
    }
    const oldest = this.#clients.keys().next().value;
    if (this.#clients.size >= MAX_CLIENTS && oldest !== undefined) {
      this.#clients.delete(oldest);
    }
    const cell = new Cell(() => this.#options.ledger.findClient(clientId));
    this.#clients.set(clientId, cell);
    return cell;
  }

  /** Follows changes from the present end of the ledger; after a break, from the last change seen, so that none is missed. */
  async #follow(): Promise<void> {
    let after: LedgerPosition | undefined;
    while (!this.#stop.signal.aborted) {
      try {
        after ??= { block: await this.#options.ledger.height(), transactionId: '' };
        // What was read before this moment may have missed a change.
        this.#outdateAll();
        this.#isWatched = true;
        for await (const event of this.#options.ledger.events(after, this.#stop.signal)) {
          after = { block: event.block, transactionId: event.transactionId };
          if (event.name === 'RegistryChanged') {
            this.#outdate(event.payload.kind, event.payload.id);
          }
        }
      } catch (error) {
        this.#options.log.warn({ err: error }, 'registry changes cannot be followed; reading it more often');
      }
      this.#isWatched = false;
      await this.#pause();
    }
  }

  #outdate(kind: 'settings' | 'organisation' | 'client', id: string): void {
    if (kind === 'client') {
      this.#clients.get(id)?.outdate();
    } else if (kind === 'organisation') {
      this.#organisations.outdate();
    } else {
      this.#settings.outdate();
    }
  }

  #outdateAll(): void {
    this.#organisations.outdate();
    this.#settings.outdate();
    for (const cell of this.#clients.values()) {
      cell.outdate();
    }
  }

  #pause(): Promise<void> {
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
      const timer = setTimeout(finish, this.#options.reopenMs ?? 500);
      signal.addEventListener('abort', finish);
    });
  }
}

/** Whether the ledger did not answer, as opposed to answering no. */
function isAway(error: unknown): boolean {
  return error instanceof LedgerError && error.kind !== 'rejected';
}
