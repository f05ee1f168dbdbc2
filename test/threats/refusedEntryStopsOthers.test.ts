// SPDX-License-Identifier: Apache-2.0
/**
 * Somebody has an entry made that the ledger never takes (a rule that only one peer understands, a form that
 * another version refuses), and has it made again and again: neither the requests beside it nor what is owed
 * behind it may suffer.
 */
import { AppError } from '../../gateway/src/errors';
import { emergencyOf, requestOf } from '../gateway/recorder/support/requests';
import {
  createWorkbench,
  LANE,
  recordOne,
  watch,
  type Workbench,
} from '../gateway/recorder/support/workbench';

const BAD_SUBJECT = Buffer.alloc(32, 7).toString('base64url');

let bench: Workbench;
beforeEach(() => {
  bench = createWorkbench();
});

test.each([
  ['is refused by the ledger', 'INTERNAL'],
  ['makes the peers differ', 'LEDGER_UNAVAILABLE'],
])('a patient whose every access %s stops nobody else’s, however often she is opened', async (how, code) => {
  const isHers = ({ subject }: { subject: string }): boolean => subject === BAD_SUBJECT;
  if (how === 'is refused by the ledger') {
    bench.ledger.refuses = isHers;
  } else {
    bench.ledger.differsAbout = isHers;
  }
  const recorder = await bench.start();
  const good = [];
  const bad = [];
  for (let round = 0; round < 10; round += 1) {
    for (let number = 0; number < 30; number += 1) {
      good.push(watch(recordOne(recorder, requestOf(round * 100 + number))));
    }
    bad.push(watch(recordOne(recorder, requestOf(round * 100 + 99, { subject: BAD_SUBJECT }))));
    await bench.scheduler.advance(500);
  }
  await bench.scheduler.advance(15_000);
  expect(good.filter(({ outcome }) => outcome === undefined)).toEqual([]);
  expect(bad.map(({ error }) => error instanceof AppError && error.code)).toEqual(bad.map(() => code));
  expect(recorder.state()).toMatchObject({ phase: 'ready', queued: 0, inFlight: 0 });
});

test('an emergency of hers that left while the ledger was away keeps no other late release off the ledger', async () => {
  bench.ledger.refuses = ({ subject }) => subject === BAD_SUBJECT;
  const recorder = await bench.start();
  bench.ledger.isCutOff = true;
  // An own peer that answered would refuse her emergency.
  bench.ledger.evaluation = 'away';
  const watched = [1, 2, 3, 4, 5].map((number) =>
    watch(
      recordOne(recorder, number === 2 ? { ...emergencyOf(2), subject: BAD_SUBJECT } : emergencyOf(number)),
    ),
  );
  await bench.scheduler.advance(3_000);
  expect(watched.map(({ outcome }) => outcome?.late)).toEqual(watched.map(() => true));
  bench.ledger.isCutOff = false;
  bench.ledger.evaluation = 'answers';
  await bench.scheduler.advance(60_000);
  expect(bench.ledger.events(LANE).map(({ id }) => id)).toEqual(
    [1, 3, 4, 5].map((number) => emergencyOf(number).id),
  );
  expect(bench.outbox.setAside().map(({ id }) => id)).toEqual([emergencyOf(2).id]);
});
