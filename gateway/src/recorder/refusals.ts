// SPDX-License-Identifier: Apache-2.0
import type { DomainErrorCode } from '@chartwitness/chaincode/domain';
import { AppError } from '../errors';
import { LedgerError } from '../ledger/ledgerError';

const SOON_SECONDS = 1;
const LATER_SECONDS = 5;
/** Until an operator has given the gateway another name. */
const FENCED_SECONDS = 60;

/**
 * Ledger answers that concern this organisation's right to record, not the request or the ledger's condition.
 */
const CONSIDERED: ReadonlySet<DomainErrorCode | undefined> = new Set<DomainErrorCode>([
  'SUSPENDED',
  'NOT_ALLOWED',
]);

/** Whether the ledger gave a considered no, which not even an emergency passes. */
export function isConsideredNo(error: LedgerError): boolean {
  return error.kind === 'rejected' && CONSIDERED.has(error.domainCode);
}

/**
 * Ledger answers that one entry of a batch can be the cause of; without a code the chaincode failed at
 * something.
 */
const OF_AN_ENTRY: ReadonlySet<DomainErrorCode | undefined> = new Set<DomainErrorCode | undefined>([
  'INVALID_INPUT',
  'CORRUPT',
  'NOT_FOUND',
  undefined,
]);

/** Whether the ledger refused the batch for something that one entry of it may be the cause of. */
export function mayBeOneEntrys(error: LedgerError): boolean {
  return error.kind === 'rejected' && error.reason === undefined && OF_AN_ENTRY.has(error.domainCode);
}

/**
 * Whether the own peer's chaincode answered an emergency's question with a refusal, for whatever reason: then
 * nobody knows that its consents permit, so it is a no. A peer that does not know the network yet is behind,
 * and one that admits no question of this identity was never asked: neither is an answer.
 */
export function isAnswered(error: unknown): error is LedgerError {
  if (!(error instanceof LedgerError) || error.kind !== 'rejected') {
    return false;
  }
  return error.domainCode === undefined ? error.reason === undefined : error.domainCode !== 'NOT_INITIALISED';
}

/** The caller's error when the ledger refused its batch. */
export function refusedByLedger(error: LedgerError): AppError {
  if (isConsideredNo(error)) {
    return new AppError(
      'FORBIDDEN',
      `the ledger refuses batches of this organisation (${String(error.domainCode)})`,
      {
        cause: error,
        expose: 'The ledger does not admit accesses by this organisation',
      },
    );
  }
  if (error.domainCode === 'INVALID_INPUT') {
    return new AppError('INTERNAL', 'the ledger refuses a batch that this gateway found well-formed', {
      cause: error,
    });
  }
  return unavailable('the ledger refused the batch', error);
}

export function unavailable(detail: string, cause?: unknown): AppError {
  return new AppError('LEDGER_UNAVAILABLE', detail, { cause, retryAfterSeconds: LATER_SECONDS });
}

/** The recorder's own store is what fails; the ledger may be well. */
export function storeUnavailable(detail: string, cause?: unknown): AppError {
  return new AppError('STORE_UNAVAILABLE', detail, { cause, retryAfterSeconds: LATER_SECONDS });
}

export function overloaded(detail: string): AppError {
  return new AppError('OVERLOADED', detail, { retryAfterSeconds: SOON_SECONDS });
}

export function fenced(reason: string): AppError {
  return new AppError('LANE_FENCED', reason, { retryAfterSeconds: FENCED_SECONDS });
}
