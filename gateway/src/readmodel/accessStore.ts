// SPDX-License-Identifier: Apache-2.0
import type { AccessEvent, Outcome } from '@chartwitness/chaincode/domain';

/** How far one lane has been applied. */
export interface LaneProgress {
  /** The lowest `seq` that has not been applied. */
  readonly nextSeq: number;
  /** Events of the batches before `nextSeq`: the `start` that it must state. */
  readonly count: number;
  /**
   * Batches after `nextSeq` that the ledger committed before it, by rising `seq`; absent when there are none.
   */
  readonly ahead?: readonly BatchAhead[];
}

export interface BatchAhead {
  readonly seq: number;
  /** What it says that its lane holds before it; checked when the batches between are there. */
  readonly start: number;
  readonly count: number;
  /** Its transaction's time: RFC 3339 UTC. */
  readonly at: string;
}

/** A block of the ledger that the list was made of. Its hash stands for everything before it. */
export interface Anchor {
  readonly block: number;
  /** Hash of the block's header, base64url. */
  readonly hash: string;
  /** Hash of the ledger's first block; absent where the peer began with a snapshot and does not have it. */
  readonly origin?: string;
}

/** Everything up to and including this transaction is in the store. A store without one is empty. */
export interface Checkpoint {
  /**
   * Ledger events handled since the first block, of every kind; only ever rises, so a late writer cannot move
   * the store back.
   */
  readonly events: number;
  readonly block: number;
  readonly transactionId: string;
  /** Entries in the store; the next entry's position is one more. */
  readonly entries: number;
  readonly lanes: Readonly<Record<string, LaneProgress>>;
  /**
   * A block that was on the ledger when this was written, possibly a later one than `block`. It does not
   * follow from the ledger's content alone: two projections of one ledger may keep different ones.
   */
  readonly anchor?: Anchor;
}

/** A batch whose root has been checked against the ledger. */
export interface VerifiedBatch {
  readonly lane: string;
  readonly seq: number;
  /** Events of its lane before it: the number of its first event. */
  readonly start: number;
  readonly block: number;
  readonly transactionId: string;
  /** Position of its first event; the others follow without a gap. */
  readonly firstPosition: number;
  readonly events: readonly AccessEvent[];
}

/** Where an event stands for good: its lane, and its index in the lane from 0. */
export interface EntryAddress {
  /** `<MSP id>/<gateway name>` */
  readonly lane: string;
  readonly number: number;
}

/** One event and where the ledger holds it. */
export interface StoredEntry extends EntryAddress {
  /** Rank among all entries in ledger order, from 1. The same after every rebuild. */
  readonly position: number;
  readonly seq: number;
  /** Index of the event in its batch. */
  readonly index: number;
  readonly block: number;
  readonly transactionId: string;
  readonly event: AccessEvent;
}

/**
 * An entry as a patient's list shows it: the parts of one request as one, as the newest amendments correct
 * them. Address, batch and transaction are those of the access that it shows (of the first part, where it is
 * there); `position` is the list's and never moves; `event` is the corrected view.
 */
export interface ShownEntry extends StoredEntry {
  /** Absent where the ledger holds one event and it is shown as it is. */
  readonly recorded?: {
    /** As the ledger holds them, by part. */
    readonly accesses: readonly StoredEntry[];
    /** The same, each as its newest amendment corrects it. */
    readonly corrected: readonly AccessEvent[];
    /** By rising position. */
    readonly amendments: readonly StoredEntry[];
  };
}

/**
 * Criteria of a patient's list; an absent one admits everything, a list admits any of its values. Compared
 * exactly.
 */
export interface AccessFilters {
  /** Milliseconds since the epoch, inclusive. */
  readonly from?: number;
  /** Milliseconds since the epoch, exclusive. */
  readonly to?: number;
  /** MSP ids of the asking organisation. */
  readonly orgs?: readonly string[];
  /** Identifier of the asking person. */
  readonly user?: string;
  readonly purposes?: readonly string[];
  readonly outcomes?: readonly Outcome[];
  /** FHIR types; an entry matches when one of its items has one of them. */
  readonly types?: readonly string[];
}

export interface FoundEntry {
  readonly entry: StoredEntry;
  readonly shown: ShownEntry;
}

export interface EntryPage {
  /** Newest first. */
  readonly entries: readonly ShownEntry[];
  /** Whether older entries match as well. */
  readonly more: boolean;
}

/** Inclusive bounds of `page`'s limit. */
export const MAX_PAGE = 1000;

/**
 * The read model: what the ledger says, arranged for patients' questions. Holds nothing that the ledger does
 * not hold, and can be dropped and rebuilt at any time.
 *
 * Every method throws {@link StoreUnavailableError} when the store cannot answer, and {@link
 * StoreConflictError} when what it holds contradicts what it is given.
 */
export interface AccessStore {
  checkpoint(): Promise<Checkpoint | undefined>;
  /**
   * Stores the batches' events, then the checkpoint. Idempotent: what is there already is left as it is, and
   * a checkpoint that is not further than the stored one changes nothing. After a crash at any moment, either
   * the checkpoint covers a batch and all its events are there, or applying it again completes it.
   */
  apply(batches: readonly VerifiedBatch[], checkpoint: Checkpoint): Promise<void>;
  /**
   * The subject's entries, newest first.
   * @param before only entries with a smaller position; absent: from the newest.
   * @param limit 1–{@link MAX_PAGE}.
   */
  page(
    subject: string,
    filters: AccessFilters,
    before: number | undefined,
    limit: number,
  ): Promise<EntryPage>;
  /**
   * The subject's event at this address, whatever it is, and the entry as which the list shows it: another
   * one where it is an amendment or not the first part.
   */
  find(subject: string, address: EntryAddress): Promise<FoundEntry | undefined>;
  /** Under which numbers a lane holds these event ids; those that it does not hold are left out. */
  numbersOf(lane: string, ids: readonly string[]): Promise<ReadonlyMap<string, number>>;
  /** Number of the subject's entries as the list shows them: a request once, an amendment not at all. */
  count(subject: string): Promise<number>;
  /**
   * Events of every subject from `position` (inclusive) in ledger order, for checking the store against the
   * ledger. Leaves out an event whose subject's list would not show it as it should, or would show it under
   * wrong filters.
   */
  scan(position: number, limit: number): Promise<readonly StoredEntry[]>;
  /** Forgets everything. */
  reset(): Promise<void>;
  close(): Promise<void>;
}

/**
 * The store did not answer or could not write; nothing is half done that applying again would not complete.
 */
export class StoreUnavailableError extends Error {
  override readonly name = 'StoreUnavailableError';
}

/**
 * The store holds something else than the ledger at the same place: it belongs to another ledger, or was
 * changed. Rebuild it.
 */
export class StoreConflictError extends Error {
  override readonly name = 'StoreConflictError';
}
