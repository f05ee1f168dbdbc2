// SPDX-License-Identifier: Apache-2.0
import type { PartHealth } from '../http/health';
import type { Metrics } from '../http/metrics';
import type { RegistryMemory } from '../registry/registryMemory';

/**
 * By whose word clients are known. What is remembered is enough to be ready: that nothing can be recorded is
 * the recorder's to say.
 */
export function registryHealth(memory: Pick<RegistryMemory, 'state'>): PartHealth {
  const { readAt, usableUntil, isUsable, failure } = memory.state();
  if (failure === undefined) {
    return { ready: true };
  }
  if (readAt === undefined || usableUntil === undefined) {
    return {
      ready: false,
      reason: `no Registry is remembered, ledger away: ${failure.reason}`,
      remedy: failure.remedy,
    };
  }
  const why = failure.problem === 'PEER_BEHIND' ? 'own peer behind' : 'ledger away';
  const asOf = `Registry as of ${instantOf(readAt)}, ${why}`;
  return isUsable
    ? { ready: true, detail: `${asOf}: good for emergencies until ${instantOf(usableUntil)}` }
    : {
        ready: false,
        reason: `${asOf}: too old, or not of this clock (REGISTRY_REMEMBERED_MINUTES)`,
        remedy: failure.remedy,
      };
}

/** So that an operator sees it grow old before it is too old. */
export function addRegistryMetric(
  metrics: Pick<Metrics, 'gauge'>,
  memory: Pick<RegistryMemory, 'state'>,
): void {
  metrics.gauge(
    'chartwitness_registry_read_seconds',
    'When all clients and organisations were read last, in seconds since the epoch; 0: none are remembered',
    () => (memory.state().readAt ?? 0) / 1000,
  );
}

function instantOf(at: number): string {
  return new Date(at).toISOString();
}
