// SPDX-License-Identifier: Apache-2.0
import type { StoredEntry } from '../../../../gateway/src/readmodel/accessStore';
import { replayPage } from '../../../../gateway/src/trustee/patientApi/consentPreview';

/** Replays 500 entries of which each takes `ms` of the injected time. */
async function replayWith(ms: number): Promise<{ considered: number; turns: readonly number[] }> {
  let now = 0;
  const turns: number[] = [];
  const entries = Array.from({ length: 500 }, () => ({}) as StoredEntry);
  const work = (): undefined => {
    now += ms;
  };
  const { considered } = await replayPage(entries, work, {
    now: () => now,
    breathe: () => {
      turns.push(now);
      return Promise.resolve();
    },
  });
  return { considered, turns };
}

it.each([1, 4, 20, 90])(
  'replays of %d ms each leave others their turn, and end after half a second',
  async (ms) => {
    const { considered, turns } = await replayWith(ms);
    const gaps = turns.map((at, index) => at - (turns[index - 1] ?? 0));
    expect(Math.max(...gaps)).toBeLessThan(10 + ms);
    expect(considered * ms).toBeLessThanOrEqual(500 + 10 + ms);
    expect(considered * ms).toBeGreaterThanOrEqual(490);
  },
);

it('twin: light work is done in one page', async () => {
  expect((await replayWith(0.01)).considered).toBe(500);
});

it('one entry is replayed however long it takes, so that the next page goes on', async () => {
  expect((await replayWith(5000)).considered).toBe(1);
});
