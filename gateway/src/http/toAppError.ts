// SPDX-License-Identifier: Apache-2.0
import { DomainError, type DomainErrorCode } from '@chartwitness/chaincode/domain';
import { ZodError } from 'zod';
import { AppError, type AppErrorCode, type AppErrorOptions } from '../errors';
import { LedgerError } from '../ledger/ledgerError';
import { StoreConflictError, StoreUnavailableError } from '../readmodel/accessStore';
import { isStorageFailure } from '../sqlite/storageFailure';

const FROM_DOMAIN: Readonly<Record<DomainErrorCode, AppErrorCode>> = {
  INVALID_INPUT: 'BAD_REQUEST',
  NOT_ALLOWED: 'FORBIDDEN',
  NOT_FOUND: 'NOT_FOUND',
  VERSION_CONFLICT: 'PRECONDITION_FAILED',
  BATCH_EXISTS: 'LANE_FENCED',
  TIME_OUT_OF_RANGE: 'LEDGER_UNAVAILABLE',
  CONFLICT: 'CONFLICT',
  SUSPENDED: 'FORBIDDEN',
  NOT_INITIALISED: 'LEDGER_UNAVAILABLE',
  CORRUPT: 'INTERNAL',
};

/** How body-parser names its refusals (`error.type`). */
const FROM_BODY_PARSER: Readonly<Record<string, AppErrorCode>> = {
  'entity.too.large': 'PAYLOAD_TOO_LARGE',
  'parameters.too.many': 'PAYLOAD_TOO_LARGE',
  'encoding.unsupported': 'UNSUPPORTED_MEDIA_TYPE',
  'charset.unsupported': 'UNSUPPORTED_MEDIA_TYPE',
};

/** Seconds after which a caller may try again when the ledger did not answer. */
const LEDGER_RETRY_SECONDS = 2;
/** The same for a full disk, which nobody frees in a moment. */
const STORE_RETRY_SECONDS = 5;

/**
 * The one translation of anything thrown into an {@link AppError}. Detail stays in the log; what the caller
 * may read is limited to field problems of its own input.
 */
export function toAppError(error: unknown): AppError {
  if (error instanceof AppError) {
    return error;
  }
  if (error instanceof ZodError) {
    return fromZod(error);
  }
  if (error instanceof DomainError) {
    return fromDomain(error.code, error.detail, error);
  }
  if (error instanceof LedgerError) {
    return fromLedger(error);
  }
  if (error instanceof StoreUnavailableError || error instanceof StoreConflictError) {
    return fromStore(error.message, error);
  }
  if (isStorageFailure(error)) {
    return fromStore('an SQLite store cannot serve', error);
  }
  return fromHttpLibrary(error) ?? new AppError('INTERNAL', 'unexpected error', { cause: error });
}

function fromZod(error: ZodError): AppError {
  const problems = error.issues.map(
    (issue) => `${issue.path.map(String).join('.') || '(whole)'}: ${issue.message}`,
  );
  return new AppError('BAD_REQUEST', `${String(problems.length)} field problem(s)`, {
    expose: problems.join('; '),
  });
}

function fromDomain(code: DomainErrorCode, detail: string, cause: unknown): AppError {
  const target = FROM_DOMAIN[code];
  const options: AppErrorOptions = code === 'INVALID_INPUT' ? { cause, expose: detail } : { cause };
  return new AppError(
    target,
    `ledger rule ${code}`,
    target === 'LEDGER_UNAVAILABLE' ? { ...options, retryAfterSeconds: LEDGER_RETRY_SECONDS } : options,
  );
}

function fromLedger(error: LedgerError): AppError {
  if (error.kind === 'rejected' && error.domainCode !== undefined) {
    return fromDomain(error.domainCode, error.message, error);
  }
  const reason = error.reason === undefined ? '' : `, ${error.reason}`;
  // The peer's own words go to the log, which is where somebody asks why; the caller reads the title alone.
  return new AppError('LEDGER_UNAVAILABLE', `ledger call failed (${error.kind}${reason}): ${error.message}`, {
    cause: error,
    retryAfterSeconds: LEDGER_RETRY_SECONDS,
  });
}

function fromStore(detail: string, cause: unknown): AppError {
  return new AppError('STORE_UNAVAILABLE', detail, { cause, retryAfterSeconds: STORE_RETRY_SECONDS });
}

/** body-parser and Express mark the caller's mistakes with `status` and `type`. */
function fromHttpLibrary(error: unknown): AppError | undefined {
  if (!(error instanceof Error) || !('status' in error) || typeof error.status !== 'number') {
    return undefined;
  }
  if (error.status < 400 || error.status > 499) {
    return undefined;
  }
  const type = 'type' in error && typeof error.type === 'string' ? error.type : '';
  const code = FROM_BODY_PARSER[type] ?? 'BAD_REQUEST';
  return new AppError(code, `refused by the HTTP layer: ${type || error.name}`, { cause: error });
}
