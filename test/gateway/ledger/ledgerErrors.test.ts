// SPDX-License-Identifier: Apache-2.0
import { Metadata, status } from '@grpc/grpc-js';
import { CommitError, GatewayError } from '@hyperledger/fabric-gateway';
import { LedgerError, type LedgerErrorKind } from '../../../gateway/src/ledger/ledgerError';
import {
  fromValidationCode,
  type LedgerStage,
  toLedgerError,
} from '../../../gateway/src/ledger/ledgerErrors';

function gatewayError(code: status, message: string, details: readonly string[] = []): GatewayError {
  return new GatewayError({
    code,
    message,
    details: details.map((text) => ({ address: 'peer0:7051', mspId: 'NorthHospitalMSP', message: text })),
    cause: Object.assign(new Error(message), { code, details: message, metadata: new Metadata() }),
  });
}

const ABORTED = 'failed to endorse transaction, see attached details for more info';

test.each<[string, LedgerStage, GatewayError, LedgerErrorKind, string | undefined]>([
  [
    "the chaincode's own refusal",
    'endorse',
    gatewayError(status.ABORTED, ABORTED, ['chaincode response 500, SUSPENDED|NorthHospitalMSP']),
    'rejected',
    'SUSPENDED',
  ],
  [
    'a refusal of an evaluation',
    'evaluate',
    gatewayError(
      status.UNKNOWN,
      '2 UNKNOWN: evaluate call to endorser returned error: chaincode response 500, NOT_FOUND|no batch',
      ['chaincode response 500, NOT_FOUND|no batch'],
    ),
    'rejected',
    'NOT_FOUND',
  ],
  [
    'a chaincode error without a code of ours',
    'endorse',
    gatewayError(status.ABORTED, ABORTED, [
      "chaincode response 500, You've asked to invoke a function that does not exist",
    ]),
    'rejected',
    undefined,
  ],
  [
    'a code of ours outside a chaincode answer is not believed',
    'endorse',
    gatewayError(status.ABORTED, 'SUSPENDED|says the peer itself'),
    'unavailable',
    undefined,
  ],
  [
    'two peers that differ',
    'endorse',
    gatewayError(status.ABORTED, ABORTED, ['ProposalResponsePayloads do not match']),
    'retryable',
    undefined,
  ],
  [
    'private data that have not arrived',
    'evaluate',
    gatewayError(status.UNKNOWN, 'evaluate call to endorser returned error', [
      'chaincode response 500, GET_STATE failed: transaction ID: x: private data matching public hash version is not available. Public hash version = {BlockNum: 4, TxNum: 0}',
    ]),
    'retryable',
    undefined,
  ],
  [
    'discovery that is not ready',
    'endorse',
    gatewayError(
      status.UNAVAILABLE,
      '14 UNAVAILABLE: failed to find any endorsing peers for org(s): TrusteeMSP',
    ),
    'retryable',
    undefined,
  ],
  [
    'no plan',
    'endorse',
    gatewayError(status.FAILED_PRECONDITION, 'no combination of peers'),
    'unavailable',
    undefined,
  ],
  [
    'an endorsement that took too long',
    'endorse',
    gatewayError(status.DEADLINE_EXCEEDED, 'x'),
    'unavailable',
    undefined,
  ],
  ['no right to read', 'evaluate', gatewayError(status.PERMISSION_DENIED, 'x'), 'rejected', undefined],
  [
    'an orderer that is away',
    'submit',
    gatewayError(status.UNAVAILABLE, 'no orderers'),
    'unknown',
    undefined,
  ],
  [
    'an orderer that says no',
    'submit',
    gatewayError(status.ABORTED, 'unsuccessful response'),
    'unknown',
    undefined,
  ],
  [
    'an unsigned transaction',
    'submit',
    gatewayError(status.INVALID_ARGUMENT, 'must be signed'),
    'rejected',
    undefined,
  ],
  [
    'a commit that took too long',
    'commitStatus',
    gatewayError(status.DEADLINE_EXCEEDED, 'x'),
    'unknown',
    undefined,
  ],
])('%s', (_, stage, error, kind, domainCode) => {
  const mapped = toLedgerError(error, stage, 'tx');
  expect(mapped).toBeInstanceOf(LedgerError);
  expect([mapped.kind, mapped.domainCode, mapped.transactionId]).toEqual([kind, domainCode, 'tx']);
  expect(mapped.cause).toBe(error);
});

test.each<[number, LedgerErrorKind]>([
  [11, 'retryable'],
  [12, 'retryable'],
  [10, 'retryable'],
  [25, 'retryable'],
  [9, 'unknown'],
  [4, 'rejected'],
])('validation code %d is %s', (code, kind) => {
  expect(fromValidationCode(code, 'tx').kind).toBe(kind);
});

test('a CommitError is mapped by its code', () => {
  const error = Object.assign(Object.create(CommitError.prototype) as CommitError, {
    code: 11,
    transactionId: 'tx',
  });
  expect(toLedgerError(error, 'commitStatus')).toMatchObject({ kind: 'retryable', transactionId: 'tx' });
});

test('anything else leaves the outcome open once the transaction was handed in', () => {
  expect(toLedgerError(new Error('bug'), 'submit').kind).toBe('unknown');
  expect(toLedgerError(new Error('bug'), 'endorse').kind).toBe('unavailable');
});
