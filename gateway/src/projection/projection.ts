// SPDX-License-Identifier: Apache-2.0
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Logger } from 'pino';
import { LedgerError } from '../ledger/ledgerError';
import type { LedgerEvent, LedgerPosition, ProvenanceLedger } from '../ledger/provenanceLedger';
import {
  type AccessStore,
  type Checkpoint,
  StoreConflictError,
  StoreUnavailableError,
  type VerifiedBatch,
} from '../readmodel/accessStore';
import { advance } from './advance';
import { fetchBatch, PrivateDataMissing, type ProvedBatch } from './fetchBatch';
import { type HaltReason, ProjectionHalted } from './projectionHalted';
import { type Begun, readAhead } from './readAhead';

/**
 * - `catchingUp`: reading what the ledger has recorded before; the list may lack the newest entries.
 * - `live`: what the ledger had when its height was looked at before the last time (a second or two ago) has been applied.
 * - `stale`: the ledger, the private data or the store does not answer; what is shown is right but may be old. Tried again by itself.
 * - `halted`: the ledger or the store broke a promise; nothing more is applied until an operator has looked.
 */
export type ProjectionState = 'catchingUp' | 'live' | 'stale' | 'halted';

export interface ProjectionStatus {
  readonly state: ProjectionState;
  /** The last applied block; `undefined` before the first. */
  readonly block: number | undefined;
  /** Blocks on the ledger when it was last seen. */
  readonly height: number | undefined;
  /** When the ledger was last seen, in milliseconds since the epoch. */
  readonly checkedAt: number | undefined;
  /** Entries applied. */
  readonly entries: number;
  readonly haltReason: HaltReason | undefined;
  /** Why it is stale or halted, for operators; no personal data. */
  readonly problem: string | undefined;
}

export interface ProjectionDeps {
  readonly ledger: Pick<ProvenanceLedger, 'events' | 'findBatch' | 'getEvents' | 'height'>;
  readonly store: AccessStore;
  readonly log: Logger;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  /** In [0, 1). */
  readonly random: () => number;
  /** Ends after `ms`, or as soon as `signal` aborts; never fails. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  /** Told of every Registry change, so that names and settings are read anew. */
  readonly onRegistryChanged?: () => void;
  /** How often the ledger's height is looked at; default 1,000 ms. */
  readonly pollMs?: number;
}

export interface Projection {
  /** Follows the ledger until `signal` aborts. Ends early, without an error, when it halts: see `status`. */
  run(signal: AbortSignal): Promise<void>;
  status(): ProjectionStatus;
  /** Calls `listener` after every change of state or of the applied entries. Returns a function that ends it. */
  watch(listener: (status: ProjectionStatus) => void): () => void;
}

/** How long a ledger may take to announce the first event to a store that has none, before that counts as having none. */
const FIRST_EVENT_MS = 5000;
/** Batches whose events are fetched while earlier ones are applied. */
const READ_AHEAD = 16;
/** Enough that the disk is waited for seldom, few enough that a write is over in a few hundredths of a second. */
const EVENTS_PER_WRITE = 250;
const DEFAULT_POLL_MS = 1000;
const FIRST_RETRY_MS = 50;
const LONGEST_RETRY_MS = 2000;

type Loaded = Begun<LedgerEvent, ProvedBatch | undefined>;

export function createProjection(deps: ProjectionDeps): Projection {
  return new LedgerProjection(deps);
}

