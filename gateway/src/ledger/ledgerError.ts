// SPDX-License-Identifier: Apache-2.0
import type { DomainErrorCode } from '@chartwitness/chaincode/domain';

/**
 * What the caller may do next:
 * - `rejected`: the chaincode said no, with `domainCode`; nothing was written, trying again changes nothing.
 * - `retryable`: nothing was written; a new attempt may succeed (conflict, mismatching endorsements, busy peer).
 * - `unavailable`: nothing was written; a peer or orderer did not answer.
 * - `unknown`: the transaction may or may not commit; read the ledger before deciding.
 */
export type LedgerErrorKind = 'rejected' | 'retryable' | 'unavailable' | 'unknown';

export interface LedgerErrorFields {
  readonly domainCode?: DomainErrorCode;
  readonly transactionId?: string;
  readonly cause?: unknown;
}

/** A failed call to the ledger, with what is known about its effect. */
export class LedgerError extends Error {
  override readonly name = 'LedgerError';
  readonly kind: LedgerErrorKind;
  readonly domainCode: DomainErrorCode | undefined;
  readonly transactionId: string | undefined;

  constructor(kind: LedgerErrorKind, message: string, fields: LedgerErrorFields = {}) {
    super(message, { cause: fields.cause });
    this.kind = kind;
    this.domainCode = fields.domainCode;
    this.transactionId = fields.transactionId;
  }
}
