// SPDX-License-Identifier: Apache-2.0
import { canonicalJson } from '@chartwitness/chaincode/domain';
import type { LedgerEvent } from '../ledger/provenanceLedger';
import {
  type AccessStore,
  type Checkpoint,
  type StoredEntry,
  type VerifiedBatch,
} from '../readmodel/accessStore';
import { advance } from './advance';
import { fetchBatch } from './fetchBatch';
import {
  DEFAULT_OPEN_PLACE_MS,
  describeOpenPlaces,
  type OpenPlace,
  openPlacesOf,
  overdue,
} from './openPlaces';
import { createProjection, type FollowedLedger, type ProjectionDeps } from './projection';
import { REMEDIES } from './problems';
import { ProjectionHalted } from './projectionHalted';
import { isAtEnd, type ProjectionStatus } from './projectionStatus';

/** A list was not dropped, because the ledger could not make it anew. */
export class RebuildRefused extends Error {
  override readonly name = 'RebuildRefused';
}

/**
 * Drops the read model and projects the ledger anew, once it is known that the ledger can be read. Nothing
 * else may write to the store meanwhile.
 * @returns the status at which it ended: `live` or `incomplete` with everything applied, `halted`, or
 *   whatever it was when `signal` aborted.
 * @throws RebuildRefused or LedgerError before anything was dropped; StoreUnavailableError.
 */
export async function rebuildReadModel(deps: ProjectionDeps, signal: AbortSignal): Promise<ProjectionStatus> {
  await requireReadable(deps);
  await deps.store.reset();
  return await projectUntilLive(deps, signal);
}

/**
 * The first block is there, and so are the public record and the private events of the list's first entry: a
 * peer joined by a snapshot, another network, and an identity that may not read private data all fail here.
 */
async function requireReadable({ ledger, store }: ProjectionDeps): Promise<void> {
  if ((await ledger.findBlock(0n)) === undefined && (await ledger.tip()).height > 0n) {
    throw new RebuildRefused('the peer does not give the channel’s first block');
  }
  const [first] = await store.scan(1, 1);
  if (first === undefined) {
    return;
  }
  if ((await ledger.findBatch(first.lane, first.seq)) === undefined) {
    throw new RebuildRefused(
      'the ledger does not have the list’s first entry, so it would not come back: see that FABRIC_PEER_ENDPOINT and FABRIC_CHANNEL lead to the ledger that this list was made of. If the list is to start anew on another ledger, move its store away by hand',
    );
  }
  await ledger.getEvents(first.lane, first.seq);
}

/** Projects from the stored checkpoint until the list is live, then stops. */
export async function projectUntilLive(deps: ProjectionDeps, signal: AbortSignal): Promise<ProjectionStatus> {
  const projection = createProjection(deps);
  const done = new AbortController();
  let reached: ProjectionStatus | undefined;
  const stopWatching = projection.watch((status) => {
    if (isAtEnd(status)) {
      reached ??= status;
      done.abort();
    }
  });
  await projection.run(AbortSignal.any([signal, done.signal]));
  stopWatching();
  return reached ?? projection.status();
}

/** One way in which the read model differs from what the ledger says. Names places, never persons. */
export interface Difference {
  readonly kind: 'missing' | 'different' | 'extra' | 'checkpoint';
  /** Rank of the entry in ledger order; `null` for the checkpoint. */
  readonly position: number | null;
  readonly detail: string;
}

export interface CheckReport {
  /** Entries re-derived from the ledger. */
  readonly entries: number;
  /** At most {@link MAX_DIFFERENCES}. */
  readonly differences: readonly Difference[];
  readonly isComplete: boolean;
  /**
   * Places that the ledger has nothing at, and that have been open for too long: no fault of the list, but
   * entries may be missing.
   */
  readonly openPlaces: readonly OpenPlace[];
}

export const MAX_DIFFERENCES = 100;

export interface CheckDeps {
  readonly ledger: FollowedLedger;
  readonly store: AccessStore;
  /** Milliseconds since the epoch; default this machine's. */
  readonly clock?: () => number;
  /** As of the projection. */
  readonly openPlaceMs?: number;
}

/**
 * Derives everything up to the store's checkpoint from the ledger again, verifying every root, and compares
 * it with the store. Changes nothing. `isComplete` is false when there are more differences than it lists.
 * @throws ProjectionHalted when the ledger itself does not verify; LedgerError; StoreUnavailableError.
 */
export async function checkReadModel(deps: CheckDeps, signal: AbortSignal): Promise<CheckReport> {
  const stored = await deps.store.checkpoint();
  const differences: Difference[] = [];
  const note = (difference: Difference): void => {
    if (differences.length < MAX_DIFFERENCES) {
      differences.push(difference);
    }
  };
  const derived = stored === undefined ? undefined : await derive(deps, stored, note, signal);
  if (stored !== undefined) {
    compareCheckpoints(stored, derived, note);
  }
  const entries = derived?.entries ?? 0;
  const [extra] = await deps.store.scan(entries + 1, 1);
  if (extra !== undefined) {
    note({ kind: 'extra', position: extra.position, detail: 'the store has entries beyond its checkpoint' });
  }
  return {
    entries,
    differences,
    isComplete: differences.length < MAX_DIFFERENCES,
    openPlaces: await stillOpen(deps, derived),
  };
}

