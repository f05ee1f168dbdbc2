// SPDX-License-Identifier: Apache-2.0
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Logger } from 'pino';
import { LedgerError } from '../ledger/ledgerError';
import type { LedgerEvent, LedgerPosition, ProvenanceLedger } from '../ledger/provenanceLedger';
import { type AccessStore, type Checkpoint, StoreConflictError } from '../readmodel/accessStore';
import { fetchBatch, type ProvedBatch } from './fetchBatch';
import { LedgerProof } from './ledgerProof';
import { Liveness } from './liveness';
import {
  arePlacesEqual,
  DEFAULT_OPEN_PLACE_MS,
  describeOpenPlaces,
  openPlacesOf,
  overdue,
} from './openPlaces';
import { portions } from './portions';
import { isPassing, problemOf, REMEDIES } from './problems';
import { ProjectionHalted } from './projectionHalted';
import { INITIAL_STATUS, isAtEnd, NO_PROBLEM, type ProjectionStatus } from './projectionStatus';
import { readAhead } from './readAhead';
import { RecordAbsence } from './recordAbsence';
import { type Loaded, soundSteps } from './soundSteps';

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
  /** How often the ledger's height is looked at; default 1,000 ms. */
  readonly pollMs?: number;
  /** How long a place of a lane may be open while later ones are filled, in milliseconds; default 60,000. */
  readonly openPlaceMs?: number;
}

export interface Projection {
  /** Follows the ledger until `signal` aborts. Ends early, without an error, when it halts: see `status`. */
  run(signal: AbortSignal): Promise<void>;
  status(): ProjectionStatus;
  /**
   * Calls `listener` after every change of state or of the applied entries. Returns a function that ends it.
   */
  watch(listener: (status: ProjectionStatus) => void): () => void;
}

/** Batches whose events are fetched while earlier ones are applied. */
const READ_AHEAD = 16;
const DEFAULT_POLL_MS = 1000;
const FIRST_RETRY_MS = 50;
const LONGEST_RETRY_MS = 2000;

export function createProjection(deps: ProjectionDeps): Projection {
  return new LedgerProjection(deps);
}

class LedgerProjection implements Projection {
  readonly #deps: ProjectionDeps;
  readonly #listeners = new Set<(status: ProjectionStatus) => void>();
  #status: ProjectionStatus = INITIAL_STATUS;
  #lanes: Checkpoint['lanes'] = {};
  readonly #proof: LedgerProof;
  readonly #liveness: Liveness;
  #failures = 0;
  readonly #absence = new RecordAbsence();

