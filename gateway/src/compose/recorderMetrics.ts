// SPDX-License-Identifier: Apache-2.0
import type { Metrics } from '../http/metrics';
import type { BatchReport, Recorder, RecorderState } from '../recorder/recorder';

const GAUGES: readonly (readonly [name: string, help: string, read: (state: RecorderState) => number])[] = [
  ['ledger_away', '1 while nothing of this lane commits', ({ ledgerAway }) => Number(ledgerAway)],
  [
    'ledger_away_seconds',
    'Seconds for which the ledger was away since the start',
    ({ awaySeconds }) => awaySeconds,
  ],
  ['ledger_slow', '1 while the ledger commits but requests wait', ({ ledgerSlow }) => Number(ledgerSlow)],
  [
    'late_releases_own_peer',
    'Emergencies released before their record by the own peer’s evaluation, since the start',
    ({ lateReleases }) => lateReleases.ownPeer,
  ],
  [
    'late_releases_deployment',
    'Emergencies released before their record by the deployment’s choice, since the start',
    ({ lateReleases }) => lateReleases.deployment,
  ],
  [
    'emergencies_refused_slow',
    'Emergencies refused because the ledger was slow, since the start',
    ({ emergenciesRefused }) => emergenciesRefused.slow,
  ],
  [
    'emergencies_refused_away',
    'Emergencies refused while the ledger was away, since the start',
    ({ emergenciesRefused }) => emergenciesRefused.away,
  ],
  ['amendments_owed', 'Amendments that the ledger lacks', ({ amendmentsOwed }) => amendmentsOwed],
  [
    'recorder_set_aside',
    'Owed entries that the ledger refuses while it takes others; alarm above 0',
    ({ setAside }) => setAside,
  ],
  [
    'recorder_waiting',
    'Owed entries that may stand in batches whose events nobody gives (EVENTS_LOST_HERE); alarm above 0',
    ({ waiting }) => waiting,
  ],
  [
    'recorder_owed',
    'Entries, of released emergencies above all, that are not on the ledger and that no batch has taken up yet',
    ({ owed }) => owed,
  ],
  ['recorder_queued', 'Parts of requests that wait for a batch', ({ queued }) => queued],
  ['recorder_in_flight', 'Batches whose commit is not known', ({ inFlight }) => inFlight],
  ['recorder_ready', '1 while the lane is recorded on', ({ phase }) => Number(phase === 'ready')],
  [
    'recorder_fenced',
    '1 while another gateway writes this lane; alarm above 0',
    ({ phase }) => Number(phase === 'fenced'),
  ],
  [
    'recorder_stuck',
    '1 while the ledger refuses even entries about nobody; alarm above 0',
    ({ phase }) => Number(phase === 'stuck'),
  ],
  [
    'recorder_store_failing',
    '1 while the recorder’s own store cannot be written; alarm above 0',
    ({ storeFailing }) => Number(storeFailing),
  ],
  ['recorder_next_seq', 'Number of the next batch of the lane', ({ nextSeq }) => nextSeq],
  [
    'recorder_last_commit_seconds',
    'When a batch was committed last, in seconds since the epoch; 0 before the first',
    ({ lastCommitAt = 0 }) => lastCommitAt / 1000,
  ],
  ['recorder_committed_events', 'Events committed since the start', ({ committedEvents }) => committedEvents],
  [
    'recorder_committed_batches',
    'Batches committed since the start',
    ({ committedBatches }) => committedBatches,
  ],
  [
    'recorder_failed_attempts',
    'Attempts to commit a batch that failed since the start',
    ({ failedAttempts }) => failedAttempts,
  ],
];

/**
 * Adds what an operator watches of the recorder, as `chartwitness_<name>`. Totals are since the start of the
 * process.
 */
export function addRecorderMetrics(metrics: Pick<Metrics, 'gauge'>, recorder: Pick<Recorder, 'state'>): void {
  for (const [name, help, read] of GAUGES) {
    metrics.gauge(`chartwitness_${name}`, help, () => read(recorder.state()));
  }
}

/** How long batches take, from their opening to their commit. @returns what takes each batch's report. */
export function addBatchSeconds(metrics: Pick<Metrics, 'durations'>): (report: BatchReport) => void {
  const observe = metrics.durations(
    'chartwitness_recorder_batch_seconds',
    'Duration of batches, from their opening to their commit',
  );
  return ({ milliseconds }) => {
    observe(milliseconds);
  };
}
