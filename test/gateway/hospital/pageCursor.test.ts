// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto';
import { createPageCursors, type CursorUse } from '../../../gateway/src/hospital/pageCursor';
import type { Place } from '../../../gateway/src/hospital/pagedSource';

let now = 1_800_000_000_000;
const make = (key = 1): ReturnType<typeof createPageCursors> =>
  createPageCursors({
    key: new Uint8Array(32).fill(key),
    clock: () => now,
    random: randomBytes,
    maxAgeSeconds: 3600,
  });
const use: CursorUse = {
  clientId: 'north-ehr',
  path: 'Observation',
  parameters: new URLSearchParams('patient=a&_count=10'),
};
const place: Place = { next: 'http://source/fhir?_getpages=1', index: 3, position: 13, count: 11 };
const refused = expect.objectContaining({ code: 'BAD_REQUEST' }) as Error;

test('a cursor opens to its place', () => {
  const cursors = make();
  expect(make().open(cursors.seal(place, use), use)).toEqual(place);
});

test('cursors of any places have one length and nothing in common', () => {
  const sealed = [
    place,
    { index: 0, position: 0, count: 1 },
    { ...place, position: 19_999, index: 199, next: `http://source/fhir?${'x'.repeat(300)}` },
  ].map((one) => make().seal(one, use));
  expect(new Set(sealed.map(({ length }) => length)).size).toBe(1);
  expect(new Set([...sealed, make().seal(place, use)].map((text) => text.slice(0, 8))).size).toBe(4);
});

test('a link of the source that is too long is left out: the place is counted from the start', () => {
  const long = { ...place, next: `http://source/fhir?${'x'.repeat(5000)}` };
  expect(make().open(make().seal(long, use), use)).toEqual({ index: 13, position: 13, count: 11 });
});

test.each<[string, Partial<CursorUse>]>([
  ['client', { clientId: 'south-ehr' }],
  ['type', { path: 'Condition' }],
  ['patient', { parameters: new URLSearchParams('patient=b&_count=10') }],
  ['search', { parameters: new URLSearchParams('patient=a&_count=10&code=x') }],
  ['size', { parameters: new URLSearchParams('patient=a&_count=11') }],
])('a cursor of another %s is refused', (_name, change) => {
  expect(() => make().open(make().seal(place, use), { ...use, ...change })).toThrow(refused);
});

test('a cursor of another key, a changed one and an invented one are refused', () => {
  const sealed = make().seal(place, use);
  expect(() => make(2).open(sealed, use)).toThrow(refused);
  for (let at = 0; at < sealed.length; at += 37) {
    const changed = `${sealed.slice(0, at)}${sealed[at] === 'A' ? 'B' : 'A'}${sealed.slice(at + 1)}`;
    expect(() => make().open(changed, use)).toThrow(refused);
  }
  for (const text of ['', 'x', '0', sealed.slice(0, -1), `${sealed}A`, `${sealed}==`, ` ${sealed}`]) {
    expect(() => make().open(text, use)).toThrow(refused);
  }
});

test('a cursor is good for its age, and a clock a little behind does not matter', () => {
  const sealed = make().seal(place, use);
  now += 3_600_000;
  expect(make().open(sealed, use)).toEqual(place);
  now += 1;
  expect(() => make().open(sealed, use)).toThrow(refused);
  now -= 3_600_001 + 60_000;
  expect(make().open(sealed, use)).toEqual(place);
  now -= 1;
  expect(() => make().open(sealed, use)).toThrow(refused);
});
