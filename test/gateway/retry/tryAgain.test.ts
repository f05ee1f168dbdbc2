// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { backoff } from '../../../gateway/src/retry/backoff';
import { tryAgain } from '../../../gateway/src/retry/tryAgain';

const WAITS = { firstMs: 50, longestMs: 800 };

/** Tries that fail with these errors, one after the other, and then succeed. */
function failing(errors: readonly Error[]): { work: () => Promise<string>; calls: () => number } {
  let calls = 0;
  return {
    work: () => {
      const error = errors[calls];
      calls += 1;
      return error === undefined ? Promise.resolve('done') : Promise.reject(error);
    },
    calls: () => calls,
  };
}

async function run(errors: readonly Error[]): Promise<{ end: unknown; waits: number[]; calls: number }> {
  const waits: number[] = [];
  const { work, calls } = failing(errors);
  const end = await tryAgain(work, {
    ...WAITS,
    tries: 4,
    isWorthIt: (error) => error instanceof RangeError,
    pause: (milliseconds) => {
      waits.push(milliseconds);
      return Promise.resolve();
    },
    jitter: () => 1,
  }).catch((error: unknown) => error);
  return { end, waits, calls: calls() };
}

const again = (count: number): Error[] => Array.from({ length: count }, () => new RangeError('again'));

test('what succeeds at once waits for nothing', async () => {
  expect(await run([])).toEqual({ end: 'done', waits: [], calls: 1 });
});

test('each wait is twice as long as the one before', async () => {
  expect(await run(again(3))).toEqual({ end: 'done', waits: [50, 100, 200], calls: 4 });
});

test('after the last try its error is thrown', async () => {
  expect(await run(again(9))).toEqual({ end: new RangeError('again'), waits: [50, 100, 200], calls: 4 });
});

test('what is not worth another try is thrown at once', async () => {
  const no = new TypeError('no');
  expect(await run([...again(1), no])).toEqual({ end: no, waits: [50], calls: 2 });
});

test('a wait is never shorter than half of its length, nor longer than the longest', () => {
  fc.assert(
    fc.property(fc.nat({ max: 2_000 }), fc.double({ min: 0, max: 1, noNaN: true }), (more, jitter) => {
      const wait = backoff(WAITS, more + 1, jitter);
      const full = Math.min(WAITS.longestMs, WAITS.firstMs * 2 ** Math.min(more, 16));
      expect(wait).toBeGreaterThanOrEqual(full / 2);
      expect(wait).toBeLessThanOrEqual(full);
    }),
  );
});
