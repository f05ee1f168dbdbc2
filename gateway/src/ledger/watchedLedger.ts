// SPDX-License-Identifier: Apache-2.0
import type { Logger } from 'pino';
import { type After, afterTimeout } from '../retry/after';
import {
  LedgerError,
  type LedgerFailure,
  type LedgerFailureReason,
  ledgerFailureOf,
  remedyOf,
} from './ledgerError';
import type { LedgerEvent, LedgerPosition, ProvenanceLedger } from './provenanceLedger';
import { StalledWrites } from './stalledWrites';

/** What keeps the ledger from doing its work at present, in words for an operator. */
export interface LedgerTrouble extends LedgerFailure {
  /** When it began, in milliseconds since the epoch. */
  readonly since: number;
  /** How often it has failed in a row. */
  readonly failures: number;
}

/** A ledger that remembers why it does not answer. */
export interface WatchedLedger extends ProvenanceLedger {
  /** The last failure that no success of the same kind of call followed; of writes before that of reads. */
  trouble(): LedgerTrouble | undefined;
  /**
   * This process ends: from now on calls also fail because it closes what they need, and the log has none of
   * them.
   */
  leave(): void;
}

/** Calls that fail for causes of their own: an orderer that is away says nothing about reads. */
type Way = 'write' | 'read' | 'events';

const WRITES: ReadonlySet<string> = new Set([
  'recordBatch',
  'putConsent',
  'initialise',
  'admitOrganisation',
  'setOrganisationStatus',
  'putClient',
  'setClientStatus',
]);

/** Asked of the trustee's peer alone. */
const TRUSTEES: ReadonlySet<string> = new Set(['getTrusteeCopy', 'trusteeLanes', 'findTrusteeBatch']);

/** Failures of a write that do not say whose they are. */
const VAGUE: readonly (LedgerFailureReason | undefined)[] = [undefined, 'NO_ANSWER', 'PEERS_DIFFER'];

/**
 * The last failure of each way, told when it begins, when it becomes another one, and each time that it has
 * happened twice as often.
 */
class Troubles {
  readonly #log: Logger;
  readonly #clock: () => number;
  readonly #known = new Map<Way, LedgerTrouble>();
  #isLeaving = false;

  constructor(log: Logger, clock: () => number) {
    this.#log = log;
    this.#clock = clock;
  }

  get first(): LedgerTrouble | undefined {
    return this.#known.get('write') ?? this.#known.get('read') ?? this.#known.get('events');
  }

  worked(way: Way): void {
    const over = this.#known.get(way);
    if (over !== undefined) {
      this.#known.delete(way);
      this.#log.info(
        { problem: over.problem, failures: over.failures, seconds: (this.#clock() - over.since) / 1000 },
        'the ledger answers again',
      );
    }
  }

  leave(): void {
    this.#isLeaving = true;
  }

  failed(way: Way, error: LedgerError): void {
    if (this.#isLeaving) {
      return;
    }
    const failure = ledgerFailureOf(error);
    const before = this.#known.get(way);
    const isSame = before?.problem === failure.problem;
    const failures = isSame ? before.failures + 1 : 1;
    this.#known.set(way, { ...failure, since: isSame ? before.since : this.#clock(), failures });
    if ((failures & (failures - 1)) === 0) {
      const { problem, reason } = failure;
      const level = error.kind === 'rejected' ? 'error' : 'warn';
      this.#log[level](
        { problem, reason, cause: error.message, remedy: remedyOf(error), failures },
        'the ledger does not serve',
      );
    }
  }
}

/**
 * Watches every caller's calls to `ledger` and passes results and errors on unchanged. A failure is logged
 * when it begins, when it becomes another one, and each time that it has happened twice as often: `problem`,
 * `reason`, `cause` (the peer's words), `remedy`. An answer of the chaincode, even a refusal, is a success
 * here; so is a conflict, which only means to try again. While no batch commits, it finds out who does not
 * answer: {@link StalledWrites}.
 * @param clock milliseconds since the epoch.
 */
export function watchLedger(
  ledger: ProvenanceLedger,
  log: Logger,
  clock: () => number,
  after: After = afterTimeout,
): WatchedLedger {
  const troubles = new Troubles(log, clock);
  const stalled = new StalledWrites({
    ledger,
    after,
    onFound: (reason) => {
      troubles.failed('write', found(reason));
    },
  });
  const worked = (way: Way): void => {
    troubles.worked(way);
  };
  const failed = (way: Way, error: unknown): void => {
    if (error instanceof LedgerError) {
      if (isAnswer(error)) {
        worked(way);
      } else {
        const known = way === 'write' && isVague(error) ? stalled.found : undefined;
        troubles.failed(way, known === undefined ? error : found(known));
      }
    }
  };
  const watched = async <T>(way: Way, call: Promise<T>): Promise<T> => {
    try {
      const result = await call;
      worked(way);
      return result;
    } catch (error) {
      failed(way, error);
      throw error;
    }
  };
  const recordBatch: ProvenanceLedger['recordBatch'] = async (lane, ...rest) => {
    stalled.begun(lane);
    try {
      const result = await watched('write', ledger.recordBatch(lane, ...rest));
      stalled.committed(lane);
      return result;
    } catch (error) {
      if (error instanceof LedgerError && (isAnswer(error) || isClockRefused(error))) {
        // Who refuses is there: nothing hangs.
        stalled.committed(lane);
      } else {
        stalled.failed(lane, error instanceof LedgerError && isVague(error));
      }
      throw error;
    }
  };
  async function* events(
    after: LedgerPosition | undefined,
    signal: AbortSignal,
  ): AsyncGenerator<LedgerEvent, void, undefined> {
    try {
      for await (const event of ledger.events(after, signal)) {
        worked('events');
        yield event;
      }
    } catch (error) {
      failed('events', error);
      throw error;
    }
  }
  const own = {
    trouble: () => troubles.first,
    leave: () => {
      troubles.leave();
    },
    events,
    recordBatch,
  };
  const watching: ProxyHandler<ProvenanceLedger> = {
    get(target, name) {
      if (Object.hasOwn(own, name)) {
        return Reflect.get(own, name) as unknown;
      }
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== 'function') {
        return value;
      }
      if (name === 'knownHeight' || TRUSTEES.has(String(name))) {
        // Also what nobody answers: it says nothing about the own peer.
        return value.bind(target) as unknown;
      }
      return (...args: unknown[]): unknown => {
        const result: unknown = Reflect.apply(value, target, args);
        return result instanceof Promise
          ? watched(WRITES.has(String(name)) ? 'write' : 'read', result)
          : result;
      };
    },
  };
  return new Proxy(ledger, watching) as WatchedLedger;
}

/**
 * Whether the ledger has done what it is there for: the chaincode's own word, or a conflict. That a clock is
 * wrong is its word too, but stops every write until somebody sets the clock.
 */
function isAnswer(error: LedgerError): boolean {
  const { domainCode, reason, kind } = error;
  return (
    (domainCode !== undefined && !isClockRefused(error)) || (kind === 'retryable' && reason === undefined)
  );
}

function isVague(error: LedgerError): boolean {
  return VAGUE.includes(error.reason) && !isClockRefused(error);
}

function isClockRefused({ domainCode }: LedgerError): boolean {
  return domainCode === 'TIME_OUT_OF_RANGE';
}

function found(reason: LedgerFailureReason): LedgerError {
  return new LedgerError('unavailable', 'found by asking each peer while no batch commits', { reason });
}
