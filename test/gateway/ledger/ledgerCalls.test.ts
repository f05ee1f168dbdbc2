// SPDX-License-Identifier: Apache-2.0
import type { Network } from '@hyperledger/fabric-gateway';
import { LedgerCalls } from '../../../gateway/src/ledger/ledgerCalls';
import { LedgerError, type LedgerErrorKind } from '../../../gateway/src/ledger/ledgerError';
import type { Submitter, SubmitResult } from '../../../gateway/src/ledger/submitter';

const COMMITTED: SubmitResult = { transactionId: 'tx', block: 7n, result: new Uint8Array() };

/** Calls over a fake submitter that fails as often as `failures` says. */
function calls(
  failures: number,
  kind: LedgerErrorKind,
): { write: () => Promise<SubmitResult>; submitted: () => number } {
  let submitted = 0;
  const submitter = {
    submit: () => {
      submitted += 1;
      return submitted <= failures
        ? Promise.reject(new LedgerError(kind, 'the peers differ'))
        : Promise.resolve(COMMITTED);
    },
  } as unknown as Submitter;
  const made = new LedgerCalls({
    network: { getContract: () => ({}) } as unknown as Network,
    chaincode: 'provenance',
    mspId: 'TrusteeMSP',
    submitter,
    heights: { note: () => undefined },
    trusteeMspId: 'TrusteeMSP',
  });
  return {
    write: () => made.write('Consent', 'Put', [], { endorsers: ['TrusteeMSP'] }),
    submitted: () => submitted,
  };
}

test('a small write that wrote nothing is submitted again', async () => {
  const { write, submitted } = calls(2, 'retryable');
  expect(await write()).toEqual(COMMITTED);
  expect(submitted()).toBe(3);
});

test('one change under lasting disagreement makes six submissions, and no more', async () => {
  const { write, submitted } = calls(100, 'retryable');
  await expect(write()).rejects.toMatchObject({ kind: 'retryable' });
  expect(submitted()).toBe(6);
});

test.each(['unknown', 'rejected', 'unavailable'] as const)(
  'what is %s is not submitted again: it may be written, or is refused',
  async (kind) => {
    const { write, submitted } = calls(1, kind);
    await expect(write()).rejects.toMatchObject({ kind });
    expect(submitted()).toBe(1);
  },
);
