// SPDX-License-Identifier: Apache-2.0
import type { Logger } from 'pino';
import { readOutcome } from './batchAttempt';
import type { RecordingLedger } from './recorder';
import { type EntryNames, isOwed } from './lateMark';
import { surveyLane } from './laneSurvey';
import type { LaneHead, Outbox, OutboxBatch } from './outbox';
import { pendingOf } from './pendingBatch';
import { settlementOf } from './settlement';

/** Where the lane goes on, and what has to be settled first. */
export interface RecoveredLane {
  readonly nextSeq: number;
  readonly nextStart: number;
  /** The highest place that is on the ledger; -1 for an empty lane. */
  readonly provenSeq: number;
  /** Batches, of this lane or of one that this store wrote before, whose commit is not known. */
  readonly unsettled: readonly OutboxBatch[];
}

/** The lane cannot be continued as things stand; the message tells an operator why and what to do. */
export class LaneNotContinuable extends Error {
  override readonly name = 'LaneNotContinuable';
}

/**
 * Brings the outbox and the ledger together after a start. The ledger has the last word about the lane's end; the outbox holds what the
 * ledger may lack.
 * @throws LedgerError while the ledger is away, {@link LaneNotContinuable} when a batch is neither on the ledger nor in the outbox.
 */
export async function recoverLane(
  ledger: RecordingLedger,
  outbox: Outbox,
  lane: string,
  names: () => EntryNames,
  log: Logger,
): Promise<RecoveredLane> {
  const head = outbox.head(lane);
  const survey = await surveyLane(ledger, lane, head.nextSeq);
  const unsettled = await releaseFencedLanes(ledger, outbox, lane, names);
  const kept = new Set(unsettled.filter((batch) => batch.lane === lane).map((batch) => batch.seq));
  const lost = [...survey.missing, ...rangeOf(survey.nextSeq, head.nextSeq)].filter((seq) => !kept.has(seq));
  if (lost.length > 0) {
    throw new LaneNotContinuable(explainLoss(lane, lost, survey.nextSeq, head));
  }
  if (survey.nextSeq <= head.nextSeq) {
    return { nextSeq: head.nextSeq, nextStart: head.nextStart, provenSeq: survey.nextSeq - 1, unsettled };
  }
  log.warn(
    { lane, store: head.nextSeq, ledger: survey.nextSeq },
    'the local store is behind the ledger (new, removed or restored); the lane goes on from the ledger',
  );
  return {
    nextSeq: survey.nextSeq,
    nextStart: survey.nextStart,
    provenSeq: survey.nextSeq - 1,
    unsettled,
  };
}

/** The highest place of the lane that the store knows to be on the ledger; `undefined` when it knows none. */
export function settledOnDisk(outbox: Outbox, lane: string): number | undefined {
  const open = new Set(outbox.batches().flatMap((batch) => (batch.lane === lane ? [batch.seq] : [])));
  let seq = outbox.head(lane).nextSeq - 1;
  while (open.has(seq)) {
    seq -= 1;
  }
  return seq < 0 ? undefined : seq;
}

/**
 * A fenced lane is never written again. What it left in the outbox is either on the ledger after all, or what it owes (releases before
 * their record, amendments) goes into the new lane.
 */
async function releaseFencedLanes(
  ledger: RecordingLedger,
  outbox: Outbox,
  lane: string,
  names: () => EntryNames,
): Promise<readonly OutboxBatch[]> {
  const unsettled: OutboxBatch[] = [];
  for (const batch of outbox.batches()) {
    if (batch.lane === lane || !outbox.head(batch.lane).fenced) {
      unsettled.push(batch);
      continue;
    }
    const found = await readOutcome(ledger, batch);
    const owe =
      found?.kind === 'committed'
        ? settlementOf(pendingOf(batch, 0), found, names).owed
        : batch.requests.filter(isOwed).map((request) => ({ request }));
    outbox.write({ remove: [batch], owe });
  }
  return unsettled;
}

function rangeOf(from: number, to: number): number[] {
  return Array.from({ length: Math.max(0, to - from) }, (_, index) => from + index);
}

function explainLoss(lane: string, lost: readonly number[], ledgerNext: number, head: LaneHead): string {
  const list = namedBatches(lost);
  const [was, is, it] = lost.length === 1 ? ['was', 'is', 'it'] : ['were', 'are', 'them'];
  return ledgerNext < head.nextSeq
    ? `Lane ${lane}: ${list} ${was} committed before, but the peer does not have ${it}. Wait until the peer has caught up. If the ledger ` +
        `was set up anew, remove this gateway's recorder store or give the gateway another GATEWAY_NAME.`
    : `Lane ${lane}: ${list} ${is} missing on the ledger and not in this gateway's recorder store, which was removed or restored. ` +
        `The gap can only be filled by that store: put it back, or give the gateway another GATEWAY_NAME.`;
}

/** `batch 7`, `7 batches (0–5, 9)`: the survey looks at a few places, so that runs are few however many are lost. @param lost ascending, not empty. */
function namedBatches(lost: readonly number[]): string {
  if (lost.length === 1) {
    return `batch ${String(lost[0])}`;
  }
  const runs: { first: number; last: number }[] = [];
  for (const seq of lost) {
    const run = runs.at(-1);
    if (run !== undefined && run.last + 1 === seq) {
      run.last = seq;
    } else {
      runs.push({ first: seq, last: seq });
    }
  }
  const named = runs.map(({ first, last }) =>
    first === last ? String(first) : `${String(first)}–${String(last)}`,
  );
  return `${String(lost.length)} batches (${named.join(', ')})`;
}
