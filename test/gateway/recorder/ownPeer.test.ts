// SPDX-License-Identifier: Apache-2.0
import type { BatchInput } from '@chartwitness/chaincode/domain';
import { OwnPeer } from '../../../gateway/src/recorder/ownPeer';
import { ManualScheduler, settle } from './support/manualScheduler';
import { emergencyOf, requestOf } from './support/requests';

test('an emergency’s question never waits behind a flood of searches', async () => {
  const calls: BatchInput[] = [];
  const peer = new OwnPeer({
    ledger: {
      evaluateBatch: (_lane, batch) => {
        calls.push(batch);
        return new Promise(() => undefined);
      },
      findBatch: () => Promise.resolve(undefined),
    },
    lane: 'NorthHospitalMSP/main',
    scheduler: new ManualScheduler(),
    waitMs: 1_000,
    maxEvents: 1,
    maxBytes: 1_000_000,
    provenSeq: () => undefined,
  });
  for (let i = 0; i < 20; i += 1) void peer.ask(requestOf(i), false).catch(() => undefined);
  await settle();
  const before = calls.length;
  void peer.ask(emergencyOf(1), true).catch(() => undefined);
  await settle();
  expect(calls.length).toBe(before + 1);
  expect(calls.at(-1)?.requests[0]?.id).toBe(emergencyOf(1).id);
});
