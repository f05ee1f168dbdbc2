// SPDX-License-Identifier: Apache-2.0
import { createHmac } from 'node:crypto';
import type { SqlDatabase } from '../readmodel/openDatabase';
import { inOneTransaction } from '../sqlite';
import { nameKey } from './patientAccounts';

/** Failures that cost nothing, then a wait that doubles up to its cap. */
export interface ThrottleRule {
  readonly free: number;
  readonly capMs: number;
}

export interface ThrottleRules {
  /** For one username, known or not. The cap bounds how long a stranger can keep a patient out. */
  readonly account: ThrottleRule;
  /** For one network address; many patients may share one. */
  readonly address: ThrottleRule;
}

export const DEFAULT_THROTTLE: ThrottleRules = {
  account: { free: 5, capMs: 300_000 },
  address: { free: 50, capMs: 900_000 },
};

const FIRST_WAIT_MS = 1000;
/** Failures are forgotten this long after the last one. */
const FORGET_MS = 86_400_000;

export interface SignInThrottle {
  /**
   * Counts an attempt as failed before the password is looked at, so that parallel guesses cannot slip past the count.
   * @returns milliseconds to wait when the attempt must not be made; 0 when it may.
   */
  begin(username: string, address: string): number;
  /** Takes the attempt back: the password was right. */
  succeeded(username: string, address: string): void;
}

interface AttemptRow {
  failures: number;
  blocked_until: number;
  last: number;
}

/**
 * Slows down guessing, per account and per address. Counts are on disk, so a restart does not forgive them; names and addresses are kept
 * as keyed hashes only.
 */
export function openSignInThrottle(
  database: SqlDatabase,
  key: Uint8Array,
  clock: () => number,
  rules: ThrottleRules = DEFAULT_THROTTLE,
): SignInThrottle {
  const select = database.prepare('SELECT failures, blocked_until, last FROM sign_in_attempt WHERE key = ?');
  const upsert = database.prepare(
    `INSERT INTO sign_in_attempt (key, failures, blocked_until, last) VALUES (?, ?, ?, ?)
     ON CONFLICT (key) DO UPDATE SET failures = excluded.failures, blocked_until = excluded.blocked_until, last = excluded.last`,
  );
  const remove = database.prepare('DELETE FROM sign_in_attempt WHERE key = ?');
  const forget = database.prepare('DELETE FROM sign_in_attempt WHERE last < ?');
  const hidden = (kind: string, text: string): string =>
    createHmac('sha256', key).update(`${kind}|${text}`).digest('base64url');
  const keysOf = (username: string, address: string): readonly (readonly [string, ThrottleRule])[] => [
    [hidden('account', nameKey(username)), rules.account],
    [hidden('address', address), rules.address],
  ];
  const rowOf = (rowKey: string): AttemptRow | undefined => select.get(rowKey) as AttemptRow | undefined;

  const begin = (username: string, address: string): number => {
    const now = clock();
    forget.run(now - FORGET_MS);
    const keys = keysOf(username, address);
    const waitMs = Math.max(...keys.map(([rowKey]) => (rowOf(rowKey)?.blocked_until ?? 0) - now));
    if (waitMs > 0) {
      return waitMs;
    }
    for (const [rowKey, rule] of keys) {
      const failures = (rowOf(rowKey)?.failures ?? 0) + 1;
      upsert.run(rowKey, failures, blockedUntil(now, failures, rule), now);
    }
    return 0;
  };
  const succeeded = (username: string, address: string): void => {
    const [[accountKey] = [''], [addressKey, addressRule] = ['', rules.address]] = keysOf(username, address);
    remove.run(accountKey);
    // Only this attempt is taken back: one right password must not forgive an address its guesses at others.
    const failures = (rowOf(addressKey)?.failures ?? 1) - 1;
    upsert.run(addressKey, failures, blockedUntil(clock(), failures, addressRule), clock());
  };
  return {
    begin: (username, address) => inOneTransaction(database, () => begin(username, address)),
    succeeded: (username, address) => {
      inOneTransaction(database, () => {
        succeeded(username, address);
      });
    },
  };
}

function blockedUntil(now: number, failures: number, rule: ThrottleRule): number {
  const beyond = failures - rule.free;
  return beyond < 0 ? 0 : now + Math.min(rule.capMs, FIRST_WAIT_MS * 2 ** Math.min(beyond, 30));
}
