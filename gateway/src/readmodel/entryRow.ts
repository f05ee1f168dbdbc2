// SPDX-License-Identifier: Apache-2.0
import type { AccessEvent } from '@chartwitness/chaincode/domain';
import type { StoredEntry } from './accessStore';

/** Of an entry `e` and its batch `b`. */
export const ENTRY_COLUMNS =
  'e.position AS position, e.batch AS first, e.event AS event, b.lane AS lane, b.seq AS seq, b.start AS start, b.block AS block, b.tx AS tx';

/** {@link ENTRY_COLUMNS}, as SQLite gives them. */
export interface EntryRow {
  position: number;
  first: number;
  event: string;
  lane: string;
  seq: number;
  start: number;
  block: number;
  tx: string;
}

export function toEntry(row: EntryRow): StoredEntry {
  return {
    position: row.position,
    lane: row.lane,
    seq: row.seq,
    index: row.position - row.first,
    number: row.start + row.position - row.first,
    block: row.block,
    transactionId: row.tx,
    event: JSON.parse(row.event) as AccessEvent,
  };
}
