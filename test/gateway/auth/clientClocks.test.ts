// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { ClientClocks, type ClockSign } from '../../../gateway/src/auth/clientClocks';
import { type AssertionChanges, assertion, createHospital, requestToken } from '../hospital/hospitalFixture';

let now = 1_000_000;
const told: (string | undefined)[] = [];
const make = (): ClientClocks =>
  new ClientClocks({ clock: () => now, onSuspicion: (suspicion) => told.push(suspicion) });
const sign = (client: number, refusedAs: ClockSign['refusedAs'], aheadSeconds = 180): ClockSign => ({
  clientId: `client-${String(client)}`,
  aheadSeconds,
  refusedAs,
});
beforeEach(() => {
  now = 1_000_000;
  told.length = 0;
});

test('three different clients that are all refused in one direction make a suspicion, told once', () => {
  for (const [refusedAs, side] of [
    ['ahead', 'behind'],
    ['expired', 'ahead'],
  ] as const) {
    told.length = 0;
    const clocks = make();
    clocks.note(sign(1, refusedAs));
    clocks.note(sign(2, refusedAs));
    expect(clocks.suspicion()).toBeUndefined();
    clocks.note(sign(3, refusedAs));
    clocks.note(sign(3, refusedAs));
    clocks.note(sign(4, refusedAs));
    expect(clocks.suspicion()).toMatch(new RegExp(`this machine's clock may be ${side};`));
    expect(told).toEqual([clocks.suspicion()]);
    clocks.note(sign(2, 'none', 0));
    expect(told).toEqual([expect.any(String), undefined]);
  }
});

test('one client, however often it asks, and clients that differ make none', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.integer({ min: 1, max: 2 }), fc.constantFrom('ahead', 'expired', 'none'))),
      (signs) => {
        const clocks = make();
        for (const [client, refusedAs] of signs) {
          clocks.note(sign(client, refusedAs));
        }
        expect(clocks.suspicion()).toBeUndefined();
      },
    ),
  );
  const clocks = make();
  clocks.note(sign(1, 'ahead'));
  clocks.note(sign(2, 'expired'));
  clocks.note(sign(3, 'ahead'));
  expect(clocks.suspicion()).toBeUndefined();
});

test('what is a quarter of an hour old says nothing any more', () => {
  const clocks = make();
  for (const client of [1, 2, 3]) {
    clocks.note(sign(client, 'ahead'));
  }
  now += 900_000;
  expect([clocks.suspicion(), clocks.aheadSeconds()]).toEqual([undefined, undefined]);
});

test('the offset is the median over the last sixteen clients, so that one of several cannot set it', () => {
  const clocks = make();
  expect(clocks.aheadSeconds()).toBeUndefined();
  for (const [client, ahead] of [1, 2, 3_000_000].entries()) {
    clocks.note(sign(client, 'none', ahead));
  }
  expect(clocks.aheadSeconds()).toBe(2);
  clocks.note({ clientId: 'without iat', aheadSeconds: undefined, refusedAs: 'none' });
  expect(clocks.aheadSeconds()).toBe(2);
  for (let client = 0; client < 16; client += 1) {
    clocks.note(sign(100 + client, 'none', 50));
  }
  expect(clocks.aheadSeconds()).toBe(50);
});

describe('the token endpoint', () => {
  const seconds = (): number => Math.floor(Date.now() / 1000);
  test.each<[string, () => AssertionChanges, ClockSign['refusedAs'] | 'unsaid', number]>([
    ['taken', () => ({}), 'none', 0],
    ['ahead', () => ({ claims: { iat: seconds() + 180, exp: seconds() + 240 } }), 'ahead', 180],
    [
      'ahead, with a long life',
      () => ({ claims: { iat: seconds() + 180, exp: seconds() + 480 } }),
      'ahead',
      180,
    ],
    ['expired', () => ({ claims: { iat: seconds() - 400, exp: seconds() - 100 } }), 'expired', -400],
    [
      'ahead, for another audience',
      () => ({ claims: { iat: seconds() + 180, aud: 'https://a.test' } }),
      'unsaid',
      0,
    ],
    ['too long a life', () => ({ claims: { iat: seconds(), exp: seconds() + 900 } }), 'unsaid', 0],
  ])('tells what a verified assertion says about time: %s', async (_, changes, refusedAs, ahead) => {
    const signs: ClockSign[] = [];
    const hospital = await createHospital({ clocks: { note: (one) => signs.push(one) } });
    await requestToken(hospital.app, { assertion: await assertion(hospital.key, {}, changes()) });
    expect(signs).toHaveLength(refusedAs === 'unsaid' ? 0 : 1);
    for (const one of signs) {
      expect(one).toMatchObject({ clientId: 'north-ehr', refusedAs });
      expect(Math.abs((one.aheadSeconds ?? NaN) - ahead)).toBeLessThan(60);
    }
  });
});
