// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AppError } from '../../../gateway/src/errors';
import { openOutbox } from '../../../gateway/src/recorder/sqliteOutbox';
import { createRecorder } from '../../../gateway/src/recorder/createRecorder';
import { fillerFor, isFiller } from '../../../gateway/src/recorder/filler';
import type { Recorder } from '../../../gateway/src/recorder/recorder';
import { CLIENT, NORTH, startTestNetwork, type TestNetwork } from '../ledger/network';
import { emergencyOf, requestOf } from './support/requests';
import { recordOne, silent } from './support/workbench';

/** The recorder on a whole ledger: the same code and the same chaincode as in production. */
let net: TestNetwork;
let folder: string;
const open: Recorder[] = [];
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'recorder-ledger-'));
  net = await startTestNetwork();
  await net.north.putClient({ ...CLIENT, clientId: 'north-ward' });
}, 60_000);
afterEach(async () => {
  await Promise.all(open.splice(0).map((recorder) => recorder.close()));
});
afterAll(async () => {
  await net.close();
  rmSync(folder, { recursive: true });
}, 60_000);

async function start(name: string, store = name): Promise<Recorder> {
  const recorder = await createRecorder({
    ledger: net.north,
    lane: `${NORTH}/${name}`,
    outbox: openOutbox(join(folder, `${store}.db`)),
    emergencyWithoutLedger: 'refuse',
    log: silent,
    limits: { maxBatchEvents: 40, pipelineAt: 20, maxInFlight: 3 },
  });
  open.push(recorder);
  return recorder;
}

async function expectSoundLane(name: string, events: number): Promise<void> {
  let start = 0;
  for (let seq = 0; start < events; seq += 1) {
    const record = await net.trustee.findBatch(`${NORTH}/${name}`, seq);
    expect(record).toMatchObject({ start });
    start += record?.count ?? 0;
  }
  expect(start).toBe(events);
}

test('many callers at once: each gets its own decision, the lane has no gap, and a new process goes on behind it', async () => {
  const recorder = await start('many');
  const outcomes = await Promise.all(
    Array.from({ length: 300 }, (_, number) =>
      recordOne(recorder, requestOf(number, { purpose: number % 2 === 0 ? 'TREAT' : 'HRESCH' })),
    ),
  );
  outcomes.forEach((outcome, number) => {
    expect(outcome.permitted).toEqual(number % 2 === 0 ? [true, true] : [false, false]);
  });
  expect(recorder.state()).toMatchObject({ committedEvents: 300, queued: 0, inFlight: 0 });
  expect(recorder.state().committedBatches).toBeLessThan(60);
  await recorder.close();
  const next = await start('many');
  await recordOne(next, requestOf(1_000));
  await expectSoundLane('many', 301);
}, 60_000);

test('break-glass overrides what the rules deny and is not late', async () => {
  const recorder = await start('emergency');
  const outcome = await recordOne(recorder, emergencyOf(2_000));
  expect(outcome).toMatchObject({ permitted: [true, true], late: false });
  const { events } = await net.trustee.getEvents(`${NORTH}/emergency`, 0);
  expect(events[0]).toMatchObject({ late: false, items: [{ basis: { kind: 'emergency' } }, {}] });
}, 60_000);

test('a second gateway with the same name is found out', async () => {
  const first = await start('shared', 'shared-first');
  await recordOne(first, requestOf(3_000));
  const second = await start('shared', 'shared-second');
  await recordOne(second, requestOf(3_001));
  const refused: unknown = await recordOne(first, requestOf(3_002)).catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(AppError);
  expect(refused).toMatchObject({ code: 'LANE_FENCED' });
  expect(first.state().phase).toBe('fenced');
  await expectSoundLane('shared', 2);
}, 60_000);

test('entries about nobody are taken, and give nothing', async () => {
  const lane = `${NORTH}/filled`;
  const ids = Array.from({ length: 8 }, (_, number) => requestOf(4_500 + number));
  const names = (): { id: string; salt: string } => ids.pop() ?? requestOf(4_600);
  const { batch } = fillerFor({ lane, seq: 0, start: 0 }, 3, names, Date.now());
  expect(isFiller(batch)).toBe(true);
  const { permitted } = await net.north.recordBatch(lane, 0, { start: 0, requests: batch.requests });
  expect(permitted).toEqual([[false], [false], [false]]);
  const { events } = await net.trustee.getEvents(lane, 0);
  expect(events[0]?.items[0]?.basis).toEqual({ kind: 'refused', reason: 'clientUnknown' });
}, 60_000);

test("a suspended organisation's accesses are refused, and recorded nowhere", async () => {
  const recorder = await start('suspended');
  await net.trustee.setOrganisationStatus(NORTH, 'suspended');
  const refused: unknown = await recordOne(recorder, requestOf(4_000)).catch((error: unknown) => error);
  expect(refused).toMatchObject({ code: 'FORBIDDEN' });
  await net.trustee.setOrganisationStatus(NORTH, 'active');
  await recordOne(recorder, requestOf(4_001));
  const { events } = await net.trustee.getEvents(`${NORTH}/suspended`, 0);
  expect(events.map((event) => event.id)).toEqual([requestOf(4_001).id]);
}, 60_000);

test('the own peer says what would be decided, and nothing is recorded', async () => {
  const recorder = await start('evaluated');
  const answers = await Promise.all(
    ['TREAT', 'HRESCH', 'TREAT'].map((purpose, at) => recorder.evaluate(requestOf(5_000 + at, { purpose }))),
  );
  expect(answers).toEqual([
    [true, true],
    [false, false],
    [true, true],
  ]);
  const height = await net.north.height();
  await recorder.evaluate(emergencyOf(5_010));
  expect(await net.north.height()).toBe(height);
  expect(await net.north.findBatch(`${NORTH}/evaluated`, 0)).toBeUndefined();
  await expect(recorder.evaluate({ ...requestOf(1), subject: 'nobody' })).rejects.toMatchObject({
    code: 'BAD_REQUEST',
  });
}, 60_000);
