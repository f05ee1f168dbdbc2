// SPDX-License-Identifier: Apache-2.0
import { addProjectionMetrics } from '../../../gateway/src/compose/projectionMetrics';
import { createMetrics } from '../../../gateway/src/http/metrics';
import type { ProjectionStatus } from '../../../gateway/src/projection/projectionStatus';

const BEGINNING = { state: 'catchingUp', entries: 0, openPlaces: [] } as unknown as ProjectionStatus;

test.each<[string, Partial<ProjectionStatus>, Record<string, number>]>([
  ['before the first look', {}, { live: 0, halted: 0, blocks_behind: 0, entries: 0, checked_seconds: 0 }],
  [
    'a list that is complete',
    { state: 'live', block: 9, height: 10, entries: 7, checkedAt: 5_000 },
    { live: 1, halted: 0, open_places: 0, blocks_behind: 0, entries: 7, checked_seconds: 5 },
  ],
  [
    'a list with a lane that has an open place',
    { state: 'incomplete', openPlaces: [{ lane: 'N/main', seq: 1, open: 1, later: 1, since: 0 }] },
    { live: 0, halted: 0, open_places: 1 },
  ],
  ['a list that has none of ten blocks', { height: 10 }, { live: 0, blocks_behind: 10 }],
  [
    'a list that has stopped',
    { state: 'halted', block: 3, height: 10 },
    { live: 0, halted: 1, blocks_behind: 6 },
  ],
])('%s is scraped as it stands', async (_name, status, expected) => {
  const metrics = createMetrics('trustee');
  addProjectionMetrics(metrics, { status: () => ({ ...BEGINNING, ...status }) });
  const text = await metrics.registry.metrics();
  for (const [name, value] of Object.entries(expected)) {
    expect(text).toContain(`chartwitness_list_${name}{service="trustee"} ${String(value)}\n`);
  }
});
