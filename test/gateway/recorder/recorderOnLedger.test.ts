// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AppError } from '../../../gateway/src/errors';
import { openOutbox } from '../../../gateway/src/recorder/outbox';
import { createRecorder, type Recorder } from '../../../gateway/src/recorder/recorder';
import { CLIENT, NORTH, startTestNetwork, type TestNetwork } from '../ledger/network';
import { emergencyOf, requestOf } from './support/requests';
import { silent } from './support/workbench';

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
      recorder.record(requestOf(number, { purpose: number % 2 === 0 ? 'TREAT' : 'HRESCH' })),
    ),
  );
  outcomes.forEach((outcome, number) => {
    expect(outcome.permitted).toEqual(number % 2 === 0 ? [true, true] : [false, false]);
  });
  expect(recorder.state()).toMatchObject({ committedEvents: 300, queued: 0, inFlight: 0 });
  expect(recorder.state().committedBatches).toBeLessThan(60);
  await recorder.close();
  const next = await start('many');
  await next.record(requestOf(1_000));
  await expectSoundLane('many', 301);
}, 60_000);

test('break-glass overrides what the rules deny and is not late', async () => {
  const recorder = await start('emergency');
  const outcome = await recorder.record(emergencyOf(2_000));
  expect(outcome).toMatchObject({ permitted: [true, true], late: false });
  const { events } = await net.trustee.getEvents(`${NORTH}/emergency`, 0);
  expect(events[0]).toMatchObject({ late: false, items: [{ basis: { kind: 'emergency' } }, {}] });
}, 60_000);

test('a second gateway with the same name is found out', async () => {
  const first = await start('shared', 'shared-first');
  await first.record(requestOf(3_000));
  const second = await start('shared', 'shared-second');
  await second.record(requestOf(3_001));
  const refused: unknown = await first.record(requestOf(3_002)).catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(AppError);
  expect(refused).toMatchObject({ code: 'LANE_FENCED' });
  expect(first.state().phase).toBe('fenced');
  await expectSoundLane('shared', 2);
}, 60_000);

test("a suspended organisation's accesses are refused, and recorded nowhere", async () => {
  const recorder = await start('suspended');
  await net.trustee.setOrganisationStatus(NORTH, 'suspended');
  const refused: unknown = await recorder.record(requestOf(4_000)).catch((error: unknown) => error);
  expect(refused).toMatchObject({ code: 'FORBIDDEN' });
  await net.trustee.setOrganisationStatus(NORTH, 'active');
  await recorder.record(requestOf(4_001));
  const { events } = await net.trustee.getEvents(`${NORTH}/suspended`, 0);
  expect(events.map((event) => event.id)).toEqual([requestOf(4_001).id]);
}, 60_000);
