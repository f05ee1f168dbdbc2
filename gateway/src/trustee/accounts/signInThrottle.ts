// SPDX-License-Identifier: Apache-2.0
import { createHmac } from 'node:crypto';
import { sourceOf } from '../../http/clientAddress';
import type { SqlDatabase } from '../../sqlite/openDatabase';
import { inOneTransaction } from '../../sqlite/transaction';
import { nameKey } from './patientAccounts';

/** Failures that cost nothing, then a wait that doubles up to its cap. */
export interface ThrottleRule {
  readonly free: number;
  readonly capMs: number;
}

export interface ThrottleRules {
  /** For one username from one source: a stranger elsewhere never makes the patient wait. */
  readonly pair: ThrottleRule;
  /** For one source, whatever the username; many patients may share one. */
  readonly source: ThrottleRule;
  /**
   * For one username from everywhere together: delays the answer, and never refuses to look at the password.
   */
  readonly account: ThrottleRule;
}

export const DEFAULT_THROTTLE: ThrottleRules = {
  pair: { free: 5, capMs: 300_000 },
  source: { free: 50, capMs: 900_000 },
  account: { free: 20, capMs: 8000 },
};

const FIRST_WAIT_MS = 1000;
const DAY_MS = 86_400_000;
/** Waits are forgotten this long after the last failure. */
const FORGET_MS = DAY_MS;
/** The patient sees failures for this long after the last one. */
const TELL_MS = 30 * DAY_MS;

/** Whether a password may be looked at now. */
export type Admission =
  | { readonly kind: 'refused'; readonly waitMs: number }
  /** Look at it after `delayMs`, 0 for an account that nobody guesses at. */
  | { readonly kind: 'admitted'; readonly delayMs: number };

/** Failed sign-ins that the patient has not been told to be her own. */
export interface FailedSignIns {
  readonly count: number;
  /** Milliseconds since the epoch of the first of them. */
  readonly since: number;
}

export interface SignInThrottle {
  /**
   * Counts an attempt as failed before the password is looked at, so that parallel guesses cannot slip past
   * the count.
   */
  begin(username: string, address: string): Admission;
  /**
   * Takes the attempts of this source at this username back: the password was right, so they were the
   * patient's own slips.
   */
  succeeded(username: string, address: string): void;
  /** What remains for the last 30 days; `undefined` when nothing failed. */
  readonly failuresOf: (username: string) => FailedSignIns | undefined;
}

interface AttemptRow {
  failures: number;
  blocked_until: number;
  last: number;
}

/**
 * Slows down guessing: by source and username, by source, and by username over all sources. Counts are on
 * disk, so a restart does not forgive them; names and addresses are kept as keyed hashes only, and known and
 * unknown names are counted alike.
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
  const notice = database.prepare('SELECT failures, since FROM sign_in_notice WHERE key = ? AND last >= ?');
  const addNotice = database.prepare(
    `INSERT INTO sign_in_notice (key, failures, since, last) VALUES (?, 1, ?, ?)
     ON CONFLICT (key) DO UPDATE SET failures = failures + 1, last = excluded.last`,
  );
  const takeBack = database.prepare('UPDATE sign_in_notice SET failures = failures - ? WHERE key = ?');
  const forgetNotices = database.prepare('DELETE FROM sign_in_notice WHERE last < ? OR failures <= 0');

  const hidden = (kind: string, ...parts: string[]): string =>
    createHmac('sha256', key)
      .update([kind, ...parts].join('|'))
      .digest('base64url');
  const keysOf = (username: string, address: string) => {
    const name = nameKey(username);
    const source = sourceOf(address);
    return {
      // The source comes first: it holds no bar, so that no name can be made to look like another pair.
      pair: hidden('pair', source, name),
      source: hidden('source', source),
      account: hidden('account', name),
    };
  };
  const rowOf = (rowKey: string): AttemptRow | undefined => select.get(rowKey) as AttemptRow | undefined;
  const failuresAt = (rowKey: string): number => rowOf(rowKey)?.failures ?? 0;
  const write = (rowKey: string, failures: number, rule: ThrottleRule, now: number): void => {
    if (failures <= 0) {
      remove.run(rowKey);
    } else {
      upsert.run(rowKey, failures, now + waitAfter(failures, rule), now);
    }
  };

  const begin = (username: string, address: string): Admission => {
    const now = clock();
    forget.run(now - FORGET_MS);
    forgetNotices.run(now - TELL_MS);
    const keys = keysOf(username, address);
    const blocked = [keys.pair, keys.source].map((rowKey) => (rowOf(rowKey)?.blocked_until ?? 0) - now);
    const waitMs = Math.max(...blocked);
    if (waitMs > 0) {
      return { kind: 'refused', waitMs };
    }
    const delayMs = waitAfter(failuresAt(keys.account), rules.account);
    write(keys.pair, failuresAt(keys.pair) + 1, rules.pair, now);
    write(keys.source, failuresAt(keys.source) + 1, rules.source, now);
    write(keys.account, failuresAt(keys.account) + 1, rules.account, now);
    addNotice.run(keys.account, now, now);
    return { kind: 'admitted', delayMs };
  };
  const succeeded = (username: string, address: string): void => {
    const now = clock();
    const keys = keysOf(username, address);
    const slips = failuresAt(keys.pair);
    remove.run(keys.pair);
    write(keys.account, failuresAt(keys.account) - slips, rules.account, now);
    takeBack.run(slips, keys.account);
    // Only this attempt is taken back: one right password must not forgive a source its guesses at others.
    write(keys.source, failuresAt(keys.source) - 1, rules.source, now);
  };
  return {
    begin: (username, address) => inOneTransaction(database, () => begin(username, address)),
    succeeded: (username, address) => {
      inOneTransaction(database, () => {
        succeeded(username, address);
      });
    },
    failuresOf: (username) => {
      const row = notice.get(hidden('account', nameKey(username)), clock() - TELL_MS) as
        { failures: number; since: number } | undefined;
      return row === undefined || row.failures <= 0 ? undefined : { count: row.failures, since: row.since };
    },
  };
}

/** How long after so many failures nothing is looked at, or how long the next look is delayed. */
function waitAfter(failures: number, rule: ThrottleRule): number {
  const beyond = failures - rule.free;
  return beyond < 0 ? 0 : Math.min(rule.capMs, FIRST_WAIT_MS * 2 ** Math.min(beyond, 30));
}
