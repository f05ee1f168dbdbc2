// SPDX-License-Identifier: Apache-2.0
import type { AccessRequest } from '@chartwitness/chaincode/domain';
import { type Decided, readOutcome } from './batchAttempt';
import { areEventsLost } from './eventsAt';
import { fillerFor } from './filler';
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

export interface SettlingOptions {
  readonly ledger: RecordingLedger;
  readonly outbox: Outbox;
  readonly names: () => EntryNames;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

type Placed = Pick<PendingBatch, 'lane' | 'seq' | 'start' | 'requests'> & {
  readonly group?: PendingBatch['group'];
};

/**
 * The rival is in the place, and `batch` is not: what of it does not stand there goes on. How far each entry
 * has come since, the batch and the store know: it may have left late in the meantime.
 */
export function rivalSettlement(
  rival: Rival,
  batch: Placed,
  decided: Decided,
  outbox: Pick<Outbox, 'findEntry' | 'head'>,
  names: () => EntryNames,
): RivalSettlement {
  const ids = new Set(rival.requests.map(({ id }) => id));
  const inBatch = new Map(batch.requests.map((request) => [request.id, request]));
  const requests = rival.requests.map(
    (request): AccessRequest => inBatch.get(request.id) ?? outbox.findEntry(request.id)?.request ?? request,
  );
  const settlement = settlementOf({ ...rival, requests }, { kind: 'committed', ...decided }, names);
  const refusal = batch.group?.refusal;
  const left = batch.requests
    .filter((request) => isOwed(request) && !ids.has(request.id))
    .map((request): OwedEntry => (refusal === undefined ? { request } : { request, refusal }));
  // Later places stand where they are: what filled this one has as many entries as each of its rivals.
  const end = { lane: rival.lane, seq: rival.seq + 1, start: rival.start + rival.requests.length };
  return {
    settlement,
    ids,
    change: {
      filled: rival,
      remove: [batch],
      forget: [...ids, ...settlement.forgotten],
      owe: [...settlement.owed, ...left],
      ...(outbox.head(rival.lane).nextSeq > end.seq ? {} : { advance: end }),
    },
  };
}

/**
 * After a start: looks what stands in the places that have rivals. One that stands there is settled, with
 * amendments: its callers are gone. A ledger that goes on beyond what this store has opened shows that the
 * store is a copy; then nothing is said of the rivals' entries, and what is owed is found on the ledger as
 * everything else. An empty place of a lane of an earlier name gets an entry about nobody: while a rival may
 * be ordered there still, its entries must not stand elsewhere. But nothing is put into a lane that has
 * ended; there a rival is forgotten.
 * @param own the lane that is written now.
 * @param hasEnded whether nothing may be put into a lane any more.
 * @throws LedgerError while the ledger is away; what was settled by then stays settled.
 */
export async function settleRivals(
  { ledger, outbox, names, now }: SettlingOptions,
  own: string,
  hasEnded: (lane: string) => Promise<boolean>,
): Promise<void> {
  for (const rivals of byPlace(outbox.rivals())) {
    const [first] = rivals;
    const row = outbox.batches().find((batch) => batch.lane === first.lane && batch.seq === first.seq);
    const batch = row ?? { ...first, requests: [] };
    if ((await ledger.findBatch(first.lane, first.seq)) === undefined) {
      if (first.lane !== own && (await hasEnded(first.lane))) {
        outbox.write({ filled: first });
      } else if (first.lane !== own && row === undefined) {
        const { refill } = fillerFor(first, first.requests.length, names, now());
        outbox.write({ open: { ...refill, count: first.requests.length, takesOver: [] } });
      }
      continue;
    }
    const beyond = Math.max(outbox.head(first.lane).nextSeq, first.seq + 1);
    const isCopy = (await ledger.findBatch(first.lane, beyond)) !== undefined;
    const found = isCopy ? undefined : await outcomeUnlessLost(ledger, batch, rivals);
    outbox.write(
      found?.kind === 'rival'
        ? rivalSettlement(found.rival, batch, found, outbox, names).change
        : { filled: first },
    );
  }
}

/**
 * Where nobody gives the events, the peer came back from a backup, and most likely the store with it: as of a
 * copy, nothing is said.
 */
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
