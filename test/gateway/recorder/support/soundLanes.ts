// SPDX-License-Identifier: Apache-2.0
import type { FakeLedger } from './fakeLedger';

/** Each entry once in all of them, no entry corrected twice, and no gap in any. */
export function expectSoundLanes(ledger: FakeLedger, lanes: readonly string[]): void {
  const events = lanes.flatMap((lane) => ledger.events(lane));
  expect(repeated(events.map(({ id }) => id))).toEqual([]);
  expect(repeated(events.flatMap(({ amends }) => amends?.id ?? []))).toEqual([]);
  for (const lane of lanes) {
    let start = 0;
    ledger.lane(lane).forEach((batch, seq) => {
      expect([batch.seq, batch.start]).toEqual([seq, start]);
      start += batch.events.length;
    });
  }
}

function repeated(ids: readonly string[]): readonly string[] {
  return ids.filter((id, at) => ids.indexOf(id) !== at);
}
