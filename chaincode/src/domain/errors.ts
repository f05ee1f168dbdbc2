// SPDX-License-Identifier: Apache-2.0

/** Every code that the chaincode or the domain answers with. Stable: part of the ledger's interface. */
export type DomainErrorCode =
  /** The input does not have its documented form; the detail names every offending field. */
  | 'INVALID_INPUT'
  /** The caller's organisation, attribute or ownership does not allow this transaction. */
  | 'NOT_ALLOWED'
  /** What was asked for is not on the ledger. */
  | 'NOT_FOUND'
  /** The version that the caller expected is not the current one. */
  | 'VERSION_CONFLICT'
  /** The batch's sequence number is taken. */
  | 'BATCH_EXISTS'
  /** The transaction's time is more than 60 s from this peer's clock. */
  | 'TIME_OUT_OF_RANGE'
  /** The client id or organisation already belongs to somebody else, or the network is already set up. */
  | 'CONFLICT'
  /** The caller's organisation is suspended. */
  | 'SUSPENDED'
  /** The network's settings are not on the ledger yet. */
  | 'NOT_INITIALISED'
  /** Stored data do not have their documented form. */
  | 'CORRUPT';

/**
 * An error that crosses the ledger: its message is `CODE|detail`, because only the message survives the shim.
 */
export class DomainError extends Error {
  override readonly name = 'DomainError';
  readonly code: DomainErrorCode;
  readonly detail: string;

  constructor(code: DomainErrorCode, detail: string) {
    super(`${code}|${detail}`);
    this.code = code;
    this.detail = detail;
  }
}

/** All codes; the compiler refuses one too many or too few. */
export const DOMAIN_ERROR_CODES: readonly DomainErrorCode[] = Object.keys({
  INVALID_INPUT: true,
  NOT_ALLOWED: true,
  NOT_FOUND: true,
  VERSION_CONFLICT: true,
  BATCH_EXISTS: true,
  TIME_OUT_OF_RANGE: true,
  CONFLICT: true,
  SUSPENDED: true,
  NOT_INITIALISED: true,
  CORRUPT: true,
} satisfies Record<DomainErrorCode, true>) as DomainErrorCode[];

/** What a peer puts before the text of a chaincode's own error (Fabric's gateway service, `apiutils.go`). */
export const PEER_PREFIX = 'chaincode response 500, ';

/**
 * The domain's error in a message that crossed the ledger, with or without what a peer puts before it;
 * undefined for any other message.
 */
export function parseDomainError(message: string): DomainError | undefined {
  const prefix = message.indexOf(PEER_PREFIX);
  const own = prefix < 0 ? message : message.slice(prefix + PEER_PREFIX.length);
  const bar = own.indexOf('|');
  const code = own.slice(0, Math.max(bar, 0));
  return isCode(code) ? new DomainError(code, own.slice(bar + 1)) : undefined;
}

function isCode(text: string): text is DomainErrorCode {
  return (DOMAIN_ERROR_CODES as readonly string[]).includes(text);
}
