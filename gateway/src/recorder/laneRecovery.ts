// SPDX-License-Identifier: Apache-2.0
import type { Logger } from 'pino';
import { readOutcome } from './batchAttempt';
import type { RecordingLedger } from './recorder';
import { type EntryNames, isOwed } from './lateMark';
import { type LaneSurvey, placesFrom, surveyLane } from './laneSurvey';
import type { Outbox, OutboxBatch, OutboxRival } from './outbox';
import { pendingOf, type Rival } from './pendingBatch';
import { entriesOwed, forgetRecorded, isPast } from './restoredStore';
import { asRival, type SettlingOptions, settleRivals } from './rivals';
import { settlementOf } from './settlement';

/** Where the lane goes on, and what has to be settled first. */
export interface RecoveredLane {
  readonly nextSeq: number;
  readonly nextStart: number;
  /** The highest place that is on the ledger; -1 for an empty lane. */
  readonly provenSeq: number;
  /** Batches, of this lane or of one that this store wrote before, whose commit is not known. */
  readonly unsettled: readonly OutboxBatch[];
  /** Batches that may still be ordered at a place that was given to another. */
  readonly rivals: readonly Rival[];
  /** Where other lanes end of which something is unsettled. */
  readonly ends: ReadonlyMap<string, number>;
}

/** The lane cannot be continued as things stand; the message tells an operator why, `remedy` what to do. */
export class LaneNotContinuable extends Error {
  override readonly name = 'LaneNotContinuable';
  readonly remedy: string;

  constructor({ reason, remedy }: { readonly reason: string; readonly remedy: string }) {
    super(reason);
    this.remedy = remedy;
  }
}

/**
 * Brings the outbox and the ledger together after a start. The ledger has the last word about the lane's end;
 * the outbox holds what the ledger may lack, and what the ledger's lanes have already is taken from it.
 * @throws LedgerError while the ledger is away, {@link LaneNotContinuable} when a batch is neither on the
 *   ledger nor in the outbox.
 */
export async function recoverLane(
  options: SettlingOptions & { readonly log: Logger },
  lane: string,
): Promise<RecoveredLane> {
  const { ledger, outbox, names, log } = options;
  assertNotOvertaken(outbox, lane);
  const survey = await surveyWithRivals(options, lane);
  const head = outbox.head(lane);
  assertNothingLost(outbox, lane, survey);
  const owedBefore = entriesOwed(outbox);
  const seen = await forgetRecorded({ ledger, outbox, names }, { lane, survey });
  assertNotOvertaken(outbox, lane);
  // A row that the ledger showed to be a copy's may have been what filled a gap.
  assertNothingLost(outbox, lane, survey);
  const unsettled = await releaseOtherLanes(ledger, outbox, lane, names, seen);
  const rivals = outbox.rivals().map(asRival);
  const ends = new Map(unsettled.map((row) => [row.lane, outbox.head(row.lane).nextSeq]));
  const provenSeq = survey.nextSeq - 1;
  if (!isPast(survey, head)) {
    const { nextSeq, nextStart } = outbox.head(lane);
    return { nextSeq, nextStart, provenSeq, unsettled, rivals, ends };
  }
  log.warn(
    { lane, store: head.nextSeq, ledger: survey.nextSeq, owedBefore, owed: entriesOwed(outbox) },
    'the local store is behind the ledger (new, removed or restored); the lane goes on from the ledger, without what it has already',
  );
  return {
    nextSeq: survey.nextSeq,
    nextStart: survey.nextStart,
    provenSeq,
    unsettled,
    rivals,
    ends,
  };
}

/** Where the lane ends, when nothing below is a rival's that nobody knows of. */
async function surveyWithRivals(options: SettlingOptions, lane: string): Promise<LaneSurvey> {
  const { ledger, outbox } = options;
  const isOver = (one: string): Promise<boolean> => hasEnded(ledger, outbox, one);
  await settleRivals(options, lane, isOver);
  const survey = await surveyLane(ledger, lane, outbox.head(lane).nextSeq);
  const rows = new Set(outbox.batches().flatMap((row) => (row.lane === lane ? [row.seq] : [])));
  const isSettled = (one: OutboxRival): boolean =>
    one.lane !== lane || one.seq >= survey.nextSeq || rows.has(one.seq);
  if (outbox.rivals().every(isSettled)) {
    return survey;
  }
  // It came between the two looks.
  await settleRivals(options, lane, isOver);
  return surveyLane(ledger, lane, outbox.head(lane).nextSeq);
}

/**
 * Looks whether the ledger holds all that the store has settled in this lane.
 * @param proven a place that certainly was on the ledger, also when it is not settled; `undefined` when none
 *   is known.
 * @throws LedgerError while the ledger is away, {@link LaneNotContinuable} when it does not.
 */
export async function proveLane(
  ledger: Pick<RecordingLedger, 'findBatch'>,
  outbox: Outbox,
  lane: string,
  proven: number | undefined,
): Promise<void> {
  const survey = await surveyLane(ledger, lane, outbox.head(lane).nextSeq);
  const isThere = proven === undefined || (await ledger.findBatch(lane, proven)) !== undefined;
  assertNothingLost(outbox, lane, survey, isThere ? undefined : proven);
}

