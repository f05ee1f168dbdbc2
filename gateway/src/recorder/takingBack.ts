// SPDX-License-Identifier: Apache-2.0
import type { LedgerError } from '../ledger/ledgerError';
import { backoffMs } from './backoff';
import type { Callers } from './callers';
import type { LaneContext } from './laneContext';
import { type Filler, fillerFor, isFiller } from './filler';
import { isOwed } from './lateMark';
import type { OwedEntry } from './outbox';
import { OWED_REST_MS, resting } from './owedRest';
import { hasWaiting, liveEntriesOf, type PendingBatch, ticketsOf } from './pendingBatch';
import { isConsideredNo, mayBeOneEntrys, refusedByLedger } from './refusals';
import { halvesOf, type Suspect, type SuspectGroup, type Suspects } from './suspects';

/** So often in a row the peers differ about a batch before it is taken apart: one may only be behind. */
const DIFFERENCES = 3;
/** So often an entry is tried alone before a mere difference between peers counts as a refusal. */
const TRIES_OF_DIFFERENCES = 5;
/**
 * Halving 1,000 entries refuses at most 11 batches in a row; beyond this the ledger takes nothing, whatever
 * it is given.
 */
const REFUSALS_IN_A_ROW = 16;

export type TakingBackOptions = Pick<
  LaneContext,
  'places' | 'queue' | 'outbox' | 'health' | 'store' | 'scheduler' | 'awake' | 'jitter' | 'log' | 'names'
> & {
  readonly suspects: Suspects;
  readonly callers: Callers;
  /** Batches committed since the start. */
  readonly committed: () => number;
  /** A batch that has got a place goes on its way. */
  readonly begin: (batch: PendingBatch) => void;
};

/** What becomes of the entries of a batch that is taken apart. */
interface TakenApart {
  readonly first: readonly SuspectGroup[];
  readonly last?: SuspectGroup;
  /** Whether the peers answered, with a refusal of what is in it. */
  readonly isRefused?: boolean;
  /** Whether the first of the batches may be ordered still: it stays its place's rival. */
  readonly isDisplaced?: boolean;
  /** Gets the place of the one batch at once. */
  readonly filler?: Filler;
  /** Set aside by name. */
  readonly setAside?: string;
  /** Runs when the disk has it. */
  readonly then?: () => void;
}

/**
 * Takes batches back that the ledger does not have. Either nobody waits for one any more, so that no access
 * is recorded that never took place; or the ledger refuses what is in it: then its entries go again in
 * halves, each half alone, until the one is found.
 */
export class TakingBack {
  readonly #options: TakingBackOptions;
  /** Nothing owed before this time: the ledger refused a batch with it, and others must not fail with it. */
  #owedRestsUntil = 0;
  #isOwedRefused = false;
  #refusalsInARow = 0;

  constructor(options: TakingBackOptions) {
    this.#options = options;
  }

  get owedRestsUntil(): number {
    return this.#owedRestsUntil;
  }

  /** Whether the ledger refused what is owed for no entry's fault, and has committed nothing since. */
  get isOwedRefused(): boolean {
    return this.#isOwedRefused;
  }

  /** Something was committed. */
  noteCommit(): void {
    this.#refusalsInARow = 0;
    // The ledger takes again: what rested for no entry's fault goes on.
    this.#owedRestsUntil = 0;
    this.#isOwedRefused = false;
  }

