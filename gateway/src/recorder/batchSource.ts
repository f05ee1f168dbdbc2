// SPDX-License-Identifier: Apache-2.0
import { type Composed, composeBatch, composeGroup } from './composer';
import type { LaneContext } from './laneContext';
import { nextOpening, type Opening } from './nextBatch';
import type { Room } from './queue';
import type { Suspects } from './suspects';
import type { TakingBack } from './takingBack';

export type BatchSourceOptions = Pick<
  LaneContext,
  'places' | 'queue' | 'outbox' | 'limits' | 'scheduler' | 'log'
> & {
  readonly suspects: Suspects;
  readonly takingBack: Pick<TakingBack, 'owedRestsUntil'>;
  /** Room of an empty batch. */
  readonly whole: Room;
};

/**
 * When the next batch may go, and what it is made of: what waits, what is owed, or suspects by themselves.
 */
export class BatchSource {
  readonly #options: BatchSourceOptions;
  /** Whether the batch before was one of suspects: they take turns with everything else. */
  #wereSuspects = false;
  /** No new batch before this time: a refused or withdrawn one has just shown that it would fail. */
  #holdUntil = 0;

  constructor(options: BatchSourceOptions) {
    this.#options = options;
  }

  /** Opens nothing for so many milliseconds, or until `goOn`. */
  hold(milliseconds: number): void {
    this.#holdUntil = this.#options.scheduler.now() + milliseconds;
  }

  goOn(): void {
    this.#holdUntil = 0;
  }

  /**
   * What is set aside gets another try with each start, and at a pace: the operator may have brought the
   * chaincode to another version.
   * @param committed batches that this process has committed.
   */
  recall(committed: number): void {
    const { outbox, suspects, log } = this.#options;
    const { ids } = suspects;
    const entries = outbox.setAside().filter(({ id }) => !ids.has(id));
    if (entries.length === 0) {
      return;
    }
    log.error({ entries }, 'entries that the ledger refused before are tried again, each by itself');
    suspects.putFirst(
      entries.map(({ id, refusal }) => ({
        entries: [{ id, part: undefined }],
        since: committed,
        tries: 0,
        differences: 0,
        restsUntil: 0,
        refusal,
      })),
    );
  }

  /** @param isUnreached whether the last try failed because the ledger was out of reach. */
  opening(isUnreached: boolean): Opening {
    const { places, suspects, queue, limits, scheduler } = this.#options;
    const now = scheduler.now();
    const owed = this.#owedOutsideSuspects();
    const isOwedResting = now < this.#options.takingBack.owedRestsUntil;
    const { own, ahead } = places;
    const areSuspectsReady = suspects.isReady(now);
    const next = nextOpening(
      {
        emergencies: queue.sizeOf(true).parts,
        owed: isOwedResting || areSuspectsReady ? 0 : owed,
        ordinary: queue.sizeOf(false).parts,
        oldestSince: queue.oldestSince,
        inFlight: own.length,
        ahead,
        isUnreached,
        isClosed: places.isContested || own.some((batch) => batch.group !== undefined || batch.isBlamed),
        suspects: !areSuspectsReady ? 'none' : this.#wereSuspects ? 'wait' : 'turn',
      },
      limits,
      now,
    );
    if (next.kind === 'open' && now < this.#holdUntil) {
      return { kind: 'wait', milliseconds: this.#holdUntil - now };
    }
    return next.kind === 'none' ? this.#untilRested(now, isOwedResting && owed > 0) : next;
  }

  /** Nothing may go now; when what rests may. */
  #untilRested(now: number, isOwedResting: boolean): Opening {
    const { suspects, takingBack } = this.#options;
    const ends = [isOwedResting ? takingBack.owedRestsUntil : undefined, suspects.readyAt];
    const ahead = ends.filter((end) => end !== undefined && end > now).map((end) => (end ?? now) - now);
    return ahead.length === 0 ? { kind: 'none' } : { kind: 'wait', milliseconds: Math.min(...ahead) };
  }

  #owedOutsideSuspects(): number {
    const { outbox, suspects } = this.#options;
    const { entries } = outbox.owed();
    if (entries === 0) {
      return 0;
    }
    return Math.max(0, entries - suspects.owedIn(outbox));
  }

  /** @returns `undefined` when everything that was to go has been given up. */
  compose(takes: Extract<Opening, { kind: 'open' }>['takes']): Composed | undefined {
    const { places, suspects, takingBack, outbox, queue, whole, scheduler } = this.#options;
    const now = scheduler.now();
    this.#wereSuspects = takes === 'suspects';
    if (takes === 'suspects') {
      return this.#composeSuspects(now);
    }
    return composeBatch({
      outbox,
      queue,
      whole,
      takes,
      mayTakeOwed: now >= takingBack.owedRestsUntil && !suspects.isReady(now),
      except: suspects.ids,
      place: places.next,
      now,
    });
  }

  #composeSuspects(now: number): Composed | undefined {
    const { places, suspects, outbox } = this.#options;
    for (let group = suspects.take(now); group !== undefined; group = suspects.take(now)) {
      const composed = composeGroup(group, outbox, places.next, now);
      if (composed !== undefined) {
        return composed;
      }
    }
    return undefined;
  }
}
