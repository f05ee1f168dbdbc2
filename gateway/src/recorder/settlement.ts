// SPDX-License-Identifier: Apache-2.0
import type { AccessRequest } from '@chartwitness/chaincode/domain';
import type { AttemptResult } from './batchAttempt';
import { type EntryNames, isOwed, nothingGivenAmendment, releasedLateAmendment } from './lateMark';
import type { OwedEntry } from './outbox';
import type { PendingBatch } from './pendingBatch';
import type { RecordOutcome } from './recorder';
import type { Part, Ticket } from './ticket';

export type Committed = Extract<AttemptResult, { kind: 'committed' }>;

/**
 * A part that is on the ledger while others of its request are not, with the amendment that applies if they
 * never are.
 */
export interface CommittedPart {
  readonly part: Part;
  readonly outcome: RecordOutcome;
  readonly held: string | undefined;
}

/** What a commit brings about: first all of it on the disk, then the answers. */
export interface Settlement {
  /** Amendments that the ledger needs; the held ones only if their request is given up. */
  readonly owed: readonly OwedEntry[];
  /** Held amendments of earlier batches whose requests are complete now. */
  readonly forgotten: readonly string[];
  /** Parts of requests that are not complete. */
  readonly committed: readonly CommittedPart[];
  readonly answers: readonly { readonly ticket: Ticket; readonly outcomes: readonly RecordOutcome[] }[];
  /** Requests whose decision does not fit them. */
  readonly misfits: readonly Ticket[];
}

interface Live {
  readonly part: Part;
  readonly index: number;
  readonly outcome: RecordOutcome;
}

/**
 * Compares what the ledger has with what left. Until a batch is settled on the disk, only what its row marks
 * late was given out; so an entry without anybody to answer gave nothing, also after a restart. Pure but for
 * the names.
 */
export function settlementOf(
  batch: Pick<PendingBatch, 'lane' | 'start' | 'requests' | 'parts'>,
  result: Committed,
  names: () => EntryNames,
): Settlement {
  const owed: OwedEntry[] = [];
  const live = new Map<Ticket, Live[]>();
  const misfits = new Set<Ticket>();
  const addressOf = (index: number) => ({ lane: batch.lane, number: batch.start + index });
  const nothingGiven = (request: AccessRequest, index: number): AccessRequest =>
    nothingGivenAmendment(request, addressOf(index), names());

  batch.requests.forEach((request, index) => {
    const part = batch.parts[index];
    const permitted = result.permitted[index];
    if (isOwed(request)) {
      if (request.late && result.late[index] !== true) {
        owed.push({ request: releasedLateAmendment(request, addressOf(index), names()) });
      }
      return;
    }
    const fits = permitted?.length === request.items.length;
    const isAwaited = part?.ticket.isSettled === false;
    if (fits && isAwaited) {
      const own = live.get(part.ticket) ?? [];
      own.push({ part, index, outcome: outcomeOf(permitted, result) });
      live.set(part.ticket, own);
      return;
    }
    if (!fits || permitted.includes(true)) {
      owed.push({ request: nothingGiven(request, index) });
    }
    if (isAwaited) {
      misfits.add(part.ticket);
    }
  });

  const forgotten: string[] = [];
  const committed: CommittedPart[] = [];
  const answers: { ticket: Ticket; outcomes: readonly RecordOutcome[] }[] = [];
  for (const [ticket, own] of live) {
    const outcomes = misfits.has(ticket) ? undefined : allOutcomes(ticket, own);
    if (outcomes !== undefined) {
      answers.push({ ticket, outcomes });
      forgotten.push(...ticket.heldAmendments());
      continue;
    }
    for (const { part, index, outcome } of own) {
      const request = outcome.permitted.includes(true) ? nothingGiven(part.request, index) : undefined;
      if (request !== undefined) {
        owed.push({ request, isHeld: !misfits.has(ticket) });
      }
      committed.push({ part, outcome, held: request?.id });
    }
  }
  return { owed, forgotten, committed, answers, misfits: [...misfits] };
}

/** Those who hear of it. */
export function concernedBy({ answers, committed, misfits }: Settlement): Set<Ticket> {
  return new Set([
    ...answers.map(({ ticket }) => ticket),
    ...committed.map(({ part }) => part.ticket),
    ...misfits,
  ]);
}

/** By part, when all are on the ledger. */
function allOutcomes(ticket: Ticket, own: readonly Live[]): readonly RecordOutcome[] | undefined {
  const outcomes = ticket.parts.flatMap((part) => {
    const outcome =
      part.state.kind === 'committed' ? part.state.outcome : own.find((live) => live.part === part)?.outcome;
    return outcome === undefined ? [] : [outcome];
  });
  return outcomes.length === ticket.parts.length ? outcomes : undefined;
}

function outcomeOf(permitted: readonly boolean[], { transactionId }: Committed): RecordOutcome {
  return transactionId === undefined ? { permitted, late: false } : { permitted, late: false, transactionId };
}
