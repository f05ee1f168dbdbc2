// SPDX-License-Identifier: Apache-2.0
import type { AccessRequest } from '@chartwitness/chaincode/domain';
import { type Decided, readOutcome } from './batchAttempt';
import { areEventsLost } from './eventsAt';
import { type EntryNames, isOwed } from './lateMark';
import type { BatchPlace, Outbox, OutboxChange, OutboxRival, OwedEntry } from './outbox';
import type { PendingBatch, Rival } from './pendingBatch';
import type { RecordingLedger } from './recorder';
import { type Settlement, settlementOf } from './settlement';

/** What a rival's commit brings about: first the change on the disk, then the rest. */
export interface RivalSettlement {
  readonly settlement: Settlement;
  readonly change: OutboxChange;
  /** Ids of all entries that stand in the place. */
  readonly ids: ReadonlySet<string>;
}

type Placed = Pick<PendingBatch, 'lane' | 'seq' | 'start' | 'requests'> & {
  readonly group?: PendingBatch['group'];
};

/**
 * The rival is in the place, and `batch` is not: what of it does not stand there goes on. How far each entry has come since, the batch and
 * the store know: it may have left late in the meantime.
 */
export function rivalSettlement(
  rival: Rival,
  batch: Placed,
  decided: Decided,
  outbox: Pick<Outbox, 'findOwed'>,
  names: () => EntryNames,
): RivalSettlement {
  const ids = new Set(rival.requests.map(({ id }) => id));
  const inBatch = new Map(batch.requests.map((request) => [request.id, request]));
  const requests = rival.requests.map(
    (request): AccessRequest => inBatch.get(request.id) ?? outbox.findOwed(request.id)?.request ?? request,
  );
  const settlement = settlementOf({ ...rival, requests }, { kind: 'committed', ...decided }, names);
  const refusal = batch.group?.refusal;
  const left = batch.requests
    .filter((request) => isOwed(request) && !ids.has(request.id))
    .map((request): OwedEntry => (refusal === undefined ? { request } : { request, refusal }));
  return {
    settlement,
    ids,
    change: {
      filled: rival,
      remove: [batch],
      forget: [...ids, ...settlement.forgotten],
      owe: [...settlement.owed, ...left],
      advance: { lane: rival.lane, seq: rival.seq + 1, start: rival.start + rival.requests.length },
    },
  };
}

/**
 * After a start: looks what stands in the places that have rivals. One that stands there is settled, with amendments: whoever asked is gone.
 * Beyond such a place this store has opened nothing, so a ledger that goes on there shows that the store is a copy; then nothing is said of
 * the rivals' entries, and what is owed is found on the ledger as everything else.
 * @param own the lane that is written now; an empty place of another one is filled by nobody any more.
 * @throws LedgerError while the ledger is away; what was settled by then stays settled.
 */
export async function settleRivals(
  { ledger, outbox, names }: { ledger: RecordingLedger; outbox: Outbox; names: () => EntryNames },
  own: string,
): Promise<void> {
  for (const rivals of byPlace(outbox.rivals())) {
    const [first] = rivals;
    const row = outbox.batches().find((batch) => batch.lane === first.lane && batch.seq === first.seq);
    const batch = row ?? { ...first, requests: [] };
    if ((await ledger.findBatch(first.lane, first.seq)) === undefined) {
      if (first.lane !== own && row === undefined) {
        outbox.write({ filled: first });
      }
      continue;
    }
    const isCopy = (await ledger.findBatch(first.lane, first.seq + 1)) !== undefined;
    const found = isCopy ? undefined : await outcomeUnlessLost(ledger, batch, rivals);
    outbox.write(
      found?.kind === 'rival'
        ? rivalSettlement(found.rival, batch, found, outbox, names).change
        : { filled: first },
    );
  }
}

/** Where nobody gives the events, the peer came back from a backup, and most likely the store with it: as of a copy, nothing is said. */
async function outcomeUnlessLost(
  ledger: RecordingLedger,
  batch: Parameters<typeof readOutcome>[1],
  rivals: readonly OutboxRival[],
): ReturnType<typeof readOutcome> {
  try {
    return await readOutcome(ledger, batch, rivals.map(asRival));
  } catch (error) {
    if (areEventsLost(error)) {
      return undefined;
    }
    throw error;
  }
}

export function asRival(rival: OutboxRival): Rival {
  return { ...rival, parts: rival.requests.map(() => undefined) };
}

function byPlace(rivals: readonly OutboxRival[]): Iterable<readonly [OutboxRival, ...OutboxRival[]]> {
  const places = new Map<string, [OutboxRival, ...OutboxRival[]]>();
  for (const rival of rivals) {
    const key = keyOf(rival);
    const known = places.get(key);
    if (known === undefined) {
      places.set(key, [rival]);
    } else {
      known.push(rival);
    }
  }
  return places.values();
}

function keyOf({ lane, seq }: BatchPlace): string {
  return `${lane} ${String(seq)}`;
}
