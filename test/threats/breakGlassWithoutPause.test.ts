// SPDX-License-Identifier: Apache-2.0
import type { AccessRequest } from '@chartwitness/chaincode/domain';
import Database from 'libsql';
import { createRecorder } from '../../gateway/src/recorder/createRecorder';
import type { RecordingLedger } from '../../gateway/src/recorder/recorder';
import { outboxOn } from '../../gateway/src/recorder/sqliteOutbox';
import { FakeLedger } from '../gateway/recorder/support/fakeLedger';
import { emergencyOf, requestOf } from '../gateway/recorder/support/requests';
import { LANE, recordOne, silent } from '../gateway/recorder/support/workbench';

// A client that marks everything as an emergency, and asks again as soon as it is answered: its break-glass
// goes first, but it takes only a part of each moment. What counts here is turns, not milliseconds.

const turn = (): Promise<void> =>
  new Promise((resolve) => {
    setImmediate(resolve);
  });

/** A ledger whose batches commit one after the other, as the test says. */
function stepwise(): {
  ledger: RecordingLedger;
  batches: AccessRequest[][];
  commitNext: () => Promise<void>;
} {
  const fake = new FakeLedger();
  const batches: AccessRequest[][] = [];
  const waiting: (() => void)[] = [];
  const recordBatch: RecordingLedger['recordBatch'] = async (lane, seq, batch, options) => {
    batches[seq] = [...batch.requests];
    options?.onEndorsed?.();
    await new Promise<void>((resolve) => waiting.push(resolve));
    return fake.recordBatch(lane, seq, batch);
  };
  return {
    batches,
    commitNext: async () => {
      for (let tries = 0; waiting.length === 0 && tries < 100; tries += 1) {
        await turn();
      }
      waiting.shift()?.();
      for (let turns = 0; turns < 10; turns += 1) {
        await turn();
      }
    },
    ledger: new Proxy<RecordingLedger>(fake, {
      get: (target, property) => {
        if (property === 'recordBatch') {
          return recordBatch;
        }
        const value: unknown = Reflect.get(target, property, target);
        return typeof value === 'function' ? (value.bind(target) as unknown) : value;
      },
    }),
  };
}

test('in the recorder: another client’s ordinary request goes with the next batches, the emergencies before it', async () => {
  const { ledger, batches, commitNext } = stepwise();
  const recorder = await createRecorder({
    ledger,
    lane: LANE,
    outbox: outboxOn(new Database(':memory:')),
    emergencyWithoutLedger: 'refuse',
    log: silent,
    limits: { awayAfterMs: 60_000, emergencyWaitMs: 120_000, deadlineMs: 300_000 },
  });
  const flooding = { ...requestOf(0).requester, clientId: 'north-flood' };
  let number = 100;
  let isOver = false;
  const ask = async (): Promise<void> => {
    while (!isOver) {
      number += 1;
      await recordOne(recorder, { ...emergencyOf(number), requester: flooding });
    }
  };
  const flood = Array.from({ length: 40 }, async (_value, place) => {
    for (let wait = 0; wait < place; wait += 1) {
      await turn();
    }
    await ask();
  });
  for (let step = 0; step < 12; step += 1) {
    await commitNext();
  }
  const before = batches.length;
  const ordinary = requestOf(1);
  const answered = recordOne(recorder, ordinary);
  for (let step = 0; step < 20; step += 1) {
    await commitNext();
  }
  const place = batches.findIndex((batch) => batch.some(({ id }) => id === ordinary.id));
  isOver = true;
  for (let step = 0; step < 20; step += 1) {
    await commitNext();
  }
  await Promise.all([answered, ...flood]);
  await recorder.close();
  expect(place - before).toBe(0);
  expect(batches[place]?.at(-1)?.id).toBe(ordinary.id);
  expect(batches[place]?.length).toBeGreaterThan(1);
}, 60_000);
