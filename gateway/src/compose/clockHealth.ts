// SPDX-License-Identifier: Apache-2.0
import type { ClientClocks } from '../auth/clientClocks';
import type { PartHealth } from '../http/health';
import type { Metrics } from '../http/metrics';
import type { ClockCheck } from '../ledger/clockCheck';

/**
 * Not ready where a peer whose word every record needs refuses this time. What other peers and clients say is
 * a suspicion and no more.
 * @param clients those of a hospital; the trustee has none whose clocks matter.
 */
export function clockHealth(
  peers: Pick<ClockCheck, 'finding'>,
  clients?: Pick<ClientClocks, 'suspicion'>,
): PartHealth {
  const finding = peers.finding();
  if (finding !== undefined) {
    const { isCertain, reason, remedy } = finding;
    return { ready: !isCertain, reason, remedy };
  }
  const detail = clients?.suspicion();
  return { ready: true, ...(detail === undefined ? {} : { detail }) };
}

/** How many of the peers that are asked refuse this time. */
export function addPeerClockMetric(
  metrics: Pick<Metrics, 'gauge'>,
  peers: Pick<ClockCheck, 'verdicts'>,
): void {
  metrics.gauge(
    'chartwitness_clock_refused_by_peers',
    'Peers whose clocks are more than 60 s from this one: of a hospital’s own and the trustee’s, or at the trustee of its own and all hospitals’; alarm above 0',
    () => {
      const { own, others } = peers.verdicts();
      return [own, ...Object.values(others)].filter((verdict) => verdict === 'refused').length;
    },
  );
}

export function addClientClockMetric(
  metrics: Pick<Metrics, 'gauge'>,
  clients: Pick<ClientClocks, 'aheadSeconds'>,
): void {
  metrics.gauge(
    'chartwitness_clock_offset_seconds',
    'Seconds by which the clocks of the last clients are ahead of this one (median of different clients); 0 without a sign',
    () => clients.aheadSeconds() ?? 0,
  );
}