  /** Notes what the failure says of the batch, and tells those whom it ends. */
  noteFailure(batch: PendingBatch, error: LedgerError): void {
    // Peers that are out of reach say nothing new about it.
    batch.isStuck &&= error.kind === 'unavailable';
    batch.differences = error.reason === 'PEERS_DIFFER' ? batch.differences + 1 : 0;
    // Suspects have been tried together before, and go again soon.
    const patience = batch.group === undefined ? DIFFERENCES : 1;
    batch.isBlamed = mayBeOneEntrys(error) || batch.differences >= patience;
    if (error.kind !== 'rejected' || batch.isBlamed) {
      return;
    }
    batch.refused = true;
    // Those behind that were not tried yet would be told the same.
    const behind = this.#options.places.behind(batch).filter((one) => !one.isTrying);
    for (const ticket of [batch, ...behind].flatMap(({ parts }) => [...ticketsOf(parts)])) {
      // An emergency waits on: a considered no ends it, anything else may pass or become an absence.
      if (!ticket.isEmergency || isConsideredNo(error)) {
        this.#options.callers.giveUp(ticket, refusedByLedger(error));
      }
    }
  }

  /**
   * Takes the batch back if it should and can be.
   * @returns for how many milliseconds no batch is opened then; `undefined` when it keeps its place.
   */
  takeBack(batch: PendingBatch, error: LedgerError, wait: number): number | undefined {
    if (batch.isBlamed) {
      return this.#takeApart(batch, error);
    }
    const { places } = this.#options;
    const isInTheWay = places.own.some((one) => one.seq < batch.seq && one.isBlamed);
    if (isInTheWay && batch.lane === places.lane && places.canFree(batch)) {
      return this.#free([batch, ...places.behind(batch)], { first: [this.#whole(batch)] }) ? wait : undefined;
    }
    return this.#withdraw(batch) ? wait : undefined;
  }

  /**
   * The batch's place is another gateway's. Its lane is fenced; what it owes of a lane of an earlier name
   * goes into this one.
   * @returns whether the store could be told.
   */
  abandon(batch: PendingBatch): boolean {
    const { places, outbox, store } = this.#options;
    const isOfThisLane = batch.lane === places.lane;
    const owe = batch.requests.filter(isOwed).map((request) => ({ request }));
    try {
      outbox.write(isOfThisLane ? { fence: batch.lane } : { fence: batch.lane, remove: [batch], owe });
    } catch (error) {
      // Of its own lane the next process finds out again.
      store.noteFailure(error, 'the recorder store could not be told that a lane is fenced');
      return false;
    }
    if (!isOfThisLane) {
      for (const one of places.behind(batch)) {
        one.isOrphan = true;
      }
      places.free([batch]);
    }
    return true;
  }

  /**
   * The batch is nowhere, nor is what is behind it: their places are given back, and their entries go again.
   * @returns whether they could be.
   */
  giveBack(batch: PendingBatch): boolean {
    const { places } = this.#options;
    const chain = [batch, ...places.behind(batch)];
    return places.canFree(batch) && this.#free(chain, { first: chain.map((one) => this.#whole(one)) });
  }

