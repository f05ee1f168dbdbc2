// SPDX-License-Identifier: Apache-2.0
import { LaneClaims } from './laneClaims';
import type { RecoveredLane } from './laneRecovery';
import type { BatchPlace } from './outbox';
import type { PendingBatch, Rival } from './pendingBatch';

/**
 * So many batches may have lost one place and still be on their way: each is kept in memory and on the disk.
 */
const MAX_RIVALS = 8;

/**
 * Which places of the lane are taken, and by which batches whose commit is not known. Of other lanes it holds
 * what is left of them.
 */
export class LanePlaces {
  readonly lane: string;
  readonly pending = new Set<PendingBatch>();
  /** Which lanes have shown to be this process's own. */
  readonly claims = new LaneClaims();
  /** Batches that may still be ordered at a place that was given to another. */
  rivals: readonly Rival[] = [];
  nextSeq = 0;
  nextStart = 0;
  /** Where the lanes of earlier names end, as far as something of them is under way. */
  #ends = new Map<string, number>();
  /** The highest place that is certainly on the ledger; `undefined` when none is known. */
  provenSeq: number | undefined;

  constructor(lane: string) {
    this.lane = lane;
  }

  /** Batches of this lane, in the order of their places. */
  get own(): readonly PendingBatch[] {
    return [...this.pending].filter(({ lane }) => lane === this.lane).sort((a, b) => a.seq - b.seq);
  }

  /** Batches whose commit is not known. */
  get inFlight(): number {
    return this.pending.size;
  }

  /** How far the next place is from the lowest one that is not settled. */
  get ahead(): number {
    return this.nextSeq - (this.own[0]?.seq ?? this.nextSeq);
  }

  get next(): { readonly lane: string; readonly seq: number; readonly start: number } {
    return { lane: this.lane, seq: this.nextSeq, start: this.nextStart };
  }

  /** When the oldest batch was opened, milliseconds since the epoch. */
  get oldestOpenedAt(): number | undefined {
    return this.pending.size === 0
      ? undefined
      : Math.min(...[...this.pending].map(({ openedAt }) => openedAt));
  }

  /** Amendments in batches whose commit is not known. */
  get amendments(): number {
    return [...this.pending].flatMap(({ requests }) => requests.filter(({ amends }) => amends !== undefined))
      .length;
  }

  /** Where the lane goes on after a start. */
  resume({ nextSeq, nextStart, provenSeq, rivals, ends }: Omit<RecoveredLane, 'unsettled'>): void {
    this.rivals = rivals;
    this.#ends = new Map(ends);
    this.nextSeq = nextSeq;
    this.nextStart = nextStart;
    this.noteProven(provenSeq);
  }

  /** @param seq a place of this lane that is on the ledger; -1 for none. */
  noteProven(seq: number): void {
    this.provenSeq = seq < 0 ? this.provenSeq : Math.max(this.provenSeq ?? 0, seq);
  }

  /** The next place is this batch's. */
  take(batch: PendingBatch): void {
    this.nextSeq = batch.seq + 1;
    this.nextStart = batch.start + batch.requests.length;
  }

  /** Batches of the same lane at higher places: they count on its number and its length. */
  behind(batch: PendingBatch): readonly PendingBatch[] {
    return [...this.pending]
      .filter(({ lane, seq }) => lane === batch.lane && seq > batch.seq)
      .sort((a, b) => a.seq - b.seq);
  }

  rivalsOf({ lane, seq }: BatchPlace): readonly Rival[] {
    return this.rivals.filter((rival) => rival.lane === lane && rival.seq === seq);
  }

  /** It is known what stands there. */
  noteFilled({ lane, seq }: BatchPlace): void {
    this.rivals = this.rivals.filter((rival) => rival.lane !== lane || rival.seq !== seq);
  }

  /** The nearest batch of the same lane at a lower place. */
  before(batch: PendingBatch): PendingBatch | undefined {
    return [...this.pending]
      .filter(({ lane, seq }) => lane === batch.lane && seq < batch.seq)
      .sort((a, b) => b.seq - a.seq)[0];
  }

  /**
   * Whether a batch may go behind `before`: nobody else's can stand there. It is committed; or it is
   * endorsed, in a lane that is this process's own.
   */
  mayGoBehind(before: PendingBatch): boolean {
    const isOwn = this.claims.gateOf(before.lane).isOpen;
    return before.committed.isOpen || (isOwn && before.admitted.isOpen);
  }

  /**
   * Whether the place and all behind it can be free again: none of them may be ordered, none behind is being
   * tried, and none behind is on the ledger already, which then is no longer pending.
   */
  canFree(batch: PendingBatch): boolean {
    return !batch.mayBeOrdered && this.#areFreeBehind(batch);
  }

  /**
   * Whether the place can be given to another batch though this one may be ordered: only one of the two can
   * be there in the end, and nothing else counts on the length of this one.
   */
  canDisplace(batch: PendingBatch): boolean {
    return this.#areFreeBehind(batch) && this.rivalsOf(batch).length < MAX_RIVALS;
  }

  /**
   * Whether a place has rivals, of whichever lane: until it is settled nobody knows where their entries
   * stand.
   */
  get isContested(): boolean {
    return [...this.pending].some((batch) => this.rivalsOf(batch).length > 0);
  }

  /** Whether something counts on the batch's length that is on the ledger or may be. */
  isCountedOn(batch: PendingBatch): boolean {
    const behind = this.behind(batch);
    return (
      batch.seq + 1 + behind.length !== this.#endOf(batch.lane) ||
      behind.some(({ mayBeOrdered }) => mayBeOrdered) ||
      this.rivals.some(({ lane, seq }) => lane === batch.lane && seq > batch.seq)
    );
  }

  /** Another batch has the place from now on. */
  replace(batch: PendingBatch): void {
    batch.isTakenBack = true;
    batch.admitted.open();
    batch.committed.open();
    this.pending.delete(batch);
  }

  #endOf(lane: string): number | undefined {
    return lane === this.lane ? this.nextSeq : this.#ends.get(lane);
  }

  #areFreeBehind(batch: PendingBatch): boolean {
    return !this.isCountedOn(batch) && this.behind(batch).every((one) => !one.isTrying);
  }

  /** Forgets batches: the last ones of their lane, whose places are free again. */
  free(chain: readonly PendingBatch[]): void {
    for (const batch of chain) {
      this.replace(batch);
    }
    const [first] = chain;
    if (first?.lane === this.lane) {
      this.nextSeq = first.seq;
      this.nextStart = first.start;
    } else if (first !== undefined) {
      this.#ends.set(first.lane, first.seq);
    }
  }
}
