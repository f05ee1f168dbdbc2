// SPDX-License-Identifier: Apache-2.0
/**
 * A patient denies even emergencies, in a consent that this version of the chaincode cannot read. Somebody
 * opens her chart by break-glass when nobody else asks: nothing commits, so the ledger seems to be away.
 * Ledger and own peer answer all the time, with a refusal.
 */
import { AppError } from '../../gateway/src/errors';
import { emergencyOf, requestOf } from '../gateway/recorder/support/requests';
import { createWorkbench, LANE, recordOne, watch, type Watched } from '../gateway/recorder/support/workbench';

const HERS = Buffer.alloc(32, 7).toString('base64url');

async function opened(isCutOff: boolean, isBusy: boolean) {
  const bench = createWorkbench();
  const recorder = await bench.start({ emergencyWithoutLedger: 'release' });
  await bench.scheduler.advance(1_000);
  bench.ledger.refuses = ({ subject }) => subject === HERS;
  bench.ledger.isCutOff = isCutOff;
  const hers: Watched[] = [];
  const others: Watched[] = [];
  for (let number = 0; number < 5; number += 1) {
    hers.push(watch(recordOne(recorder, { ...emergencyOf(10 + number), subject: HERS })));
    if (isBusy) {
      others.push(watch(recordOne(recorder, requestOf(100 + number))));
    }
    await bench.scheduler.advance(4_000);
  }
  await bench.scheduler.advance(20_000);
  return { bench, recorder, hers, others };
}

test.each([
  ['in a quiet hour', false, false],
  ['in a busy one', false, true],
  ['while nothing can be ordered', true, false],
  ['while nothing can be ordered for anybody', true, true],
])('%s nothing of hers leaves, however often she is opened', async (_, isCutOff, isBusy) => {
  const { bench, recorder, hers } = await opened(isCutOff, isBusy);
  expect(hers.filter(({ outcome }) => outcome !== undefined)).toEqual([]);
  expect(hers.every(({ error }) => error instanceof AppError)).toBe(true);
  expect(recorder.state()).toMatchObject({
    ...{ owed: 0, setAside: 0 },
    lateReleases: { ownPeer: 0, deployment: 0 },
  });
  expect(bench.ledger.events(LANE).filter(({ subject }) => subject === HERS)).toEqual([]);
});

test('everybody else goes on, and the ledger does not count as away', async () => {
  const { recorder, others } = await opened(false, true);
  expect(others.filter(({ outcome }) => outcome === undefined)).toEqual([]);
  expect(recorder.state()).toMatchObject({ phase: 'ready', awaySeconds: 0 });
});