  /**
   * A rival is in the batch's place, and the store knows: what of the batch does not stand there goes on as
   * it is.
   */
  giveWay(batch: PendingBatch, ids: ReadonlySet<string>): void {
    const { suspects } = this.#options;
    batch.parts.forEach((part, index) => {
      if (part !== undefined && !ids.has(batch.requests[index]?.id ?? '')) {
        part.state = { kind: 'queued' };
      }
    });
    suspects.putFirst([{ ...this.#whole(batch), ...batch.group, entries: liveEntriesOf(batch) }]);
    suspects.drop(ids);
  }

  /** Nobody waits for it, nor for one behind it. */
  #withdraw(batch: PendingBatch): boolean {
    const { places, scheduler } = this.#options;
    const owed = batch.requests.filter(isOwed);
    const isWorthIt = batch.refused || owed.length < batch.requests.length;
    const chain = [batch, ...places.behind(batch)];
    if (batch.lane !== places.lane || !isWorthIt || !places.canFree(batch) || chain.some(hasWaiting)) {
      return false;
    }
    const now = scheduler.now();
    const restsUntil = batch.refused ? now + OWED_REST_MS : now;
    const first =
      batch.group === undefined ? [] : [{ ...batch.group, entries: liveEntriesOf(batch), restsUntil }];
    if (!this.#free(chain, { first })) {
      return false;
    }
    if (batch.refused && owed.length > 0) {
      this.#owedRestsUntil = restsUntil;
      this.#isOwedRefused = true;
    }
    return true;
  }

  #takeApart(batch: PendingBatch, error: LedgerError): number | undefined {
    const { places, log, jitter } = this.#options;
    if (isFiller(batch)) {
      batch.isStuck = true;
      log.error(
        { err: error, lane: batch.lane, seq: batch.seq },
        'the ledger refuses even an entry about nobody, and the lane needs one in this place; it is tried again',
      );
      return undefined;
    }
    const way = this.#wayOf(batch);
    if (way === 'wait') {
      return undefined;
    }
    const behind = way === 'fill' ? [] : places.behind(batch);
    const apart = this.#apart(batch, error);
    const first = [...apart.first, ...behind.map((one) => this.#whole(one))];
    const isFreed = this.#free([batch, ...behind], {
      ...apart,
      first,
      isRefused: mayBeOneEntrys(error),
      isDisplaced: way !== 'free' && batch.mayBeOrdered,
      ...(way === 'fill' ? { filler: this.#fillerFor(batch) } : {}),
    });
    if (!isFreed) {
      return undefined;
    }
    this.#refusalsInARow += 1;
    if (this.#refusalsInARow <= REFUSALS_IN_A_ROW) {
      return 0;
    }
    this.#giveUpOrdinary(error);
    return backoffMs('rejected', this.#refusalsInARow - REFUSALS_IN_A_ROW, jitter());
  }

  /** What becomes of the place of a batch that the ledger refuses. */
  #wayOf(batch: PendingBatch): 'free' | 'displace' | 'fill' | 'wait' {
    const { places } = this.#options;
    if (batch.lane === places.lane) {
      if (places.canFree(batch)) {
        return 'free';
      }
      if (batch.mayBeOrdered && places.canDisplace(batch)) {
        return 'displace';
      }
    } else if (places.canFree(batch) && places.rivalsOf(batch).length === 0) {
      return 'free';
    }
    // One behind that is being tried will soon count on it, or not.
    const isOpen = !places.isCountedOn(batch) && places.behind(batch).some((one) => one.isTrying);
    return isOpen ? 'wait' : 'fill';
  }

  #fillerFor(batch: PendingBatch): Filler {
    const { scheduler, names, log } = this.#options;
    log.warn(
      { lane: batch.lane, seq: batch.seq, entries: batch.requests.length },
      'the ledger refuses a batch on which later places count: entries about nobody fill its place, its own go elsewhere',
    );
    return fillerFor(batch, batch.requests.length, names, scheduler.now());
  }

  #apart(batch: PendingBatch, error: LedgerError): TakenApart {
    const group = { ...this.#whole(batch), ...batch.group, entries: liveEntriesOf(batch), restsUntil: 0 };
    const [only, ...others] = group.entries;
    if (only === undefined) {
      return { first: [] };
    }
    return others.length > 0 ? { first: halvesOf(group) } : this.#alone(only, group, error);
  }

  /**
   * One entry was refused by itself. What is owed and what is an emergency is given up only if the ledger
   * shows that it takes others.
   */
  #alone({ id, part }: Suspect, group: SuspectGroup, error: LedgerError): TakenApart {
    const { scheduler, committed, callers, jitter, log } = this.#options;
    const now = scheduler.now();
    const tries = group.tries + 1;
    const isRefused = error.kind === 'rejected' || tries >= TRIES_OF_DIFFERENCES;
    const isTheCause = isRefused && committed() > group.since;
    const ticket = part?.ticket.isSettled === false ? part.ticket : undefined;
    if (ticket === undefined) {
      return isTheCause ? this.#putAside(id, error) : { first: [], last: resting(group, error, now) };
    }
    ticket.wasRefusedAlone ||= error.kind === 'rejected';
    const isOver = ticket.isEmergency ? isTheCause : error.kind === 'rejected';
    if (!isOver) {
      const restsUntil = now + backoffMs('rejected', tries, jitter());
      return { first: [], last: { ...group, tries, restsUntil } };
    }
    return {
      first: [],
      then: () => {
        if (ticket.isEmergency) {
          log.error({ err: error }, 'an emergency was refused: the ledger takes others, and not its entry');
        }
        callers.giveUp(ticket, refusedByLedger(error));
      },
    };
  }

  #putAside(id: string, error: LedgerError): TakenApart {
    const refusal = error.domainCode ?? error.reason ?? 'REFUSED';
    return {
      first: [],
      setAside: refusal,
      then: () => {
        this.#options.log.error(
          { err: error, entry: id, refusal },
          'the ledger refuses an entry that it must get; it is set aside, and tried again every 15 minutes and at each start',
        );
      },
    };
  }

  /** All of a batch, to go again as it is. */
  #whole(batch: PendingBatch): SuspectGroup {
    return {
      entries: liveEntriesOf(batch),
      since: batch.group?.since ?? this.#options.committed(),
      tries: 0,
      differences: 0,
      restsUntil: 0,
    };
  }

  /**
   * First on the disk, then in memory.
   * @returns whether it could be written; if not the batches are tried on.
   */
  #free(chain: readonly PendingBatch[], apart: TakenApart): boolean {
    const { places, suspects, queue, health, awake } = this.#options;
    const { first, last, isRefused = false, filler, then } = apart;
    if (!this.#writeFree(chain, apart)) {
      return false;
    }
    places.rivals = [...places.rivals, ...chain.slice(0, apart.isDisplaced === true ? 1 : 0)];
    if (filler === undefined) {
      places.free(chain);
    } else {
      chain.forEach((batch) => {
        places.replace(batch);
      });
      this.#options.begin(filler.batch);
    }
    for (const part of chain.flatMap(({ parts }) => parts).filter((one) => one !== undefined)) {
      part.state = { kind: 'queued' };
    }
    suspects.putFirst(first);
    if (last !== undefined) {
      suspects.putLast(last);
    }
    then?.();
    // What was refused is not under way while it rests: the peers have answered, and nothing waits for them.
    const waiting = queue.length + (isRefused ? 0 : suspects.parts);
    if (places.pending.size === 0 && waiting === 0) {
      health.idle(awake.now());
    }
    return true;
  }

  /** @returns whether the store could be told. */
  #writeFree(chain: readonly PendingBatch[], { isDisplaced = false, filler, setAside }: TakenApart): boolean {
    const { outbox, store } = this.#options;
    const [lowest] = chain;
    if (lowest === undefined) {
      return false;
    }
    try {
      outbox.write({
        remove: chain,
        owe: owedOf(chain, setAside),
        ...(filler === undefined ? { withdraw: lowest } : { refill: filler.refill }),
        ...(isDisplaced ? { displace: lowest } : {}),
      });
      return true;
    } catch (error) {
      // The places stay taken, so the batches are tried on: taken back or committed, whichever is possible
      // first.
      store.noteFailure(error, 'a batch could not be taken back');
      return false;
    }
  }

  #giveUpOrdinary(error: LedgerError): void {
    for (const ticket of this.#options.suspects.tickets) {
      if (!ticket.isEmergency) {
        this.#options.callers.giveUp(ticket, refusedByLedger(error));
      }
    }
  }
}

/** What the ledger must get of the batches. @param setAside why it is set aside. */
function owedOf(chain: readonly PendingBatch[], setAside: string | undefined): OwedEntry[] {
  return chain.flatMap(({ requests, group }) =>
    requests.filter(isOwed).map((request): OwedEntry => {
      const refusal = setAside ?? group?.refusal;
      return refusal === undefined ? { request } : { request, refusal };
    }),
  );
}
