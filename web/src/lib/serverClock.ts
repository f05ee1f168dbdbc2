// SPDX-License-Identifier: Apache-2.0

// A session ends at an instant of the server. The clock of a patient's computer may be hours off: it is
// compared with the `Date` of every answer (RFC 9110 §6.6.1, whole seconds), so that a wrong clock neither
// ends a session early nor misses its end.
let ahead = 0;

/** @param date the `Date` field of an answer that has just arrived; null when it has none. */
export function noteServerTime(date: string | null): void {
  const serverTime = Date.parse(date ?? '');
  if (!Number.isNaN(serverTime)) {
    ahead = Date.now() - serverTime;
  }
}

/** When the clock of this computer will show that `serverTime` (milliseconds since the epoch) has come. */
export function inOwnTime(serverTime: number): number {
  return serverTime + ahead;
}
