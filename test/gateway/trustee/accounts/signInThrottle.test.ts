// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { openDatabase, type SqlDatabase } from '../../../../gateway/src/sqlite/openDatabase';
import {
  openSignInThrottle,
  type SignInThrottle,
} from '../../../../gateway/src/trustee/accounts/signInThrottle';
import { migrateTrusteeDatabase } from '../../../../gateway/src/trustee/trusteeDatabase';

const RULES = {
  pair: { free: 3, capMs: 4000 },
  source: { free: 5, capMs: 60_000 },
  account: { free: 6, capMs: 3000 },
};
const DAY_MS = 86_400_000;

let database: SqlDatabase;
let now = 0;
const open = (): SignInThrottle => openSignInThrottle(database, new Uint8Array(32), () => now, RULES);
/** Milliseconds that must be waited; 0 when the password may be looked at. */
const begin = (username: string, address: string): number => {
  const admission = open().begin(username, address);
  return admission.kind === 'refused' ? admission.waitMs : 0;
};
beforeEach(() => {
  now = 1_000_000;
  database = openDatabase(':memory:');
  migrateTrusteeDatabase(database);
});
afterEach(() => {
  database.close();
});

it('lets the waits of a name at one source double up to the cap, across restarts', () => {
  expect([1, 2, 3].map(() => begin('zoë', 'a'))).toEqual([0, 0, 0]);
  expect(begin('Zoë ', 'a')).toBe(1000);
  now += 1000;
  expect(begin('zoë', 'a')).toBe(0);
  expect(begin('zoë', 'a')).toBe(2000);
  now += 2000;
  expect(begin('zoë', 'a')).toBe(0);
  now += 4000;
  expect(begin('zoë', 'a')).toBe(4000 - 4000);
  expect(begin('zoë', 'a')).toBe(4000);
});

it('never makes a name wait at a source that has not failed, whatever happens at others', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(40), fc.nat(5000)), { maxLength: 60 }), (guesses) => {
      database.exec('DELETE FROM sign_in_attempt');
      for (const [source, after] of guesses) {
        open().begin('zoë', `attacker ${String(source)}`);
        now += after;
      }
      const admission = open().begin('zoë', 'her own');
      expect(admission).toMatchObject({ kind: 'admitted' });
      expect(admission.kind === 'admitted' && admission.delayMs <= RULES.account.capMs).toBe(true);
    }),
    { numRuns: 50 },
  );
});

it('delays a name that is guessed at from many sources, up to a bound, known or not', () => {
  const delays = Array.from({ length: 12 }, (_, at) => open().begin('zoë', `source ${String(at)}`));
  expect(delays.map((admission) => admission.kind === 'admitted' && admission.delayMs)).toEqual([
    0, 0, 0, 0, 0, 0, 1000, 2000, 3000, 3000, 3000, 3000,
  ]);
  expect(open().begin('other', 'source 1')).toEqual({ kind: 'admitted', delayMs: 0 });
});

it('counts a source over all names, and takes back only what succeeded', () => {
  for (const name of ['a', 'b', 'c', 'd']) {
    expect(begin(name, 'x')).toBe(0);
  }
  open().succeeded('d', 'x');
  expect(begin('e', 'x')).toBe(0);
  expect(begin('f', 'x')).toBe(0);
  expect(begin('g', 'x')).toBe(1000);
  expect(begin('g', 'y')).toBe(0);
});

it('takes the addresses of one IPv6 /64 for one source, and an IPv4 address in IPv6 clothes for itself', () => {
  expect([1, 2, 3].map((at) => begin('zoë', `2001:db8:0:1::${String(at)}`))).toEqual([0, 0, 0]);
  expect(begin('zoë', '2001:db8:0:1:ffff:ffff:ffff:ffff')).toBe(1000);
  expect(begin('zoë', '2001:db8:0:2::1')).toBe(0);
  [1, 2, 3].forEach(() => begin('ned', '192.0.2.7'));
  expect(begin('ned', '::ffff:192.0.2.7')).toBe(1000);
});

it('forgives a source its slips at the right password, and forgets after a day', () => {
  [1, 2, 3].forEach(() => begin('zoë', 'a'));
  now += 1000;
  begin('zoë', 'a');
  open().succeeded('zoë', 'a');
  expect(begin('zoë', 'a')).toBe(0);
  now += DAY_MS + 1;
  begin('someone', 'z');
  expect(database.prepare('SELECT count(*) AS n FROM sign_in_attempt').get()).toMatchObject({ n: 3 });
});

it('tells of failures elsewhere since the first, not of the patient’s own slips, for thirty days', () => {
  const first = now;
  begin('zoë', 'stranger');
  now += 5000;
  begin('zoë', 'stranger');
  begin('zoë', 'her own');
  begin('zoë', 'her own');
  open().succeeded('zoë', 'her own');
  expect(open().failuresOf('ZOË')).toEqual({ count: 2, since: first });
  expect(open().failuresOf('ned')).toBeUndefined();
  begin('ned', 'his own');
  open().succeeded('ned', 'his own');
  expect(open().failuresOf('ned')).toBeUndefined();
  now += 30 * DAY_MS + 1;
  expect(open().failuresOf('zoë')).toBeUndefined();
  begin('ned', 'his own');
  expect(database.prepare('SELECT count(*) AS n FROM sign_in_notice').get()).toMatchObject({ n: 1 });
});

it('keeps no names or addresses', () => {
  begin('zoë', '203.0.113.9');
  const rows = JSON.stringify([
    database.prepare('SELECT * FROM sign_in_attempt').all(),
    database.prepare('SELECT * FROM sign_in_notice').all(),
  ]);
  expect(rows).not.toContain('zoë');
  expect(rows).not.toContain('203.0.113.9');
});