/** Those of the derived lanes that nothing beyond the checkpoint has filled since. */
async function stillOpen(deps: CheckDeps, derived: Checkpoint | undefined): Promise<readonly OpenPlace[]> {
  const { ledger, clock = Date.now, openPlaceMs = DEFAULT_OPEN_PLACE_MS } = deps;
  const open: OpenPlace[] = [];
  for (const place of overdue(openPlacesOf(derived?.lanes ?? {}), clock(), openPlaceMs)) {
    if ((await ledger.findBatch(place.lane, place.seq)) === undefined) {
      open.push(place);
    }
  }
  return open;
}

async function derive(
  deps: CheckDeps,
  stored: Checkpoint,
  note: (difference: Difference) => void,
  signal: AbortSignal,
): Promise<Checkpoint | undefined> {
  if (BigInt(stored.block) >= (await deps.ledger.tip()).height) {
    return undefined;
  }
  const ending = new AbortController();
  let reached: Checkpoint | undefined;
  try {
    for await (const event of deps.ledger.events(undefined, AbortSignal.any([signal, ending.signal]))) {
      if (Number(event.block) > stored.block) {
        break;
      }
      const { checkpoint, batch } = advance(reached, event, await proved(deps, event));
      reached = checkpoint;
      if (batch !== undefined) {
        await compareBatch(deps.store, batch, note);
      }
      if (event.transactionId === stored.transactionId) {
        break;
      }
    }
  } finally {
    ending.abort();
  }
  return reached;
}

async function proved(
  deps: CheckDeps,
  event: LedgerEvent,
): Promise<Awaited<ReturnType<typeof fetchBatch>> | undefined> {
  return event.name === 'AccessRecorded' ? await fetchBatch(deps.ledger, event) : undefined;
}

async function compareBatch(
  store: AccessStore,
  batch: VerifiedBatch,
  note: (difference: Difference) => void,
): Promise<void> {
  const found = new Map(
    (await store.scan(batch.firstPosition, batch.events.length)).map((entry) => [entry.position, entry]),
  );
  batch.events.forEach((event, index) => {
    const position = batch.firstPosition + index;
    const entry = found.get(position);
    const place = `lane ${batch.lane}, seq ${String(batch.seq)}, index ${String(index)}`;
    if (entry === undefined) {
      note({ kind: 'missing', position, detail: place });
    } else if (!isSame(entry, { ...batch, position, index, number: batch.start + index, event })) {
      note({ kind: 'different', position, detail: place });
    }
  });
}

function isSame(entry: StoredEntry, expected: StoredEntry): boolean {
  return (
    entry.lane === expected.lane &&
    entry.seq === expected.seq &&
    entry.number === expected.number &&
    entry.index === expected.index &&
    entry.block === expected.block &&
    entry.transactionId === expected.transactionId &&
    canonicalJson(entry.event) === canonicalJson(expected.event)
  );
}

function compareCheckpoints(
  stored: Checkpoint,
  derived: Checkpoint | undefined,
  note: (difference: Difference) => void,
): void {
  if (derived?.transactionId !== stored.transactionId || derived.block !== stored.block) {
    note({ kind: 'checkpoint', position: null, detail: 'the ledger does not have the stored transaction' });
  } else if (canonicalJson(withoutAnchor(stored)) !== canonicalJson(withoutAnchor(derived))) {
    note({ kind: 'checkpoint', position: null, detail: 'the stored counts are not the ledger’s' });
  }
}

/** What follows from the ledger's content alone. */
function withoutAnchor({ events, block, transactionId, entries, lanes }: Checkpoint): Checkpoint {
  return { events, block, transactionId, entries, lanes };
}

/** For the operator's log: what a check found, and what to do. */
export function describeCheck(report: CheckReport | ProjectionHalted): string {
  if (report instanceof ProjectionHalted) {
    return `the ledger does not verify: ${report.message}`;
  }
  const found =
    report.differences.length === 0
      ? [`${String(report.entries)} entries re-derived, no difference`]
      : [
          `${String(report.entries)} entries re-derived, ${String(report.differences.length)}${report.isComplete ? '' : ' or more'} differences; rebuild the read model:`,
          ...report.differences.map(
            ({ kind, position, detail }) => `  ${kind} at ${String(position ?? 'checkpoint')}: ${detail}`,
          ),
        ];
  const open =
    report.openPlaces.length === 0
      ? []
      : [`PLACE_OPEN: ${describeOpenPlaces(report.openPlaces)}`, `  ${REMEDIES.PLACE_OPEN}`];
  return [...found, ...open].join('\n');
}
