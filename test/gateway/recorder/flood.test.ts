// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { openOutbox } from '../../../gateway/src/recorder/sqliteOutbox';
import { createRecorder } from '../../../gateway/src/recorder/createRecorder';
import type { RecordingLedger } from '../../../gateway/src/recorder/recorder';
import { CLIENT, NORTH, startEmbeddedTestNetwork, type TestNetwork } from '../ledger/network';
import { emergencyOf, requestOf } from './support/requests';
import { recordOne, silent } from './support/workbench';

/**
 * Small in the suite, which counts batches; the whole claim, with its times, with RECORDER_FLOOD=5000
 * RECORDER_EMERGENCIES=100.
 */
const WHOLE_CLAIM = process.env['RECORDER_FLOOD'] !== undefined;
const FLOOD = Number(process.env['RECORDER_FLOOD'] ?? 1_500);
const EMERGENCIES = Number(process.env['RECORDER_EMERGENCIES'] ?? 20);
/** Between two emergencies: they come at any moment of the flood. */
const PACE_MS = 5;

let net: TestNetwork;
let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'recorder-flood-'));
  net = await startEmbeddedTestNetwork();
  for (const clientId of ['north-ward', 'north-flood']) {
    await net.north.putClient({ ...CLIENT, clientId });
  }
}, 60_000);
afterAll(async () => {
  await net.close();
  rmSync(folder, { recursive: true });
}, 60_000);

/**
 * The ledger, and which batches were handed in so far: the ids of each one's entries, in the order of their
 * hand-in.
 */
function watched(ledger: RecordingLedger): { ledger: RecordingLedger; batches: ReadonlySet<string>[] } {
  const batches: ReadonlySet<string>[] = [];
  const recordBatch: RecordingLedger['recordBatch'] = (lane, seq, batch, options) => {
    batches[seq] ??= new Set(batch.requests.map(({ id }) => id));
    return ledger.recordBatch(lane, seq, batch, options);
  };
  return {
    batches,
    ledger: new Proxy(ledger, {
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

function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(q * sorted.length) - 1)] ?? NaN;
}

test('a flood of another client: an emergency is in the next batch, and takes at most twice as long as the batches of the flood', async () => {
  const batches: number[] = [];
  const { ledger, batches: handedIn } = watched(net.north);
  const recorder = await createRecorder({
    ledger,
    lane: `${NORTH}/flood`,
    outbox: openOutbox(join(folder, 'outbox.db')),
    emergencyWithoutLedger: 'refuse',
    log: silent,
    // Others may share the machine: the test compares times, and does not ask whether they are short.
    limits: { deadlineMs: 300_000, emergencyWaitMs: 100_000, awayAfterMs: 60_000 },
    onBatch: ({ events, milliseconds }) => {
      // The batches of the flood: those in which an emergency alone went are not.
      if (events > EMERGENCIES) {
        batches.push(milliseconds);
      }
    },
  });
  const flood = { ...requestOf(0).requester, clientId: 'north-flood' };
  let isFlooding = true;
  const flooded = Promise.all(
    Array.from({ length: FLOOD }, (_, number) =>
      recordOne(recorder, requestOf(number, { requester: flood })),
    ),
  ).then((outcomes) => {
    isFlooding = false;
    return outcomes;
  });
  const times: number[] = [];
  const passedBy: number[] = [];
  let during = 0;
  const answered: Promise<void>[] = [];
  for (let number = 0; number < EMERGENCIES; number += 1) {
    const began = performance.now();
    const { nextSeq } = recorder.state();
    const emergency = emergencyOf(100_000 + number);
    during += Number(isFlooding);
    answered.push(
      recordOne(recorder, emergency).then((outcome) => {
        times.push(performance.now() - began);
        passedBy.push(handedIn.findIndex((ids) => ids.has(emergency.id)) - nextSeq);
        expect(outcome).toMatchObject({ late: false });
      }),
    );
    await setTimeout(PACE_MS);
  }
  await Promise.all([flooded, ...answered]);
  const [p95, median] = [quantile(times, 0.95), quantile(batches, 0.5)];
  process.stdout.write(
    `${String(FLOOD)} requests in ${String(batches.length)} batches, median ${median.toFixed(0)} ms; ` +
      `${String(EMERGENCIES)} emergencies (${String(during)} during the flood), p95 ${p95.toFixed(0)} ms\n`,
  );
  expect(during).toBe(EMERGENCIES);
  // The flood really queued: what came last of it saw many batches go before it.
  expect(handedIn.findIndex((ids) => ids.has(requestOf(FLOOD - 1).id))).toBeGreaterThan(5);
  expect(passedBy).toEqual(Array.from({ length: EMERGENCIES }, () => 0));
  expect(recorder.state()).toMatchObject({ lateReleases: { ownPeer: 0, deployment: 0 }, owed: 0 });
  // Times are asked for by the whole claim alone: on a machine that others use they say how busy it is.
  if (WHOLE_CLAIM) {
    expect(p95).toBeLessThanOrEqual(2 * median);
  }
  await recorder.close();
}, 300_000);
