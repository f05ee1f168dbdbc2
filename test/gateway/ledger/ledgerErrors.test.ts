// SPDX-License-Identifier: Apache-2.0
import { Metadata, status } from '@grpc/grpc-js';
import { CommitError, GatewayError } from '@hyperledger/fabric-gateway';
import {
  LEDGER_REMEDIES,
  ledgerFailureOf,
  LedgerError,
  type LedgerErrorKind,
  type LedgerFailureReason,
} from '../../../gateway/src/ledger/ledgerError';
import {
  fromValidationCode,
  type LedgerStage,
  toLedgerError,
} from '../../../gateway/src/ledger/ledgerErrors';

function gatewayError(
  code: status,
  message: string,
  details: readonly string[] = [],
  mspIds: readonly string[] = [],
): GatewayError {
  return new GatewayError({
    code,
    message,
    details: details.map((text, index) => ({
      address: 'peer0:7051',
      mspId: mspIds[index] ?? 'NorthHospitalMSP',
      message: text,
    })),
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

/** Words of Fabric 3.1.5 and of grpc-js; where a chaincode says them, its refusal stays a refusal. */
test.each<[string, LedgerStage, GatewayError, LedgerFailureReason | undefined, LedgerErrorKind]>([
  [
    'a revoked or expired certificate, evaluating',
    'evaluate',
    gatewayError(
      status.FAILED_PRECONDITION,
      '9 FAILED_PRECONDITION: evaluate call to endorser returned error: error validating proposal: access denied: channel [access] creator org [Org1MSP]',
    ),
    'IDENTITY_REFUSED',
    'unavailable',
  ],
  [
    'the same, proposing',
    'endorse',
    gatewayError(status.ABORTED, ABORTED, [
      'error validating proposal: access denied: channel [access] creator org unknown, creator is malformed',
    ]),
    'IDENTITY_REFUSED',
    'unavailable',
  ],
  [
    'the same, following events',
    'events',
    gatewayError(
      status.PERMISSION_DENIED,
      'failed evaluating policy on signed data during check policy on channel [access] with policy [/Channel/Application/Readers]',
    ),
    'IDENTITY_REFUSED',
    'rejected',
  ],
  [
    'blocks from before a snapshot',
    'evaluate',
    gatewayError(
      status.UNKNOWN,
      'evaluate call to endorser returned error: chaincode response 500, Failed to get block number 0, error cannot serve block [0]. The ledger is bootstrapped from a snapshot. First available block = [120]',
    ),
    'BLOCKS_MISSING',
    'rejected',
  ],
  [
    'nobody there',
    'evaluate',
    gatewayError(
      status.UNAVAILABLE,
      '14 UNAVAILABLE: No connection established. Last error: connect ECONNREFUSED',
    ),
    'NO_ANSWER',
    'unavailable',
  ],
  ['no answer in time', 'events', gatewayError(status.DEADLINE_EXCEEDED, 'x'), 'NO_ANSWER', 'unavailable'],
  [
    'a TLS certificate that is not accepted',
    'endorse',
    gatewayError(
      status.UNAVAILABLE,
      '14 UNAVAILABLE: No connection established. Last error: Error: self-signed certificate in certificate chain',
    ),
    'TLS_REFUSED',
    'unavailable',
  ],
  [
    'an orderer that is away',
    'submit',
    gatewayError(
      status.UNAVAILABLE,
      '14 UNAVAILABLE: no orderers could successfully process transaction, see attached details for more info',
    ),
    'ORDERER_AWAY',
    'unknown',
  ],
  [
    'a block that does not come',
    'commitStatus',
    gatewayError(status.DEADLINE_EXCEEDED, 'x'),
    'ORDERER_AWAY',
    'unknown',
  ],
  [
    'a chaincode that this peer does not have',
    'evaluate',
    gatewayError(
      status.FAILED_PRECONDITION,
      '9 FAILED_PRECONDITION: no peers available to evaluate chaincode provenance in channel access',
    ),
    'CHAINCODE_MISSING',
    'unavailable',
  ],
  [
    'a chaincode that is defined and not installed',
    'endorse',
    gatewayError(status.ABORTED, ABORTED, [
      "make sure the chaincode provenance has been successfully defined on channel access and try again: chaincode definition for 'provenance' exists, but chaincode is not installed",
    ]),
    'CHAINCODE_MISSING',
    'unavailable',
  ],
  [
    'a chaincode that hangs',
    'endorse',
    gatewayError(status.ABORTED, ABORTED, [
      'error in simulation: failed to execute transaction 4f: error sending: timeout expired while executing transaction',
    ]),
    'CHAINCODE_SILENT',
    'unavailable',
  ],
  [
    'a chaincode that says what a peer would',
    'evaluate',
    gatewayError(status.UNKNOWN, 'x', ['chaincode response 500, chaincode is not installed']),
    undefined,
    'rejected',
  ],
  [
    'a chaincode that speaks of certificates',
    'evaluate',
    gatewayError(status.UNKNOWN, 'x', [
      'chaincode response 500, NOT_ALLOWED|certificate of another organisation',
    ]),
    undefined,
    'rejected',
  ],
  [
    'a peer that was never asked for a reason',
    'endorse',
    gatewayError(status.FAILED_PRECONDITION, 'no combination of peers'),
    undefined,
    'unavailable',
  ],
])('names the reason: %s', (_, stage, error, reason, kind) => {
  expect([toLedgerError(error, stage).reason, toLedgerError(error, stage).kind]).toEqual([reason, kind]);
  if (reason !== undefined) {
    expect(LEDGER_REMEDIES[reason]).not.toBe('');
  }
});

const SILENT =
  'error in simulation: failed to execute transaction 4f: error sending: timeout expired while executing transaction';
const [NORTH, TRUSTEE] = ['NorthHospitalMSP', 'TrusteeMSP'];

test.each<[string, readonly string[], readonly string[], LedgerFailureReason]>([
  ['the own chaincode', [SILENT], [NORTH], 'CHAINCODE_SILENT'],
  ['the trustee’s chaincode', [SILENT], [TRUSTEE], 'TRUSTEE_AWAY'],
  [
    'a trustee’s chaincode that is dead',
    ['error in simulation: could not launch chaincode provenance:4f'],
    [TRUSTEE],
    'TRUSTEE_AWAY',
  ],
  ['a trustee without chaincode', ['chaincode is not installed'], [TRUSTEE], 'TRUSTEE_AWAY'],
  ['both chaincodes', [SILENT, SILENT], [TRUSTEE, NORTH], 'CHAINCODE_SILENT'],
])('names whose it is, of a peer’s own trouble: %s', (_, texts, mspIds, reason) => {
  for (const stage of ['endorse', 'evaluate'] as const) {
    const error = gatewayError(status.ABORTED, ABORTED, texts, mspIds);
    expect(toLedgerError(error, stage, 'tx', TRUSTEE)).toMatchObject({ reason, kind: 'unavailable' });
  }
});

test('the trustee’s own call, and one with no trustee in it, name no trustee', () => {
  const error = gatewayError(status.ABORTED, ABORTED, [SILENT], [TRUSTEE]);
  expect(toLedgerError(error, 'endorse', 'tx').reason).toBe('CHAINCODE_SILENT');
});

test('a peer of the trustee that is not there is the trustee’s, unless the own peer says so of itself', () => {
  const error = (details: readonly string[]) => gatewayError(status.UNAVAILABLE, ABORTED, details, [TRUSTEE]);
  expect(toLedgerError(error(['connect ECONNREFUSED']), 'endorse', 'tx', TRUSTEE).reason).toBe(
    'TRUSTEE_AWAY',
  );
  expect(toLedgerError(error([]), 'endorse', 'tx', TRUSTEE).reason).toBe('NO_ANSWER');
});

test('what is known of a call’s effect is no part of its cause in words', () => {
  const said = (['unavailable', 'unknown', 'retryable'] as const).map(
    (kind) => ledgerFailureOf(new LedgerError(kind, 'x', { reason: 'ORDERER_AWAY' })).reason,
  );
  expect(new Set(said)).toEqual(new Set(['ledger unavailable (ORDERER_AWAY)']));
});