/** @throws LaneNotContinuable */
function assertNothingLost(outbox: Outbox, lane: string, survey: LaneSurvey, gone?: number): void {
  const head = outbox.head(lane);
  const kept = new Set(outbox.batches().flatMap((batch) => (batch.lane === lane ? [batch.seq] : [])));
  const lost = [...survey.missing, ...placesFrom(survey.nextSeq, head.nextSeq)].filter(
    (seq) => !kept.has(seq),
  );
  if (gone !== undefined && !lost.includes(gone)) {
    lost.push(gone);
    lost.sort((a, b) => a - b);
  }
  if (lost.length > 0) {
    throw new LaneNotContinuable(explainLoss(lane, lost, survey.nextSeq < head.nextSeq, entriesOwed(outbox)));
  }
}

/**
 * @throws LaneNotContinuable when the store is a copy, and entries of a batch that it has under way in this
 *   lane stand in another one.
 */
function assertNotOvertaken(outbox: Outbox, lane: string): void {
  if (outbox.head(lane).fenced) {
    throw new LaneNotContinuable({
      reason:
        `Lane ${lane}: this gateway's recorder store came back from a copy, and entries that it has under ` +
        'way in this lane stand in another one by now.',
      remedy:
        'Give this gateway another GATEWAY_NAME and start it again, with the same store: nothing is lost, ' +
        'nor recorded twice.',
    });
  }
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
 * A lane that ended is never written again: a fenced one, and one of an earlier name whose settled batches
 * the ledger no longer has. What it left in the outbox is either on the ledger after all, or what it owes
 * (releases before their record, amendments) goes into the new lane.
 * @param seen ids of entries that stand elsewhere on a lane.
 */
async function releaseOtherLanes(
  ledger: RecordingLedger,
  outbox: Outbox,
  lane: string,
  names: () => EntryNames,
  seen: ReadonlySet<string>,
): Promise<readonly OutboxBatch[]> {
  const unsettled: OutboxBatch[] = [];
  const ended = new Map<string, boolean>();
  for (const batch of outbox.batches()) {
    const isEnded =
      batch.lane !== lane && (ended.get(batch.lane) ?? (await hasEnded(ledger, outbox, batch.lane)));
    ended.set(batch.lane, isEnded);
    if (!isEnded) {
      unsettled.push(batch);
      continue;
    }
    const found = await readOutcome(ledger, batch);
    const owe =
      found?.kind === 'committed'
        ? settlementOf(pendingOf(batch, 0), found, names).owed
        : batch.requests
            .filter((request) => isOwed(request) && !seen.has(request.id))
            .map((request) => ({ request }));
    outbox.write({ remove: [batch], owe });
  }
  return unsettled;
}

/** Whether nothing may be put into the lane any more. */
async function hasEnded(ledger: RecordingLedger, outbox: Outbox, lane: string): Promise<boolean> {
  const settled = settledOnDisk(outbox, lane);
  return (
    outbox.head(lane).fenced ||
    (settled !== undefined && (await ledger.findBatch(lane, settled)) === undefined)
  );
}

/**
 * What is lost, and a way on that loses nothing. It never is to remove the store: that holds releases that
 * the ledger lacks, or will while emergencies are released in this state.
 * @param isLedgerBehind whether the ledger ends before the store does.
 */
function explainLoss(
  lane: string,
  lost: readonly number[],
  isLedgerBehind: boolean,
  owed: number,
): { readonly reason: string; readonly remedy: string } {
  const list = namedBatches(lost);
  const [was, is, it] = lost.length === 1 ? ['was', 'is', 'it'] : ['were', 'are', 'them'];
  const entries = owed === 1 ? '1 entry' : `${String(owed)} entries`;
  const keep =
    `Keep this gateway's recorder store in any case: it holds ${entries} that the ledger lacks (releases ` +
    'before their record, amendments), and more when emergencies follow; under the new name they are recorded.';
  return isLedgerBehind
    ? {
        reason: `Lane ${lane}: ${list} ${was} committed before, but the peer does not have ${it}.`,
        remedy:
          'If the peer is only behind, wait: this gateway goes on by itself once the peer has caught up. If the ' +
          'ledger came back from an older copy or was set up anew, give this gateway another GATEWAY_NAME and ' +
          `start it again. ${keep}`,
      }
    : {
        reason: `Lane ${lane}: ${list} ${is} missing on the ledger and not in this gateway's recorder store.`,
        remedy:
          'Give this gateway another GATEWAY_NAME and start it again. If the store that was here before still ' +
          'exists, one more gateway that is started with it under the old name fills the gap. ' +
          keep,
      };
}

/** More of them help nobody who reads the reason. */
const NAMED_RUNS = 5;

/**
 * `batch 7`, `7 batches (0–5, 9)`: the survey looks at a few places, so that runs are few however many are
 * lost.
 * @param lost ascending, not empty.
 */
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
  const named = runs
    .slice(0, NAMED_RUNS)
    .map(({ first, last }) => (first === last ? String(first) : `${String(first)}–${String(last)}`));
  const more = runs.length > NAMED_RUNS ? ', …' : '';
  return `${String(lost.length)} batches (${named.join(', ')}${more})`;
}
