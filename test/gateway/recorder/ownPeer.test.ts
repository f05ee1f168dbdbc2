// SPDX-License-Identifier: Apache-2.0
import type { BatchInput } from '@chartwitness/chaincode/domain';
import { OwnPeer } from '../../../gateway/src/recorder/ownPeer';
import { ManualScheduler, settle } from './support/manualScheduler';
import { emergencyOf, requestOf } from './support/requests';

/** A peer that answers a call when it is told to, and then with yes. */
function hangingPeer(maxEvents: number) {
  const calls: { readonly ids: readonly string[]; readonly end: () => void }[] = [];
  const scheduler = new ManualScheduler();
  const peer = new OwnPeer({
    ledger: {
      evaluateBatch: (_lane, { requests }: BatchInput) =>
        new Promise((resolve) => {
          calls.push({
            ids: requests.map(({ id }) => id),
            end: () => {
              resolve(requests.map(({ items }) => items.map(() => true)));
            },
          });
        }),
      findBatch: () => Promise.resolve(undefined),
    },
    lane: 'NorthHospitalMSP/main',
    scheduler,
    waitMs: 1_000,
    maxEvents,
    maxBytes: 1_000_000,
    provenSeq: () => undefined,
  });
  const ask = (number: number, isEmergency: boolean): void => {
    void peer.ask(isEmergency ? emergencyOf(number) : requestOf(number), isEmergency).catch(() => undefined);
  };
  return { calls, scheduler, ask };
}

test('an emergency’s question never waits behind a flood of searches', async () => {
  const { calls, ask } = hangingPeer(1);
  for (let i = 0; i < 20; i += 1) ask(i, false);
  await settle();
  const before = calls.length;
  ask(1, true);
  await settle();
  expect(calls.length).toBe(before + 1);
  expect(calls.at(-1)?.ids).toEqual([emergencyOf(1).id]);
});

test('the call that is kept for emergencies stays theirs when one of them is over', async () => {
  const { calls, scheduler, ask } = hangingPeer(1);
  for (let i = 0; i < 20; i += 1) ask(i, false);
  ask(100, true);
  await settle();
  expect(calls).toHaveLength(4);
  ask(101, true);
  // Nobody waits any longer for any of them; later ones do.
  await scheduler.advance(1_000);
  for (let i = 20; i < 40; i += 1) ask(i, false);
  calls[3]?.end();
  await settle();
  expect(calls).toHaveLength(4);
  ask(102, true);
  await settle();
  expect(calls).toHaveLength(5);
  expect(calls[4]?.ids).toEqual([emergencyOf(102).id]);
});

test('an emergency’s call asks for emergencies alone', async () => {
  const { calls, ask } = hangingPeer(100);
  for (let i = 0; i < 3; i += 1) {
    ask(i, false);
    await settle();
  }
  for (let i = 3; i < 20; i += 1) ask(i, false);
  ask(100, true);
  await settle();
  expect(calls).toHaveLength(4);
  expect(calls[3]?.ids).toEqual([emergencyOf(100).id]);
});
