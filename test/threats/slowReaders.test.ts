// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { createSourceMemory, type RequestRoom } from '../../gateway/src/hospital/sourceMemory';

// A client that takes in its answers slowly holds their places. It must not hold those of all others, emergencies least.

const MIB = 1024 * 1024;
const LARGE = 32 * MIB;
const never = new AbortController().signal;

type Memory = ReturnType<typeof createSourceMemory>;

async function isGiven(all: Memory, client: string, isEmergency: boolean): Promise<boolean> {
  let isSettled = false;
  const place = all.open(client, isEmergency, never).reserve(LARGE) ?? Promise.resolve();
  void place.then(() => (isSettled = true));
  await new Promise((resolve) => setImmediate(resolve));
  return isSettled;
}

test('by default: two ordinary slow readers and an emergency of one client leave room for another one’s', async () => {
  const all = createSourceMemory({ totalBytes: 160 * MIB, answerBytes: LARGE });
  expect([await isGiven(all, 'slow', false), await isGiven(all, 'slow', false)]).toEqual([true, false]);
  expect(await isGiven(all, 'other', false)).toBe(true);
  expect(await isGiven(all, 'other', true)).toBe(true);

  const again = createSourceMemory({ totalBytes: 160 * MIB, answerBytes: LARGE });
  await isGiven(again, 'slow', false);
  expect([await isGiven(again, 'slow', true), await isGiven(again, 'slow', true)]).toEqual([true, false]);
  expect(await isGiven(again, 'other', true)).toBe(true);
});

test('whatever one client asks for, another one’s emergency finds a place; and an ordinary request, without emergencies', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 160, max: 800 }),
      fc.array(fc.boolean(), { maxLength: 40 }),
      async (mebibytes, kinds) => {
        const all = createSourceMemory({ totalBytes: mebibytes * MIB, answerBytes: LARGE });
        for (const isEmergency of kinds) {
          await isGiven(all, 'slow', isEmergency);
        }
        if (!kinds.includes(true)) {
          expect(await isGiven(all, 'third', false)).toBe(true);
        }
        expect(await isGiven(all, 'other', true)).toBe(true);
      },
    ),
    { numRuns: 100 },
  );
});

test('twin: what is given back goes to the next request of the same client', async () => {
  const all = createSourceMemory({ totalBytes: 160 * MIB, answerBytes: LARGE });
  const first: RequestRoom = all.open('slow', false, never);
  await first.reserve(LARGE);
  const waiting = all.open('slow', false, never).reserve(LARGE);
  first.close();
  await waiting;
});
