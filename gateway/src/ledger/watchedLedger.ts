// SPDX-License-Identifier: Apache-2.0
import type { Logger } from 'pino';
import { LedgerError, type LedgerFailure, ledgerFailureOf } from './ledgerError';
import type { LedgerEvent, LedgerPosition, ProvenanceLedger } from './provenanceLedger';

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

/**
 * Watches every call to `ledger`, whoever makes it, and passes results and errors on unchanged. A failure is logged when it begins, when it
 * becomes another one, and each time that it has happened twice as often: `problem`, `reason`, `cause` (the peer's words), `remedy`.
 * An answer of the chaincode, even a refusal, is a success here; so is a conflict, which only means to try again.
 * @param clock milliseconds since the epoch.
 */
export function watchLedger(ledger: ProvenanceLedger, log: Logger, clock: () => number): WatchedLedger {
  const troubles = new Map<Way, LedgerTrouble>();
  const worked = (way: Way): void => {
    const over = troubles.get(way);
    if (over !== undefined) {
      troubles.delete(way);
      log.info(
        { problem: over.problem, failures: over.failures, seconds: (clock() - over.since) / 1000 },
        'the ledger answers again',
      );
    }
  };
  const failed = (way: Way, error: unknown): void => {
    if (!(error instanceof LedgerError)) {
      return;
    }
    if (isAnswer(error)) {
      worked(way);
      return;
    }
    const failure = ledgerFailureOf(error);
    const before = troubles.get(way);
    const isSame = before?.problem === failure.problem;
    const failures = isSame ? before.failures + 1 : 1;
    troubles.set(way, { ...failure, since: isSame ? before.since : clock(), failures });
    if ((failures & (failures - 1)) === 0) {
      const { problem, reason, remedy } = failure;
      const level = error.kind === 'rejected' ? 'error' : 'warn';
      log[level]({ problem, reason, cause: error.message, remedy, failures }, 'the ledger does not serve');
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
  const trouble = (): LedgerTrouble | undefined =>
    troubles.get('write') ?? troubles.get('read') ?? troubles.get('events');
  const watching: ProxyHandler<ProvenanceLedger> = {
    get(target, name) {
      if (name === 'trouble') {
        return trouble;
      }
      if (name === 'events') {
        return events;
      }
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== 'function') {
        return value;
      }
      if (name === 'knownHeight' || name === 'getTrusteeCopy') {
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

/** Whether the ledger has done what it is there for: the chaincode's own word, or a conflict. */
function isAnswer({ domainCode, reason, kind }: LedgerError): boolean {
  return domainCode !== undefined || (kind === 'retryable' && reason === undefined);
}
