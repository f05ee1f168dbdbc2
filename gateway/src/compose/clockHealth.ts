// SPDX-License-Identifier: Apache-2.0
import type { ClientClocks } from '../auth/clientClocks';
import type { PartHealth } from '../http/health';
import type { Metrics } from '../http/metrics';
import type { ClockCheck } from '../ledger/clockCheck';

/** Not ready where a peer whose word every record needs refuses this time. What clients say is a suspicion and no more. */
export function clockHealth(
  peers: Pick<ClockCheck, 'problem'>,
  clients: Pick<ClientClocks, 'suspicion'>,
): PartHealth {
  const problem = peers.problem();
  const detail = problem ?? clients.suspicion();
  return { ready: problem === undefined, ...(detail === undefined ? {} : { detail }) };
}

export function addClockMetrics(
  metrics: Metrics,
  peers: Pick<ClockCheck, 'verdicts'>,
  clients: Pick<ClientClocks, 'aheadSeconds'>,
): void {
  metrics.gauge(
    'chartwitness_clock_refused_by_peers',
    'Peers, of the own one and the trustee’s, whose clocks are more than 60 s from this one; alarm above 0',
    () => Object.values(peers.verdicts()).filter((verdict) => verdict === 'refused').length,
  );
  metrics.gauge(
    'chartwitness_clock_offset_seconds',
    'Seconds by which the clocks of the last clients are ahead of this one (median of different clients); 0 without a sign',
    () => clients.aheadSeconds() ?? 0,
  );
}
