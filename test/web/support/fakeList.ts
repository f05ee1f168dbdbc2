// SPDX-License-Identifier: Apache-2.0
import type { AccessEntry, Me } from '@api/schemas';
import { accessList, entry, meAnswer } from './answers';
import { fakeApi, type FakeAnswer, type FakeRequest } from './fakeApi';

/**
 * A patient's list at a fake service: pages by cursor as the real one gives them, and a position that grows
 * with each entry.
 */
export interface FakeList {
  /** Newest first. */
  readonly entries: AccessEntry[];
  readonly requests: readonly FakeRequest[];
  /** Writes one more entry, one block further. */
  add(part?: Partial<AccessEntry>): AccessEntry;
  /** Takes the newest entry away, as a list that was made anew may lack it. */
  dropNewest(): void;
}

const HOUR_MS = 3_600_000;

/** @param now when the newest entry was written; the others lie an hour apart before it, one block each. */
export function fakeList(count: number, now: Date): FakeList {
  const at = (place: number): string => new Date(now.getTime() - (count - place) * HOUR_MS).toISOString();
  const entries: AccessEntry[] = [];
  let blocks = 0;
  const add = (part: Partial<AccessEntry> = {}): AccessEntry => {
    blocks += 1;
    const written = entry({
      id: `e${String(blocks)}`,
      at: at(blocks),
      ledger: {
        lane: 'NorthHospitalMSP/main',
        number: blocks - 1,
        seq: blocks,
        index: 0,
        transactionId: 'a'.repeat(64),
        block: blocks,
      },
      ...part,
    });
    entries.unshift(written);
    return written;
  };
  for (let place = 0; place < count; place += 1) {
    add();
  }
  const me = (): Me =>
    meAnswer({ list: { block: blocks, height: blocks + 1, state: 'live', checkedAt: now.toISOString() } });
  const requests = fakeApi({
    'GET /api/v1/me': () => ({ body: me() }),
    'GET /api/v1/accesses': ({ path }) => answer(entries, new URLSearchParams(path.split('?')[1])),
  });
  return {
    entries,
    requests,
    add,
    dropNewest: () => {
      entries.shift();
    },
  };
}

function answer(entries: readonly AccessEntry[], query: URLSearchParams): FakeAnswer {
  const purposes = query.get('purpose')?.split(',');
  const before = Number(query.get('cursor') ?? Infinity);
  const from = Date.parse(query.get('from') ?? '1970-01-01');
  const limit = Number(query.get('limit'));
  const fitting = entries.filter(
    ({ at, ledger, purpose }) =>
      ledger.block < before && Date.parse(at) >= from && (purposes?.includes(purpose) ?? true),
  );
  const page = fitting.slice(0, limit);
  const next = fitting.length > limit ? String(page.at(-1)?.ledger.block) : null;
  return { body: accessList(page, next) };
}
