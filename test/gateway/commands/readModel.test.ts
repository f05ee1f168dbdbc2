// SPDX-License-Identifier: Apache-2.0
import { describeRefusal } from '../../../gateway/src/commands/readModel';
import { LedgerError } from '../../../gateway/src/ledger/ledgerError';
import { RebuildRefused } from '../../../gateway/src/projection/maintenance';
import { ProjectionHalted } from '../../../gateway/src/projection/projectionHalted';

test('a command that stopped says that nothing was changed, why, and what to do', () => {
  const snapshot = new LedgerError('rejected', 'cannot serve block [0]', { reason: 'BLOCKS_MISSING' });
  expect(describeRefusal(snapshot)).toMatch(
    /^Nothing was changed\. BLOCKS_MISSING: cannot serve block \[0\]\n {2}this peer was joined by a snapshot/,
  );
  expect(describeRefusal(new ProjectionHalted('ROOT_MISMATCH', 'lane L, seq 1'))).toContain(
    'restore the peer',
  );
  expect(describeRefusal(new RebuildRefused('another ledger'))).toBe('Nothing was changed: another ledger.');
});

test('a mistake of this program stays an error', () => {
  expect(describeRefusal(new TypeError('a bug'))).toBeUndefined();
});