  constructor(deps: ProjectionDeps) {
    this.#deps = deps;
    this.#proof = new LedgerProof(deps.ledger, deps.clock);
    this.#liveness = new Liveness(deps.ledger, deps.clock, () => this.#status);
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
    this.#lanes = checkpoint?.lanes ?? {};
    await this.#proof.connect(checkpoint);
    if (hasEnded(signal)) {
      // Before there is a connection to end.
      return;
    }
    this.#liveness.connects();
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
      this.#liveness.disconnects();
      end();
      signal.removeEventListener('abort', end);
      await polling;
    }
  }

  async #follow(from: Checkpoint | undefined, signal: AbortSignal): Promise<void> {
    let checkpoint = from;
    const events = this.#deps.ledger.events(positionOf(checkpoint), signal);
    for await (const loaded of readAhead(events, (event) => this.#load(event), READ_AHEAD)) {
      this.#liveness.begins();
      for (const portion of portions(loaded)) {
        checkpoint = await this.#apply(checkpoint, portion);
        // An embedded store holds this thread while it writes: requests get their turn between two writes.
        await nextTurn();
      }
      this.#liveness.finishes(loaded.length);
      this.#failures = 0;
      this.#noteApplied(checkpoint);
    }
  }

  async #load(event: LedgerEvent): Promise<ProvedBatch | undefined> {
    this.#liveness.announced();
    return event.name === 'AccessRecorded' ? await fetchBatch(this.#deps.ledger, event) : undefined;
  }

  /**
   * Applies what is proved in one store transaction; of a failure in the middle, what comes before it is
   * applied first.
   */
  async #apply(
    checkpoint: Checkpoint | undefined,
    loaded: readonly Loaded[],
  ): Promise<Checkpoint | undefined> {
    const { steps, failure } = await soundSteps(this.#deps.store, checkpoint, loaded);
    let reached = steps.at(-1)?.checkpoint ?? checkpoint;
    const batches = steps.flatMap(({ batch }) => batch ?? []);
    if (reached !== undefined && reached !== checkpoint) {
      const { anchor } = this.#proof;
      reached = anchor === undefined ? reached : { ...reached, anchor };
      await this.#deps.store.apply(batches, reached);
      this.#noteApplied(reached);
    }
    if (failure !== undefined) {
      this.#liveness.sticks();
      throw failure.error;
    }
    return reached;
  }

  /**
   * Looks at the ledger from time to time: whether it is still the same, and whether it has more than was
   * announced.
   */
  async #poll(signal: AbortSignal): Promise<void> {
    let last: number | undefined;
    while (!signal.aborted) {
      try {
        const tip = await this.#deps.ledger.tip();
        const height = Number(tip.height);
        this.#update({ height, checkedAt: this.#deps.clock() });
        await this.#proof.look(tip);
        if (await this.#liveness.isCaughtUp(height, signal)) {
          this.#reachEnd();
        } else if (isAtEnd(this.#status) && (await this.#liveness.isBehind(last, signal))) {
          this.#update({ state: 'catchingUp', ...NO_PROBLEM });
        }
        this.#liveness.demandNews();
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

  #noteApplied(checkpoint: Checkpoint | undefined): void {
    if (checkpoint === undefined) {
      return;
    }
    this.#liveness.moves();
    this.#lanes = checkpoint.lanes;
    const height = Math.max(this.#status.height ?? 0, checkpoint.block + 1);
    this.#update({ block: checkpoint.block, entries: checkpoint.entries, height });
    if (!this.#liveness.isBusy && this.#liveness.reachesTip()) {
      this.#reachEnd();
    } else if (this.#status.state === 'stale') {
      this.#update({ state: 'catchingUp', ...NO_PROBLEM });
    }
  }

  /**
   * The list has all that the ledger has; a lane with a place that stays open may lack entries all the same.
   */
  #reachEnd(): void {
    const { clock, log, openPlaceMs = DEFAULT_OPEN_PLACE_MS } = this.#deps;
    const openPlaces = overdue(openPlacesOf(this.#lanes), clock(), openPlaceMs);
    const problem = openPlaces.length === 0 ? undefined : `PLACE_OPEN: ${describeOpenPlaces(openPlaces)}`;
    const remedy = REMEDIES.PLACE_OPEN;
    if (problem !== undefined && !arePlacesEqual(openPlaces, this.#status.openPlaces)) {
      log.error({ problem: 'PLACE_OPEN', reason: problem, remedy }, 'the list may lack entries');
    } else if (problem === undefined && this.#status.openPlaces.length > 0) {
      log.info('every lane is complete again');
    }
    this.#update(
      problem === undefined
        ? { state: 'live', openPlaces, ...NO_PROBLEM }
        : { state: 'incomplete', openPlaces, problem, problemKind: 'PLACE_OPEN', remedy },
    );
  }

  /** @returns whether it halts. */
  #failed(given: unknown): boolean {
    const error = this.#absence.judge(given);
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

  /**
   * Says once what is the matter, and again when it has become something else or has lasted twice as long.
   */
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

/** Asked again after each wait, during which it may have changed. */
function hasEnded(signal: AbortSignal): boolean {
  return signal.aborted;
}

function positionOf(checkpoint: Checkpoint | undefined): LedgerPosition | undefined {
  return checkpoint === undefined
    ? undefined
    : { block: BigInt(checkpoint.block), transactionId: checkpoint.transactionId };
}