class LedgerProjection implements Projection {
  readonly #deps: ProjectionDeps;
  readonly #listeners = new Set<(status: ProjectionStatus) => void>();
  #status: ProjectionStatus = {
    state: 'catchingUp',
    block: undefined,
    height: undefined,
    checkedAt: undefined,
    entries: 0,
    haltReason: undefined,
    problem: undefined,
  };
  /** Whether events are being applied. */
  #isBusy = false;
  /** Events that were announced on this connection and are not applied yet. */
  #inHand = 0;
  /** When this connection began, in milliseconds since the epoch. */
  #connectedAt = 0;
  /** Whether an event has arrived that could not be applied yet. */
  #isStuck = false;
  #lanes: Checkpoint['lanes'] = {};
  /** The height at which no known lane had another batch, as far as is applied. */
  #lanesEndedAt: number | undefined;
  #failures = 0;

  constructor(deps: ProjectionDeps) {
    this.#deps = deps;
  }

  status(): ProjectionStatus {
    return this.#status;
  }

  watch(listener: (status: ProjectionStatus) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async run(signal: AbortSignal): Promise<void> {
    this.#update({ state: 'catchingUp', haltReason: undefined, problem: undefined });
    while (!hasEnded(signal)) {
      try {
        await this.#connect(signal);
      } catch (error) {
        if (!hasEnded(signal) && this.#failed(error)) {
          return;
        }
      }
      await this.#pause(signal);
    }
  }

  /** One connection to the ledger: from the stored checkpoint, until something fails or `signal` aborts. */
  async #connect(signal: AbortSignal): Promise<void> {
    const checkpoint = await this.#deps.store.checkpoint();
    await this.#look(checkpoint);
    if (hasEnded(signal)) {
      // Before there is a connection to end.
      return;
    }
    this.#lanes = checkpoint?.lanes ?? {};
    this.#lanesEndedAt = undefined;
    this.#inHand = 0;
    this.#connectedAt = this.#deps.clock();
    const connection = new AbortController();
    const end = (): void => {
      connection.abort();
    };
    signal.addEventListener('abort', end);
    const polling = this.#poll(connection.signal).finally(end);
    try {
      await this.#follow(checkpoint, connection.signal);
    } finally {
      this.#isBusy = false;
      end();
      signal.removeEventListener('abort', end);
      await polling;
    }
  }

  async #follow(from: Checkpoint | undefined, signal: AbortSignal): Promise<void> {
    let checkpoint = from;
    const events = this.#deps.ledger.events(positionOf(checkpoint), signal);
    for await (const loaded of readAhead(events, (event) => this.#load(event), READ_AHEAD)) {
      this.#isBusy = true;
      for (const portion of portions(loaded)) {
        checkpoint = await this.#apply(checkpoint, portion);
        // An embedded store holds this thread while it writes: requests get their turn between two writes.
        await nextTurn();
      }
      this.#inHand -= loaded.length;
      this.#isBusy = false;
      this.#failures = 0;
      this.#noteApplied(checkpoint);
    }
  }

  async #load(event: LedgerEvent): Promise<ProvedBatch | undefined> {
    this.#inHand += 1;
    return event.name === 'AccessRecorded' ? await fetchBatch(this.#deps.ledger, event) : undefined;
  }

  /** Applies what is proved in one store transaction; of a failure in the middle, what comes before it is applied first. */
  async #apply(
    checkpoint: Checkpoint | undefined,
    loaded: readonly Loaded[],
  ): Promise<Checkpoint | undefined> {
    let reached = checkpoint;
    const batches: VerifiedBatch[] = [];
    let failure: { error: unknown } | undefined;
    for (const { item, result } of loaded) {
      try {
        const step = advance(reached, item, await result);
        reached = step.checkpoint;
        if (step.batch !== undefined) {
          batches.push(step.batch);
        }
        if (item.name === 'RegistryChanged') {
          this.#deps.onRegistryChanged?.();
        }
      } catch (error) {
        failure = { error };
        break;
      }
    }
    if (reached !== undefined && reached !== checkpoint) {
      await this.#deps.store.apply(batches, reached);
      this.#noteApplied(reached);
    }
    if (failure !== undefined) {
      this.#isStuck = true;
      throw failure.error;
    }
    return reached;
  }

  /** The ledger's height; a store that is ahead of its ledger is not this ledger's store. */
  async #look(checkpoint: Checkpoint | undefined): Promise<void> {
    const height = Number(await this.#deps.ledger.height());
    if (checkpoint !== undefined && checkpoint.block >= height) {
      throw new ProjectionHalted(
        'STORE_MISMATCH',
        `the store has block ${String(checkpoint.block)}, the ledger ${String(height)} blocks: rebuild the read model`,
      );
    }
    this.#update({
      height,
      checkedAt: this.#deps.clock(),
      block: checkpoint?.block,
      entries: checkpoint?.entries ?? 0,
    });
  }

  /** Looks at the ledger's height from time to time, for the state and for whoever asks how old the list is. */
  async #poll(signal: AbortSignal): Promise<void> {
    let last: number | undefined;
    while (!signal.aborted) {
      try {
        const height = Number(await this.#deps.ledger.height());
        this.#update({ height, checkedAt: this.#deps.clock() });
        if (await this.#isCaughtUp(height === last)) {
          this.#update({ state: 'live', problem: undefined });
        } else if (this.#status.state === 'live' && (await this.#isBehind(last))) {
          this.#update({ state: 'catchingUp' });
        }
        last = height;
      } catch (error) {
        if (!(error instanceof LedgerError)) {
          throw error;
        }
        this.#update({ state: 'stale', problem: describe(error) });
      }
      await this.#deps.sleep(this.#deps.pollMs ?? DEFAULT_POLL_MS, signal);
    }
  }

  /**
   * Blocks without a chaincode event are never announced, so the applied block alone cannot tell whether anything is missing. The list
   * counts as live when the last block is applied, or when nothing is in hand, the ledger has not grown between two looks, and no known
   * lane has another batch. Without a single event no lane is known: a stream that opens slowly is waited for, or a list that is empty
   * only because nothing has arrived yet would be called complete.
   */
  async #isCaughtUp(hasNotGrown: boolean): Promise<boolean> {
    if (this.#reachesTip()) {
      return !this.#isBusy;
    }
    if (this.#status.block === undefined && this.#deps.clock() - this.#connectedAt < FIRST_EVENT_MS) {
      return false;
    }
    return !this.#hasWork() && hasNotGrown && (await this.#lanesEnd()) && !this.#hasWork();
  }

  /** Whether something is missing of what was on the ledger at the look before: a slow store, or a stream that gives nothing, is not live. */
  async #isBehind(heightBefore: number | undefined): Promise<boolean> {
    if (heightBefore === undefined || (this.#status.block ?? -1) + 1 >= heightBefore) {
      return false;
    }
    return this.#hasWork() || !(await this.#lanesEnd());
  }

  async #lanesEnd(): Promise<boolean> {
    const { height } = this.#status;
    if (height !== undefined && height === this.#lanesEndedAt) {
      return true;
    }
    const next = await Promise.all(
      Object.entries(this.#lanes).map(([lane, { nextSeq }]) => this.#deps.ledger.findBatch(lane, nextSeq)),
    );
    const isEnd = next.every((record) => record === undefined);
    if (isEnd) {
      this.#lanesEndedAt = height;
    }
    return isEnd;
  }

  /** Asked again after a wait, during which an event may have come. */
  #hasWork(): boolean {
    return this.#isBusy || this.#isStuck || this.#inHand > 0;
  }

  #noteApplied(checkpoint: Checkpoint | undefined): void {
    if (checkpoint === undefined) {
      return;
    }
    this.#isStuck = false;
    this.#lanes = checkpoint.lanes;
    this.#lanesEndedAt = undefined;
    const height = Math.max(this.#status.height ?? 0, checkpoint.block + 1);
    this.#update({ block: checkpoint.block, entries: checkpoint.entries, height });
    if (!this.#isBusy && this.#reachesTip()) {
      this.#update({ state: 'live', problem: undefined });
    } else if (this.#status.state === 'stale') {
      this.#update({ state: 'catchingUp', problem: undefined });
    }
  }

  #reachesTip(): boolean {
    const { block, height } = this.#status;
    return height !== undefined && (block ?? -1) + 1 >= height;
  }

  /** @returns whether it halts. */
  #failed(error: unknown): boolean {
    if (error instanceof ProjectionHalted) {
      this.#halt(error.reason, error.message);
      return true;
    }
    if (error instanceof StoreConflictError) {
      this.#halt('STORE_MISMATCH', error.message);
      return true;
    }
    if (!isTransient(error)) {
      this.#update({ state: 'stale', problem: 'internal error' });
      throw error;
    }
    this.#failures += 1;
    this.#deps.log.warn(
      { reason: describe(error), failures: this.#failures },
      'projection waits and tries again',
    );
    this.#update({ state: 'stale', problem: describe(error) });
    return false;
  }

  #halt(reason: HaltReason, problem: string): void {
    this.#deps.log.error({ reason, problem }, 'projection halted');
    this.#update({ state: 'halted', haltReason: reason, problem });
  }

  async #pause(signal: AbortSignal): Promise<void> {
    const ceiling = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(this.#failures, 10));
    await this.#deps.sleep(ceiling / 2 + (this.#deps.random() * ceiling) / 2, signal);
  }

  #update(change: Partial<ProjectionStatus>): void {
    this.#status = { ...this.#status, ...change };
    for (const listener of this.#listeners) {
      listener(this.#status);
    }
  }
}

