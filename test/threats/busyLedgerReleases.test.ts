// SPDX-License-Identifier: Apache-2.0
import { type AccessRequest, completeEvent, type ConsentDocument } from '@chartwitness/chaincode/domain';
import { settle } from '../gateway/recorder/support/manualScheduler';
import { emergencyOf, requestOf } from '../gateway/recorder/support/requests';
import { createWorkbench, LANE, recordOne, watch } from '../gateway/recorder/support/workbench';

/**
 * The attack: fill the recorder with ordinary requests until it is slow, then break the glass for a patient
 * whose one rule is "nobody, not even in an emergency". Everything was released late while the ledger called
 * it a refusal that was not late.
 */
const NOBODY: ConsentDocument = {
  subject: emergencyOf(1).subject,
  version: 1,
  default: 'permit',
  rules: [{ id: 'nobody', effect: 'deny', holdsInEmergency: true }],
};

// Nothing waits here; thousands of requests take a busy machine its time.
jest.setTimeout(60_000);

function decidedBy(consent: ConsentDocument): (request: AccessRequest, item: number) => boolean {
  return (request, item) => {
    const { items } = completeEvent(request, {
      holder: 'NorthHospitalMSP',
      at: request.requestedAt,
      consent,
      defaultPolicy: { rules: [], default: 'permit' },
      refusal: undefined,
    });
    return items[item]?.decision === 'permit';
  };
}

test.each([
  ['a rule that holds in emergencies', NOBODY, false],
  ['a rule that does not', { ...NOBODY, rules: [{ id: 'nobody', effect: 'deny' as const }] }, true],
])('a flood of another client does not open what %s closes', async (_, consent, isOpen) => {
  const bench = createWorkbench();
  bench.ledger.decide = decidedBy(consent);
  const recorder = await bench.start();
  // Every commit takes a second: the queue stands for minutes.
  bench.ledger.faults = Array.from({ length: 400 }, () => ({ kind: 'held' as const }));
  const flood = { ...requestOf(0).requester, clientId: 'north-flood' };
  for (let number = 10; number < 2_510; number += 1) {
    watch(recordOne(recorder, requestOf(number, { requester: flood })));
  }
  const emergency = watch(recordOne(recorder, emergencyOf(1)));
  for (let second = 0; second < 20; second += 1) {
    await bench.scheduler.advance(1_000);
    bench.ledger.releaseHeld();
    await settle();
  }
  expect(emergency.outcome).toMatchObject({ permitted: [isOpen, isOpen], late: false });
  const [entry, ...more] = bench.ledger
    .events(LANE)
    .filter(({ id, amends }) => id === emergencyOf(1).id || amends?.id === emergencyOf(1).id);
  expect(entry).toMatchObject({ late: false, outcome: isOpen ? 'permit' : 'deny' });
  expect(more).toEqual([]);
});

test('a ledger that is away opens no more than the own peer permits', async () => {
  const bench = createWorkbench();
  bench.ledger.decide = decidedBy(NOBODY);
  const recorder = await bench.start();
  bench.ledger.isCutOff = true;
  const emergency = watch(recordOne(recorder, emergencyOf(1)));
  await bench.scheduler.advance(2_000);
  expect(emergency.outcome).toEqual({ permitted: [false, false], late: true });
  bench.ledger.isCutOff = false;
  await bench.scheduler.advance(3_000);
  expect(bench.ledger.events(LANE)).toMatchObject([{ late: true, lateBasis: 'ownPeer', outcome: 'deny' }]);
});
