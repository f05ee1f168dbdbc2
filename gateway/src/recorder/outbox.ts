// SPDX-License-Identifier: Apache-2.0
import type { AccessRequest } from '@chartwitness/chaincode/domain';

/** Where a lane stands, as this store knows it. */
export interface LaneHead {
  readonly nextSeq: number;
  readonly nextStart: number;
  /** Whether another gateway was found writing in this lane. */
  readonly fenced: boolean;
}

export interface BatchPlace {
  readonly lane: string;
  readonly seq: number;
}

export interface OutboxBatch extends BatchPlace {
  readonly start: number;
  readonly requests: readonly AccessRequest[];
  /** Whether it may have been handed in to the orderers. */
  readonly isHandedIn: boolean;
}

/**
 * A batch that may still be ordered at a place that was given to another one: only one of the two can be
 * there in the end.
 */
export interface OutboxRival extends BatchPlace {
  readonly start: number;
  readonly requests: readonly AccessRequest[];
}

/** An entry that the ledger must get: a request released before its record, or an amendment. */
export interface OwedEntry {
  readonly request: AccessRequest;
  /**
   * Owed only if the request that it amends is given up; until then it waits. Recovery after a restart says
   * what becomes of it.
   */
  readonly isHeld?: boolean;
  /** Why the ledger takes this one nowhere: it is set aside, and goes into no batch before the next start. */
  readonly refusal?: string;
  /** It may stand in a lost place ({@link OutboxChange.lose}): it goes nowhere until that is known. */
  readonly isWaiting?: boolean;
}

/** An owed entry that is set aside. */
export interface SetAsideEntry {
  readonly id: string;
  readonly refusal: string;
}

/** An owed entry that may go into a batch. */
export interface StoredEntry {
  readonly request: AccessRequest;
  /** The request's JSON and its length in bytes. */
  readonly json: string;
  readonly bytes: number;
}

/** A batch that gets its place in the lane. */
export interface OpeningBatch extends BatchPlace {
  readonly start: number;
  readonly count: number;
  /** JSON array of the requests. */
  readonly requestsJson: string;
  /** Ids of owed entries that it takes over. */
  readonly takesOver: readonly string[];
}

/** A batch that gets a place within the lane: the lane's head stays where it is. */
export interface RefillingBatch extends BatchPlace {
  readonly start: number;
  /** JSON array of the requests. */
  readonly requestsJson: string;
}

/** What changes together. */
export interface OutboxChange {
  /** Writes the batch and moves the lane's head past it. */
  readonly open?: OpeningBatch;
  /** Writes a batch into a place that `remove` empties. */
  readonly refill?: RefillingBatch;
  /** The batch is about to be handed in to the orderers. */
  readonly handIn?: BatchPlace;
  /** Replaces the requests of batches by the same with another mark. */
  readonly rewrite?: readonly (BatchPlace & { readonly requestsJson: string })[];
  /** Keeps a batch that `remove` forgets as a rival for its place. */
  readonly displace?: BatchPlace;
  /** It is known what stands in this place: its rivals are forgotten. */
  readonly filled?: BatchPlace;
  /** Forgets batches: settled, withdrawn or abandoned ones. */
  readonly remove?: readonly BatchPlace[];
  /** Sets the lane's head back to a batch that is certainly not on the ledger. */
  readonly withdraw?: BatchPlace & { readonly start: number };
  /** Sets the lane's head to where the ledger's lane ends, which the store did not know. */
  readonly advance?: BatchPlace & { readonly start: number };
  /**
   * Places that are on the ledger, and whose events nobody gives: all that is owed before this change waits
   * until they are `found`.
   */
  readonly lose?: readonly BatchPlace[];
  /** All lost places have been read: what waits for them, and is not forgotten here, is owed again. */
  readonly found?: true;
  readonly owe?: readonly OwedEntry[];
  /** What becomes of all held entries of an earlier process: owed now, or forgotten. Comes before `owe`. */
  readonly held?: 'owe' | 'forget';
  /**
   * Ids of entries that are not owed: held ones whose request is complete, and those that the ledger has
   * already.
   */
  readonly forget?: readonly string[];
  /** Another gateway writes in this lane. */
  readonly fence?: string;
}

/**
 * What must survive the end of the process: batches that may be on their way to the ledger, and entries that
 * are owed to it. A row of a batch says that only what it marks late was given out: so it is removed before
 * its callers are answered.
 */
export interface Outbox {
  head(lane: string): LaneHead;
  /** All lanes of which the store has a head. */
  lanes(): readonly string[];
  /** All unsettled batches of every lane, in the order of their lanes and sequence numbers. */
  batches(): readonly OutboxBatch[];
  /** Oldest first. */
  rivals(): readonly OutboxRival[];
  /**
   * All of the change is on the disk (`fsync`) when this returns; or it throws and no part of the change is.
   */
  write(change: OutboxChange): void;
  /**
   * Held entries that are owed now: said to the disk with the next write, or by `flush`; a restart says it in
   * any case.
   */
  activate(ids: readonly string[]): void;
  /** Entries that are held. */
  held(): number;
  /** Writes what `activate` left, if anything. */
  flush(): void;
  /**
   * Entries that are owed and in no batch, those held, set aside or waiting apart; how many are amendments;
   * and how many are set aside, and wait.
   */
  owed(): OwedCounts;
  /**
   * The oldest owed entries within both bounds.
   * @param atLeast entries that are taken whatever their bytes: 0 or 1.
   * @param except ids that are left out.
   */
  peekOwed(
    maxCount: number,
    maxBytes: number,
    atLeast: number,
    except?: ReadonlySet<string>,
  ): readonly StoredEntry[];
  /** The owed entry of this id, also when it is set aside; not one that is held or waits. */
  findOwed(id: string): StoredEntry | undefined;
  /** The same, and one that waits. */
  findEntry(id: string): StoredEntry | undefined;
  /**
   * The earliest `requestedAt` of all entries that are owed, held, set aside or waiting; `undefined` when
   * there is none.
   */
  oldestOwed(): string | undefined;
  /** What is set aside, oldest first. */
  setAside(): readonly SetAsideEntry[];
  /** All amendments that no batch has taken up, also those that are held or wait. */
  amendments(): readonly StoredEntry[];
  /** Places that are on the ledger and whose events nobody gives, in the order of their lanes and numbers. */
  lostPlaces(): readonly BatchPlace[];
  close(): void;
}

export interface OwedCounts {
  readonly entries: number;
  readonly amendments: number;
  readonly setAside: number;
  /** May stand in a lost place, and wait until that is known. */
  readonly waiting: number;
  /** Lost places. */
  readonly lost: number;
}
