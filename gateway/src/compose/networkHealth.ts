// SPDX-License-Identifier: Apache-2.0
import type { PartHealth } from '../http/health';
import type { Metrics } from '../http/metrics';
import type { NetworkCheck } from '../ledger/networkCheck';

/** Of the trustee: not ready while nobody in the network can record for its sake, or for want of orderers. */
export function networkHealth(check: Pick<NetworkCheck, 'finding'>): PartHealth {
  const finding = check.finding();
  return finding === undefined
    ? { ready: true }
    : {
        ready: false,
        reason: `no access of anybody in the network can be recorded: ${finding.reason}`,
        remedy: finding.remedy,
      };
}

export function addNetworkMetric(
  metrics: Pick<Metrics, 'gauge'>,
  check: Pick<NetworkCheck, 'finding'>,
): void {
  metrics.gauge(
    'chartwitness_network_stopped',
    '1 while no hospital can record anything because the trustee’s peer or its chaincode does not answer, or no orderer took its last write; alarm above 0',
    () => Number(check.finding() !== undefined),
  );
}
