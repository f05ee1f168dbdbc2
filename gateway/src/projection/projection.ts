// SPDX-License-Identifier: Apache-2.0
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Logger } from 'pino';
import { LedgerError } from '../ledger/ledgerError';
import type { LedgerEvent, LedgerPosition, ProvenanceLedger } from '../ledger/provenanceLedger';
import { type AccessStore, type Checkpoint, StoreConflictError } from '../readmodel/accessStore';
import { advance, type Step } from './advance';
import { untilDuplicateId } from './duplicateIds';
import { fetchBatch, type ProvedBatch, RecordMissing } from './fetchBatch';
import { LedgerProof } from './ledgerProof';
import { isPassing, problemOf, type ProblemKind } from './problems';
import { type HaltReason, ProjectionHalted } from './projectionHalted';
import { type Begun, readAhead } from './readAhead';
import { SilenceCheck } from './silenceCheck';

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
  readonly problemKind: ProblemKind | undefined;
  /** What the operator does about it. */
  readonly remedy: string | undefined;
}

/** What the projection asks of the ledger. */
export type FollowedLedger = Pick<
  ProvenanceLedger,
  'events' | 'findBatch' | 'findBlock' | 'findEventBlock' | 'getEvents' | 'tip'
>;

export interface ProjectionDeps {
  readonly ledger: FollowedLedger;
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

/** How long the stream may keep an event to itself that the blocks hold. */
const SILENT_MS = 10_000;
/** How often in a row an announced record may be absent before it counts as gone: half a minute of tries. */
const RECORD_TRIES = 20;
/** Batches whose events are fetched while earlier ones are applied. */
const READ_AHEAD = 16;
/** Enough that the disk is waited for seldom, few enough that a write is over in a few hundredths of a second. */
const EVENTS_PER_WRITE = 250;
const DEFAULT_POLL_MS = 1000;
const FIRST_RETRY_MS = 50;
const LONGEST_RETRY_MS = 2000;

const NO_PROBLEM = { problem: undefined, problemKind: undefined, remedy: undefined } as const;

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
    ...NO_PROBLEM,
  };
  /** Whether events are being applied. */
  #isBusy = false;
  /** Events that were announced on this connection and are not applied yet. */
  #inHand = 0;
  /** Whether an event has arrived that could not be applied yet. */
  #isStuck = false;
  readonly #proof: LedgerProof;
  readonly #silence: SilenceCheck;
  #failures = 0;
  /** The record that was absent at the last tries. */
  #absent = { place: '', tries: 0 };

  constructor(deps: ProjectionDeps) {
    this.#deps = deps;
    this.#proof = new LedgerProof(deps.ledger, deps.clock);
    this.#silence = new SilenceCheck(deps.ledger, deps.clock, SILENT_MS);
  }

  status(): ProjectionStatus {
    return this.#status;
  }

  watch(listener: (status: ProjectionStatus) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async run(signal: AbortSignal): Promise<void> {
    this.#update({ state: 'catchingUp', haltReason: undefined, ...NO_PROBLEM });
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
    const { height } = await this.#deps.ledger.tip();
    this.#update({
      height: Number(height),
      checkedAt: this.#deps.clock(),
      block: checkpoint?.block,
      entries: checkpoint?.entries ?? 0,
    });
    await this.#proof.connect(checkpoint);
    if (hasEnded(signal)) {
      // Before there is a connection to end.
      return;
    }
    this.#silence.reset();
    this.#inHand = 0;
    const connection = new AbortController();
    const end = (): void => {
      connection.abort();
    };
    signal.addEventListener('abort', end);
    const polling = this.#poll(connection.signal).finally(end);
    // Its failure is taken up below, once what is in hand has ended; until then nobody waits for it.
    polling.catch(() => undefined);
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
    const steps: Step[] = [];
    let failure: { error: unknown } | undefined;
    for (const { item, result } of loaded) {
      try {
        const step = advance(reached, item, await result);
        reached = step.checkpoint;
        steps.push(step);
        if (item.name === 'RegistryChanged') {
          this.#deps.onRegistryChanged?.();
        }
      } catch (error) {
        failure = { error };
        break;
      }
    }
    const sound = await untilDuplicateId(this.#deps.store, steps);
    reached = sound.steps.at(-1)?.checkpoint ?? checkpoint;
    failure = sound.error === undefined ? failure : { error: sound.error };
    const batches = sound.steps.flatMap(({ batch }) => batch ?? []);
    if (reached !== undefined && reached !== checkpoint) {
      const { anchor } = this.#proof;
      reached = anchor === undefined ? reached : { ...reached, anchor };
      await this.#deps.store.apply(batches, reached);
      this.#noteApplied(reached);
    }
    if (failure !== undefined) {
      this.#isStuck = true;
      throw failure.error;
    }
    return reached;
  }

  /** Looks at the ledger from time to time: whether it is still the same, and whether it has more than was announced. */
  async #poll(signal: AbortSignal): Promise<void> {
    let last: number | undefined;
    while (!signal.aborted) {
      try {
        const tip = await this.#deps.ledger.tip();
        const height = Number(tip.height);
        this.#update({ height, checkedAt: this.#deps.clock() });
        await this.#proof.look(tip);
        if (await this.#isCaughtUp(height, signal)) {
          this.#update({ state: 'live', ...NO_PROBLEM });
        } else if (this.#status.state === 'live' && (await this.#isBehind(last, signal))) {
          this.#update({ state: 'catchingUp' });
        }
        if (!this.#hasWork()) {
          this.#silence.demandNews(this.#status.block);
        }
        last = height;
      } catch (error) {
        if (!(error instanceof LedgerError)) {
          throw error;
        }
        this.#becomeStale(error);
      }
      await this.#deps.sleep(this.#deps.pollMs ?? DEFAULT_POLL_MS, signal);
    }
  }

  /**
   * Blocks without a chaincode event are never announced, so the applied block alone cannot tell whether anything is missing. The list
   * counts as live when nothing is in hand and no block after the last applied one holds an event.
   */
  async #isCaughtUp(height: number, signal: AbortSignal): Promise<boolean> {
    if (this.#reachesTip()) {
      return !this.#isBusy;
    }
    return (
      !this.#hasWork() &&
      (await this.#silence.isComplete(this.#status.block, height, signal)) &&
      !this.#hasWork()
    );
  }

  /** Whether something is missing of what was on the ledger at the look before: a slow store, or a stream that gives nothing, is not live. */
  async #isBehind(heightBefore: number | undefined, signal: AbortSignal): Promise<boolean> {
    const { block } = this.#status;
    if (heightBefore === undefined || (block ?? -1) + 1 >= heightBefore) {
      return false;
    }
    return this.#hasWork() || !(await this.#silence.isComplete(block, heightBefore, signal));
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
    const height = Math.max(this.#status.height ?? 0, checkpoint.block + 1);
    this.#update({ block: checkpoint.block, entries: checkpoint.entries, height });
    if (!this.#isBusy && this.#reachesTip()) {
      this.#update({ state: 'live', ...NO_PROBLEM });
    } else if (this.#status.state === 'stale') {
      this.#update({ state: 'catchingUp', ...NO_PROBLEM });
    }
  }

  #reachesTip(): boolean {
    const { block, height } = this.#status;
    return height !== undefined && (block ?? -1) + 1 >= height;
  }

  /** @returns whether it halts. */
  #failed(given: unknown): boolean {
    const error = this.#judge(given);
    if (error instanceof ProjectionHalted || error instanceof StoreConflictError) {
      const { kind, text, remedy } = problemOf(error);
      this.#deps.log.error({ problem: kind, reason: text, remedy }, 'projection halted');
      this.#update({
        state: 'halted',
        haltReason: error instanceof ProjectionHalted ? error.reason : 'STORE_MISMATCH',
        problem: text,
        problemKind: kind,
        remedy,
      });
      return true;
    }
    this.#becomeStale(error);
    if (!isPassing(error)) {
      throw error;
    }
    return false;
  }

  /** One absent record proves nothing; one that stays absent is gone. */
  #judge(error: unknown): unknown {
    if (!(error instanceof RecordMissing)) {
      this.#absent = { place: '', tries: 0 };
      return error;
    }
    const { place, tries } = this.#absent;
    this.#absent = { place: error.place, tries: error.place === place ? tries + 1 : 1 };
    return this.#absent.tries < RECORD_TRIES
      ? error
      : new ProjectionHalted('RECORD_MISMATCH', `${error.place}: the public record is gone`, {
          cause: error,
        });
  }

  /** Says once what is the matter, and again when it has become something else or has lasted twice as long. */
  #becomeStale(error: unknown): void {
    const { kind, text, remedy } = problemOf(error);
    this.#failures += 1;
    const failures = this.#failures;
    if (this.#status.problemKind !== kind || (failures & (failures - 1)) === 0) {
      const cause = error instanceof Error ? error.message : String(error);
      this.#deps.log.warn(
        { problem: kind, reason: text, cause, remedy, failures },
        'the list cannot follow the ledger; it tries again',
      );
    }
    this.#update({ state: 'stale', problem: text, problemKind: kind, remedy });
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

export function positionOf(checkpoint: Checkpoint | undefined): LedgerPosition | undefined {
  return checkpoint === undefined
    ? undefined
    : { block: BigInt(checkpoint.block), transactionId: checkpoint.transactionId };
}
