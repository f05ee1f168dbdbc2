// SPDX-License-Identifier: Apache-2.0
import { MAX_IN_FLIGHT } from '@chartwitness/chaincode/domain';
import type { LedgerEvent } from '../ledger/provenanceLedger';
import type { BatchAhead, Checkpoint, LaneProgress, VerifiedBatch } from '../readmodel/accessStore';
import type { ProvedBatch } from './fetchBatch';
import { ProjectionHalted } from './projectionHalted';

export interface Step {
  readonly checkpoint: Checkpoint;
  /** Absent for ledger events that are no accesses. */
  readonly batch: VerifiedBatch | undefined;
}

/**
 * The next state after one ledger event. Pure, and the only place where positions are given: they depend on
 * the ledger's order alone, so that every projection of one ledger gives every entry the same position.
 * @throws ProjectionHalted when a batch is missing or does not begin where the one before it in its lane
 *   ended.
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
  const size = proved.events.length;
  return {
    checkpoint: {
      ...moved,
      entries: before.entries + size,
      lanes: {
        ...before.lanes,
        [lane]: continued(
          progress,
          { seq, start: proved.record.start, count: size, at: timeOf(proved) },
          lane,
        ),
      },
    },
    batch: {
      lane,
      seq,
      start: proved.record.start,
      block: moved.block,
      transactionId: moved.transactionId,
      firstPosition: before.entries + 1,
      events: proved.events,
    },
  };
}

/**
 * A gateway has several batches of its lane under way, and the orderer takes them as they arrive: a batch may
 * be committed before the one that precedes it in the lane, but only as far ahead as a gateway may run.
 */
function continued(progress: LaneProgress | undefined, batch: BatchAhead, lane: string): LaneProgress {
  const { nextSeq, count, ahead = [] } = progress ?? { nextSeq: 0, count: 0 };
  const isTooFar = batch.seq >= nextSeq + MAX_IN_FLIGHT;
  if (batch.seq < nextSeq || isTooFar || ahead.some(({ seq }) => seq === batch.seq)) {
    throw new ProjectionHalted(
      'SEQUENCE_GAP',
      `${placeOf(lane, batch.seq)}: expected seq ${String(nextSeq)}`,
    );
  }
  const waiting = [...ahead, batch].sort((one, other) => one.seq - other.seq);
  let end = { nextSeq, count };
  while (waiting[0]?.seq === end.nextSeq) {
    end = joined(end, waiting[0], lane);
    waiting.shift();
  }
  return waiting.length === 0 ? end : { ...end, ahead: waiting };
}

function joined(end: LaneProgress, { seq, start, count }: BatchAhead, lane: string): LaneProgress {
  if (start !== end.count) {
    throw new ProjectionHalted(
      'START_MISMATCH',
      `${placeOf(lane, seq)}: starts at ${String(start)}, the lane has ${String(end.count)} events`,
    );
  }
  return { nextSeq: seq + 1, count: end.count + count };
}

/** All events of a batch have its transaction's time; the form of a batch has at least one. */
function timeOf({ events: [first] }: ProvedBatch): string {
  return first?.at ?? '';
}

function placeOf(lane: string, seq: number): string {
  return `lane ${lane}, seq ${String(seq)}`;
}
