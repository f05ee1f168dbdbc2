// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { RequestCounts } from '../../../gateway/src/http/requestCounts';

let now = 0;
const clock = (): number => now;
const passes = (counts: RequestCounts, key: string): boolean => {
  try {
    counts.hit(key);
    return true;
  } catch {
    return false;
  }
};

test('a key may make its requests in each minute, and is told when the next begins', () => {
  now = 1_000_000;
  const counts = new RequestCounts({ limit: 2, clock });
  expect([passes(counts, 'a'), passes(counts, 'a')]).toEqual([true, true]);
  expect(counts.isUsedUp('a')).toBe(true);
  now += 20_500;
  expect(() => {
    counts.hit('a');
  }).toThrow(expect.objectContaining({ code: 'TOO_MANY_REQUESTS', retryAfterSeconds: 40 }) as Error);
  expect([passes(counts, 'b'), counts.isUsedUp('b')]).toEqual([true, false]);
  now += 39_500;
  expect([counts.isUsedUp('a'), passes(counts, 'a')]).toEqual([false, true]);
});

test('a clock that was set back refuses nobody until it has caught up', () => {
  now = 10_000_000;
  const counts = new RequestCounts({ limit: 1, clock });
  expect([passes(counts, 'a'), passes(counts, 'a')]).toEqual([true, false]);
  now -= 3_600_000;
  expect([counts.isUsedUp('a'), passes(counts, 'a'), passes(counts, 'a')]).toEqual([false, true, false]);
});

test('memory is bounded, a key below its limit is never refused, and one beyond it only lets through more', () => {
  const step = fc.tuple(fc.nat(30), fc.nat(20_000));
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
      now = 0;
      const counts = new RequestCounts({ limit: 5, clock, maxKeys: 8 });
      const times = new Map<number, number[]>();
      for (const [key, after] of steps) {
        now += after;
        const earlier = (times.get(key) ?? []).filter((at) => now - at < 60_000);
        times.set(key, [...earlier, now]);
        const passed = passes(counts, String(key));
        expect(counts.size).toBeLessThanOrEqual(8);
        expect(passed || earlier.length >= 5).toBe(true);
      }
    }),
  );
});
