// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { createSourceMemory, type RequestRoom } from '../../gateway/src/hospital/sourceMemory';

// A client that takes in its answers slowly holds their places. It must not hold those of all others,
// emergencies least.

const TIMES = { stopwatch: () => 0, pause: () => Promise.resolve() };
const MIB = 1024 * 1024;
const LARGE = 32 * MIB;

type Memory = ReturnType<typeof createSourceMemory>;

function isGiven(all: Memory, client: string, isEmergency: boolean): boolean {
  return all.open(client, isEmergency).hasRoomFor(LARGE);
}

test('by default: two ordinary slow readers and an emergency of one client leave room for another one’s', () => {
  const all = createSourceMemory({ totalBytes: 160 * MIB, answerBytes: LARGE, ...TIMES });
  expect([isGiven(all, 'slow', false), isGiven(all, 'slow', false)]).toEqual([true, false]);
  expect(isGiven(all, 'other', false)).toBe(true);
  expect(isGiven(all, 'other', true)).toBe(true);

  const again = createSourceMemory({ totalBytes: 160 * MIB, answerBytes: LARGE, ...TIMES });
  isGiven(again, 'slow', false);
  expect([isGiven(again, 'slow', true), isGiven(again, 'slow', true)]).toEqual([true, false]);
  expect(isGiven(again, 'other', true)).toBe(true);
});

test('whatever one client asks for, another one’s emergency finds a place; and an ordinary request, without emergencies', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 160, max: 800 }),
      fc.array(fc.boolean(), { maxLength: 40 }),
      (mebibytes, kinds) => {
        const all = createSourceMemory({
          totalBytes: mebibytes * MIB,
          answerBytes: LARGE,
          ...TIMES,
        });
        for (const isEmergency of kinds) {
          isGiven(all, 'slow', isEmergency);
        }
        if (!kinds.includes(true)) {
          expect(isGiven(all, 'third', false)).toBe(true);
        }
        expect(isGiven(all, 'other', true)).toBe(true);
      },
    ),
    { numRuns: 100 },
  );
});

test('twin: what is given back is there for the next request of the same client', () => {
  const all = createSourceMemory({ totalBytes: 160 * MIB, answerBytes: LARGE, ...TIMES });
  const first: RequestRoom = all.open('slow', false);
  first.reserve(LARGE);
  const second = all.open('slow', false);
  expect(second.hasRoomFor(LARGE)).toBe(false);
  first.close();
  expect(second.hasRoomFor(LARGE)).toBe(true);
});
