// SPDX-License-Identifier: Apache-2.0
import { addBatchSeconds, addRecorderMetrics } from '../../../gateway/src/compose/recorderMetrics';
import { createMetrics } from '../../../gateway/src/http/metrics';
import { emergencyOf } from '../recorder/support/requests';
import { createWorkbench, recordOne, watch } from '../recorder/support/workbench';

test('what an operator watches of the recorder is scraped as it stands', async () => {
  const bench = createWorkbench();
  const recorder = await bench.start({ emergencyWithoutLedger: 'refuse' });
  const metrics = createMetrics('hospital');
  addRecorderMetrics(metrics, recorder);
  bench.ledger.isCutOff = true;
  bench.ledger.evaluate = () => true;
  watch(recordOne(recorder, emergencyOf(1)));
  await bench.scheduler.advance(2_500);
  bench.ledger.evaluation = 'away';
  watch(recordOne(recorder, emergencyOf(2)));
  await bench.scheduler.advance(500);
  const text = await metrics.registry.metrics();
  for (const [name, value] of [
    ['ledger_away', 1],
    ['ledger_away_seconds', 1],
    ['ledger_slow', 0],
    ['late_releases_own_peer', 1],
    ['late_releases_deployment', 0],
    ['emergencies_refused_slow', 0],
    ['emergencies_refused_away', 1],
    ['amendments_owed', 0],
    ['recorder_set_aside', 0],
    ['recorder_owed', 0],
    ['recorder_in_flight', 1],
    ['recorder_ready', 1],
    ['recorder_fenced', 0],
    ['recorder_stuck', 0],
    ['recorder_store_failing', 0],
    ['recorder_next_seq', 1],
    ['recorder_committed_batches', 0],
    ['recorder_last_commit_seconds', 0],
  ] as const) {
    expect(text).toContain(`chartwitness_${name}{service="hospital"} ${String(value)}\n`);
  }
  await bench.scheduler.advance(0);
});

test('each batch is timed from its opening to its commit', async () => {
  const metrics = createMetrics('hospital');
  const take = addBatchSeconds(metrics);
  take({ lane: 'NorthHospitalMSP/ward', seq: 0, events: 3, milliseconds: 20 });
  take({ lane: 'NorthHospitalMSP/ward', seq: 1, events: 1, milliseconds: 300 });
  const text = await metrics.registry.metrics();
  const bucket = (le: string): string =>
    `chartwitness_recorder_batch_seconds_bucket{le="${le}",service="hospital"}`;
  expect(text).toContain(`${bucket('0.01')} 0\n`);
  expect(text).toContain(`${bucket('0.025')} 1\n`);
  expect(text).toContain(`${bucket('0.5')} 2\n`);
  expect(text).toContain('chartwitness_recorder_batch_seconds_sum{service="hospital"} 0.32\n');
});
