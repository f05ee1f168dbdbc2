// SPDX-License-Identifier: Apache-2.0
import type { FakeLedger } from './fakeLedger';

/** Each entry once in all of them, and no gap in any. */
export function expectSoundLanes(ledger: FakeLedger, lanes: readonly string[]): void {
  const ids = lanes.flatMap((lane) => ledger.events(lane).map(({ id }) => id));
  expect(new Set(ids).size).toBe(ids.length);
  for (const lane of lanes) {
    let start = 0;
    ledger.lane(lane).forEach((batch, seq) => {
      expect([batch.seq, batch.start]).toEqual([seq, start]);
      start += batch.events.length;
    });
  }
}
