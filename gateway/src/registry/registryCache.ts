// SPDX-License-Identifier: Apache-2.0
import type { ClientApplication, NetworkSettings, Organisation } from '@chartwitness/chaincode/domain';
import type { Logger } from 'pino';
import { LedgerError, type LedgerFailure, ledgerFailureOf } from '../ledger/ledgerError';
import type { LedgerPosition, ProvenanceLedger } from '../ledger/provenanceLedger';
import { type After, afterTimeout } from '../retry/after';
import type { RegistryMemory } from './registryMemory';
import { RegistryPeer } from './registryPeer';
import { DEFAULT_STALE_MS, type Patience, type Remembered, RememberedAnswer } from './rememberedAnswer';
import type { WholeRegistry } from './wholeRegistry';

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
    'findClient' | 'organisations' | 'findSettings' | 'events' | 'height' | 'ownHeight'
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
   * Default {@link DEFAULT_STALE_MS}.
   */
  readonly staleMs?: number;
  /** The whole Registry as it was last read: answers what was not asked for lately. Default: nothing. */
  readonly memory?: Pick<RegistryMemory, 'peer' | 'recall' | 'outdate' | 'look'>;
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
  readonly after?: After;
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

class EventDrivenRegistry implements RegistryCache {
  readonly #options: RegistryCacheOptions;
  readonly #peer: RegistryPeer;
  readonly #now: () => number;
  readonly #clients = new Map<string, RememberedAnswer<ClientApplication | undefined>>();
  readonly #strangers = new Map<string, RememberedAnswer<ClientApplication | undefined>>();
  readonly #organisations: RememberedAnswer<readonly Organisation[]>;
  readonly #settings: RememberedAnswer<NetworkSettings | undefined>;
  readonly #stop = new AbortController();
  readonly #following: Promise<void>;
  readonly #patience: Patience;
  #isWatched = false;
  #failedAt: number | undefined;

  constructor(options: RegistryCacheOptions) {
    this.#options = options;
    this.#peer = options.memory?.peer ?? new RegistryPeer(options.ledger);
    this.#now = options.clock ?? Date.now;
    const hasFailedLately = (): boolean =>
      this.#failedAt !== undefined && this.#now() - this.#failedAt < (options.failedLatelyMs ?? 30_000);
    const isLedgerAway = options.isLedgerAway ?? (() => false);
    this.#patience = {
      now: this.#now,
      freshMs: () => (this.#isWatched ? (options.freshMs ?? 10_000) : (options.unwatchedMs ?? 1_000)),
      staleMs: options.staleMs ?? DEFAULT_STALE_MS,
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
    this.#organisations = new RememberedAnswer(
      () => this.#peer.ask(() => options.ledger.organisations()),
      () => this.#recall((whole) => whole.organisations),
      this.#patience,
    );
    this.#settings = new RememberedAnswer(
      () => this.#peer.ask(() => options.ledger.findSettings()),
      () => this.#recall((whole) => whole.settings),
      this.#patience,
    );
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

  #clientCell(clientId: string): RememberedAnswer<ClientApplication | undefined> {
    const known = this.#clients.get(clientId) ?? this.#strangers.get(clientId);
    if (known !== undefined) {
      return known;
    }
    const cell = new RememberedAnswer<ClientApplication | undefined>(
      () => this.#peer.ask(() => this.#options.ledger.findClient(clientId)),
      () => this.#recallClient(clientId),
      this.#patience,
    );
    keepAtMost(MAX_STRANGERS, this.#strangers).set(clientId, cell);
    return cell;
  }

  #recall<T>(valueOf: (whole: WholeRegistry) => T): Remembered<T> | undefined {
    const recalled = this.#options.memory?.recall();
    return recalled && { ...recalled, value: valueOf(recalled.value) };
  }

  /** Nothing for an id that is not there: it may have been registered since. */
  #recallClient(clientId: string): Remembered<ClientApplication> | undefined {
    const recalled = this.#recall(({ clients }) => clients.get(clientId));
    return recalled?.value === undefined ? undefined : { ...recalled, value: recalled.value };
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
            this.#peer.noteBlock(event.block);
            // The own peer lives, whatever was tried before: its answer is waited for.
            this.#failedAt = undefined;
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
      if (this.#isWatched) {
        this.#options.memory?.look();
      }
      this.#isWatched = false;
      await this.#pause((this.#options.reopenMs ?? 500) * 2 ** Math.min(Math.max(failures - 1, 0), 3));
    }
  }

  #outdate(kind: 'settings' | 'organisation' | 'client', id: string): void {
    this.#options.memory?.outdate();
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
    this.#options.memory?.outdate();
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

/** Makes room for one more: the oldest goes. */
function keepAtMost<T>(count: number, cells: Map<string, T>): Map<string, T> {
  const oldest = cells.keys().next().value;
  if (cells.size >= count && oldest !== undefined) {
    cells.delete(oldest);
  }
  return cells;
}