/** Groups of at least {@link EVENTS_PER_WRITE} access events, as far as there are so many. */
function* portions(loaded: readonly Loaded[]): Generator<readonly Loaded[], void, undefined> {
  let portion: Loaded[] = [];
  let events = 0;
  for (const entry of loaded) {
    portion.push(entry);
    events += entry.item.name === 'AccessRecorded' ? entry.item.payload.count : 0;
    if (events >= EVENTS_PER_WRITE) {
      yield portion;
      portion = [];
      events = 0;
    }
  }
  if (portion.length > 0) {
    yield portion;
  }
}

/** Asked again after each wait, during which it may have changed. */
function hasEnded(signal: AbortSignal): boolean {
  return signal.aborted;
}

function isTransient(error: unknown): boolean {
  return (
    error instanceof LedgerError ||
    error instanceof PrivateDataMissing ||
    error instanceof StoreUnavailableError
  );
}

function describe(error: unknown): string {
  if (error instanceof LedgerError) {
    return `ledger ${error.kind}${error.domainCode === undefined ? '' : ` ${error.domainCode}`}`;
  }
  return error instanceof Error ? error.message : 'unknown';
}

export function positionOf(checkpoint: Checkpoint | undefined): LedgerPosition | undefined {
  return checkpoint === undefined
    ? undefined
    : { block: BigInt(checkpoint.block), transactionId: checkpoint.transactionId };
}
