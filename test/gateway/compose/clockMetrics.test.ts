// SPDX-License-Identifier: Apache-2.0
import { addClientClockMetric, addPeerClockMetric } from '../../../gateway/src/compose/clockHealth';
import { createMetrics } from '../../../gateway/src/http/metrics';
import type { TimeVerdicts } from '../../../gateway/src/ledger/clockWords';

test('says how many peers refuse this clock, and how far the clients are ahead of it', async () => {
  const metrics = createMetrics('hospital');
  let verdicts: TimeVerdicts = { own: 'unknown', others: { TrusteeMSP: 'taken' } };
  const ahead: number[] = [];
  addPeerClockMetric(metrics, { verdicts: () => verdicts });
  addClientClockMetric(metrics, { aheadSeconds: () => ahead[0] });
  const read = async (): Promise<(string | undefined)[]> => {
    const lines = (await metrics.registry.metrics()).split('\n');
    return ['refused_by_peers', 'offset_seconds'].map(
      (name) => lines.find((line) => line.startsWith(`chartwitness_clock_${name}{`))?.split(' ')[1],
    );
  };
  expect(await read()).toEqual(['0', '0']);
  verdicts = { own: 'refused', others: { TrusteeMSP: 'refused' } };
  ahead.push(-12.5);
  expect(await read()).toEqual(['2', '-12.5']);
});
