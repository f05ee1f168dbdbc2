// SPDX-License-Identifier: Apache-2.0
import { createReadiness } from '../../../gateway/src/http/health';

test('the parts are asked once a second however many ask, and again after it', async () => {
  let now = 5000;
  let asked = 0;
  const readiness = createReadiness(
    {
      source: () => {
        asked += 1;
        return { ready: asked === 1 };
      },
      broken: () => {
        throw new TypeError('secret detail');
      },
    },
    () => now,
  );
  const reports = await Promise.all([readiness(), readiness(), readiness()]);
  expect(asked).toBe(1);
  expect(reports[2]).toEqual({
    ready: false,
    parts: { source: { ready: true }, broken: { ready: false, detail: 'TypeError' } },
  });
  now += 999;
  expect((await readiness()).parts['source']).toEqual({ ready: true });
  now += 1;
  expect((await readiness()).parts['source']).toEqual({ ready: false });
});

test('a part that is slow is asked once at a time, and one that never answers is given up', async () => {
  let now = 5000;
  let asked = 0;
  const readiness = createReadiness(
    {
      source: () => {
        asked += 1;
        return asked === 1 ? new Promise(() => undefined) : { ready: true };
      },
    },
    () => now,
  );
  const first = readiness();
  now += 29_999;
  expect(readiness()).toBe(first);
  now += 1;
  expect((await readiness()).parts['source']).toEqual({ ready: true });
  expect(asked).toBe(2);
});
