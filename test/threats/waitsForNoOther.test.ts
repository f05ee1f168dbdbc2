// SPDX-License-Identifier: Apache-2.0
import { patient } from '../gateway/fhir/fakeFhirServer';
import { type Kind, KIB, open, sized } from '../gateway/hospital/support/fullMemory';

// A client is a whole hospital. Were its requests to wait for each other before they ask the source, a slow
// source would refuse its emergencies; and a probe that waits behind another request would see when that one
// ends, which its answer hides.

const AT_ONCE = 64;
const RECORDS = [patient('p', '111'), sized('slow', KIB), sized('quick', KIB)];
/** How the slow resource is asked for. */
const ASKED = 'Observation/slow';

async function held(kind: Kind): Promise<void> {
  let asked = 0;
  let release: () => void = () => undefined;
  const isReleased = new Promise<void>((resolve) => {
    release = resolve;
  });
  let haveAllAsked: () => void = () => undefined;
  const all = new Promise<void>((resolve) => {
    haveAllAsked = resolve;
  });
  const before = async (call: string): Promise<void> => {
    if (call === ASKED) {
      asked += 1;
      if (asked === AT_ONCE) {
        haveAllAsked();
      }
      await isReleased;
    }
  };
  const { get } = await open(RECORDS, () => true, { before });
  const slow = Array.from({ length: AT_ONCE }, () => get(ASKED, kind));
  await all;
  // None of them has ended: what comes after them is answered all the same.
  for (const [path, status] of [
    ['Observation/quick', 200],
    ['Observation/nobody', 404],
    ['Observation?patient=p&_cursor=bad', 400],
  ] as const) {
    expect([path, (await get(path, kind)).status]).toEqual([path, status]);
  }
  release();
  expect((await Promise.all(slow)).map(({ status }) => status)).toEqual(
    Array.from({ length: AT_ONCE }, () => 200),
  );
}

test('64 emergencies of one client ask the source at once, and keep nobody waiting', async () => {
  await held('emergency');
});

test('64 ordinary requests of one client do so as well', async () => {
  await held('ordinary');
});
