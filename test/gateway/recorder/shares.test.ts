// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { AppError } from '../../../gateway/src/errors';
import { type Place, Shares } from '../../../gateway/src/recorder/shares';

/** As many places as the client gets. */
function flood(shares: Shares, client: string): Place[] {
  const taken: Place[] = [];
  for (;;) {
    try {
      taken.push(shares.take(client));
    } catch (error) {
      expect(error).toBeInstanceOf(AppError);
      expect(error).toMatchObject({ code: 'OVERLOADED' });
      expect((error as AppError).retryAfterSeconds).toBeGreaterThan(0);
      return taken;
    }
  }
}

test('a flood of one client leaves half of the places, and one more client gets half of those', () => {
  const shares = new Shares(400);
  expect(flood(shares, 'flood')).toHaveLength(200);
  expect(flood(shares, 'ward')).toHaveLength(100);
  expect(flood(shares, 'flood')).toHaveLength(0);
});

test('clients that come and go end up with equal shares', () => {
  const shares = new Shares(300);
  const held = new Map<string, Place[]>([
    ['a', flood(shares, 'a')],
    ['b', flood(shares, 'b')],
  ]);
  for (let turn = 0; turn < 300; turn += 1) {
    for (const [client, taken] of held) {
      taken.shift()?.release();
      taken.push(...flood(shares, client));
    }
  }
  const [a, b] = [...held.values()].map((taken) => taken.length);
  expect(Math.abs((a ?? 0) - (b ?? 0))).toBeLessThanOrEqual(2);
  expect(a).toBeGreaterThan(95);
});

test('whatever clients do: never more than there are, and somebody who holds nothing gets a place while one is free', () => {
  const step = fc.record({ client: fc.nat({ max: 5 }), give: fc.boolean(), pick: fc.nat() });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 40 }), fc.array(step, { maxLength: 200 }), (places, steps) => {
      const shares = new Shares(places);
      const held: Place[][] = Array.from({ length: 6 }, () => []);
      for (const { client, give, pick } of steps) {
        const own = held[client] ?? [];
        if (give && own.length > 0) {
          const [given] = own.splice(pick % own.length, 1);
          given?.release();
          // A place is given back once, however often it is said.
          given?.release();
          continue;
        }
        const free = places - shares.total;
        try {
          own.push(shares.take(`client ${String(client)}`));
          expect(own.length - 1).toBeLessThan(free);
        } catch {
          expect(own.length).toBeGreaterThanOrEqual(free);
        }
      }
      const all = held.reduce((sum, own) => sum + own.length, 0);
      expect(shares.total).toBe(all);
      expect(all).toBeLessThanOrEqual(places);
    }),
  );
});
