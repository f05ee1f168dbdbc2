// SPDX-License-Identifier: Apache-2.0
import type { Metrics } from '../http/metrics';
import type { Projection } from '../projection/projection';
import type { ProjectionStatus } from '../projection/projectionStatus';

const GAUGES: readonly (readonly [name: string, help: string, read: (status: ProjectionStatus) => number])[] =
  [
    [
      'open_places',
      'Lanes with a place that has been open for too long, so that entries may be missing; alarm above 0',
      ({ openPlaces }) => openPlaces.length,
    ],
    ['live', '1 while the list is complete up to the ledger’s end', ({ state }) => Number(state === 'live')],
    [
      'halted',
      '1 while the list has stopped because it does not fit the ledger; alarm above 0',
      ({ state }) => Number(state === 'halted'),
    ],
    [
      'blocks_behind',
      'Blocks of the ledger that the list lacks',
      ({ block, height }) => Math.max(0, (height ?? 0) - 1 - (block ?? -1)),
    ],
    ['entries', 'Entries in the list', ({ entries }) => entries],
    [
      'checked_seconds',
      'When the ledger was looked at last, in seconds since the epoch; 0 before the first look',
      ({ checkedAt = 0 }) => checkedAt / 1000,
    ],
  ];

/** Adds what an operator watches of the patients' lists, as `chartwitness_list_<name>`. */
export function addProjectionMetrics(
  metrics: Pick<Metrics, 'gauge'>,
  projection: Pick<Projection, 'status'>,
): void {
  for (const [name, help, read] of GAUGES) {
    metrics.gauge(`chartwitness_list_${name}`, help, () => read(projection.status()));
  }
}
