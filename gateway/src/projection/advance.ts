// SPDX-License-Identifier: Apache-2.0
import type { LedgerEvent } from '../ledger/provenanceLedger';
import type { Checkpoint, VerifiedBatch } from '../readmodel/accessStore';
import type { ProvedBatch } from './fetchBatch';
import { ProjectionHalted } from './projectionHalted';

export interface Step {
  readonly checkpoint: Checkpoint;
  /** Absent for ledger events that are no accesses. */
  readonly batch: VerifiedBatch | undefined;
}

/**
 * The next state after one ledger event. Pure, and the only place where positions are given: they depend on the ledger's order alone, so
 * that every projection of one ledger gives every entry the same position.
 * @throws ProjectionHalted when a batch is missing or does not begin where its lane's last one ended.
 */
export function advance(checkpoint: Checkpoint | undefined, event: LedgerEvent, proved?: ProvedBatch): Step {
  const before: Pick<Checkpoint, 'events' | 'entries' | 'lanes'> = checkpoint ?? {
    events: 0,
    entries: 0,
    lanes: {},
  };
  const moved = {
    events: before.events + 1,
    block: Number(event.block),
    transactionId: event.transactionId,
  };
  if (proved === undefined) {
    return { checkpoint: { ...moved, entries: before.entries, lanes: before.lanes }, batch: undefined };
  }
  const { lane, seq } = proved.event.payload;
  const progress = Object.hasOwn(before.lanes, lane) ? before.lanes[lane] : undefined;
  const { nextSeq, count } = progress ?? { nextSeq: 0, count: 0 };
  const place = `lane ${lane}, seq ${String(seq)}`;
  if (seq !== nextSeq) {
    throw new ProjectionHalted('SEQUENCE_GAP', `${place}: expected seq ${String(nextSeq)}`);
  }
  if (proved.record.start !== count) {
    throw new ProjectionHalted(
      'START_MISMATCH',
      `${place}: starts at ${String(proved.record.start)}, the lane has ${String(count)} events`,
    );
  }
  const size = proved.events.length;
  return {
    checkpoint: {
      ...moved,
      entries: before.entries + size,
      lanes: { ...before.lanes, [lane]: { nextSeq: seq + 1, count: count + size } },
    },
    batch: {
      lane,
      seq,
      block: moved.block,
      transactionId: moved.transactionId,
      firstPosition: before.entries + 1,
      events: proved.events,
    },
  };
}
