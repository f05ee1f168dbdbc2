// SPDX-License-Identifier: Apache-2.0
import type { AccessRequest, LateBasis } from '@chartwitness/chaincode/domain';
import type { AppError } from '../errors';
import { LedgerError } from '../ledger/ledgerError';
import { AwayAlarm } from './awayAlarm';
import type { Callers } from './callers';
import type { LaneContext } from './laneContext';
import { STORE_CANNOT_BE_WRITTEN } from './laneReason';
import type { LaneWriter } from './laneWriter';
import { markedLate } from './lateMark';
import type { OwedEntry } from './outbox';
import type { OwnPeer } from './ownPeer';
import { releasable } from './peerBehind';
import type { EmergencyWithoutLedger, RecordOutcome } from './recorder';
import { isAnswered, isConsideredNo, refusedByLedger, storeUnavailable, unavailable } from './refusals';
import type { BatchOfPart, Part, Ticket } from './ticket';

export type LateReleasesOptions = Pick<
  LaneContext,
  'outbox' | 'queue' | 'health' | 'store' | 'scheduler' | 'awake' | 'log'
> & {
  readonly ownPeer: OwnPeer;
  readonly callers: Callers;
  readonly writer: Pick<LaneWriter, 'pump'>;
  readonly withoutLedger: EmergencyWithoutLedger;
};

/** What leaves of one part, and by whose word. */
interface PartRelease {
  readonly items: readonly boolean[];
  readonly basis: LateBasis;
}

/** What is to be done with one emergency while the ledger is away. */
type Decision =
  | {
      readonly kind: 'release';
      readonly ticket: Ticket;
      readonly parts: ReadonlyMap<Part, PartRelease>;
    }
  | { readonly kind: 'refuse'; readonly ticket: Ticket; readonly error: AppError };

/** Emergencies that wait for the ledger: what is released before its record, and what is refused. */
export class LateReleases {
  readonly #options: LateReleasesOptions;
  /** Each until when it is answered. */
  readonly #waiting = new Map<Ticket, number>();
  readonly #alarm: AwayAlarm;
  readonly totals = { ownPeer: 0, deployment: 0, refusedSlow: 0, refusedAway: 0 };

  constructor(options: LateReleasesOptions) {
    this.#options = options;
    this.#alarm = new AwayAlarm(options.health, options.awake, () => {
      this.look();
    });
  }

  /** Emergencies that are not answered yet. */
  get waiting(): readonly Ticket[] {
    return [...this.#waiting.keys()];
  }

  /**
   * An emergency was accepted.
   * @param by a moment of the scheduler: neither committed nor released by then, it is refused.
   */
  watch(ticket: Ticket, by: number): void {
    const { scheduler } = this.#options;
    this.#waiting.set(ticket, by);
    const cancel = scheduler.after(by - scheduler.now(), () => {
      this.#expire(ticket);
    });
    ticket.onSettled(() => {
      cancel();
      this.#waiting.delete(ticket);
    });
    this.look();
  }

  /** Looks whether the lane is away, or when it will be. Called when something was begun or committed. */
  look(): void {
    const { health, awake, log } = this.#options;
    if (this.#waiting.size === 0) {
      this.#alarm.cancel();
      return;
    }
    if (health.isAway(awake.now())) {
      this.#alarm.cancel();
      const tickets = this.waiting.filter((ticket) => !ticket.isDeciding);
      if (tickets.length > 0) {
        this.#decideAll(tickets).catch((error: unknown) => {
          // A mistake in this program: nothing is released.
          log.error({ err: error }, 'emergencies could not be decided');
          for (const ticket of tickets) {
            this.#options.callers.giveUp(ticket, unavailable('the emergency could not be decided', error));
          }
        });
      }
      return;
    }
    this.#alarm.set();
  }

  /**
   * Meets what an emergency meets while the ledger is away; nothing is written down or counted. @throws
   * AppError as it is refused.
   */
  async rehearse(ticket: Ticket): Promise<void> {
    const decision = await this.#decide(ticket);
    if (decision.kind === 'refuse') {
      throw decision.error;
    }
  }

  stop(): void {
    this.#alarm.cancel();
  }

  /** Slow: the ledger commits, but not this in time. Nothing is released without its word. */
  #expire(ticket: Ticket): void {
    if (ticket.isDeciding) {
      return;
    }
    const { scheduler, store, callers, log } = this.#options;
    const now = scheduler.now();
    this.totals.refusedSlow += 1;
    log.error(
      { waitedMs: now - ticket.since, sinceAdmissionMs: now - (ticket.admittedAt ?? ticket.since) },
      `an emergency was refused because ${this.#whyNotInTime(ticket)}`,
    );
    callers.giveUp(ticket, store.notInTime('the emergency was not committed in time'));
  }

  #whyNotInTime({ wasRefusedAlone }: Ticket): string {
    if (this.#options.store.failedAt !== undefined) {
      return STORE_CANNOT_BE_WRITTEN.reason;
    }
    return wasRefusedAlone ? 'the ledger refuses its entry' : 'the ledger is slow';
  }

  async #decideAll(tickets: readonly Ticket[]): Promise<void> {
    const { health, scheduler, awake } = this.#options;
    for (const ticket of tickets) {
      ticket.isDeciding = true;
    }
    const decisions = await Promise.all(tickets.map((ticket) => this.#decide(ticket)));
    for (const ticket of tickets) {
      ticket.isDeciding = false;
    }
    const now = scheduler.now();
    if (health.isAway(awake.now())) {
      this.#apply(decisions.filter(({ ticket }) => !ticket.isSettled));
      return;
    }
    // The lane has committed in the meantime: it is only slow, and its own word follows.
    for (const ticket of tickets) {
      if (!ticket.isSettled && now >= (this.#waiting.get(ticket) ?? now)) {
        this.#expire(ticket);
      }
    }
    this.look();
  }

  /**
   * By the own peer's evaluation if it answers in time, else by the deployment's choice. A refusal is an
   * answer: of one part by the own peer, of the whole by the ledger. Never rejects.
   */
  async #decide(ticket: Ticket): Promise<Decision> {
    const { ownPeer, withoutLedger, log } = this.#options;
    const open = ticket.parts.filter(({ state }) => state.kind !== 'committed');
    const answers = await Promise.allSettled(open.map((part) => ownPeer.ask(part.request, true, true)));
    const failures = answers.flatMap((one): unknown[] => (one.status === 'rejected' ? [one.reason] : []));
    const refusals = failures.filter(isAnswered);
    const refusal = refusals.find(isConsideredNo) ?? refusals[0];
    if (refusal !== undefined) {
      const error = isConsideredNo(refusal)
        ? refusedByLedger(refusal)
        : unavailable('the own peer refuses the question of an emergency', refusal);
      return { kind: 'refuse', ticket, error };
    }
    if (failures.length > 0) {
      // The ledger that the service watches logs once that there is no answer.
      const level = failures.every((one) => one instanceof LedgerError) ? 'debug' : 'warn';
      log[level]({ err: failures[0], withoutLedger }, 'the own peer has no word on an emergency');
      if (withoutLedger === 'refuse' || ticket.wasRefusedAlone) {
        return { kind: 'refuse', ticket, error: unavailable('the ledger is away', failures[0]) };
      }
    }
    const parts = open.map((part, index): readonly [Part, PartRelease] => {
      const answer = answers[index];
      return answer?.status === 'fulfilled'
        ? [part, { items: answer.value, basis: 'ownPeer' }]
        : [part, { items: releasable(part.request.items.length, answer?.reason), basis: 'deployment' }];
    });
    return { kind: 'release', ticket, parts: new Map(parts) };
  }

  #apply(decisions: readonly Decision[]): void {
    const releases = decisions.filter((decision) => decision.kind === 'release');
    for (const decision of decisions) {
      if (decision.kind === 'refuse') {
        this.totals.refusedAway += 1;
        this.#options.log.error('an emergency was refused while the ledger is away');
        this.#options.callers.giveUp(decision.ticket, decision.error);
      }
    }
    if (releases.length > 0) {
      this.#release(releases);
    }
  }

  /** First on the disk, in one write; then the callers are answered. */
  #release(releases: readonly Extract<Decision, { kind: 'release' }>[]): void {
    const { outbox, queue, writer, store, callers, log } = this.#options;
    const marked = new Map<BatchOfPart, readonly AccessRequest[]>();
    const owe: OwedEntry[] = [];
    for (const { parts } of releases) {
      for (const [part, { items, basis }] of parts) {
        const late = markedLate(part.request, items, basis);
        if (part.state.kind === 'queued') {
          owe.push({ request: late });
        } else if (part.state.kind === 'placed') {
          const { batch, index } = part.state;
          marked.set(batch, (marked.get(batch) ?? batch.requests).with(index, late));
        }
      }
    }
    try {
      outbox.write({
        rewrite: [...marked].map(([{ lane, seq }, requests]) => ({
          lane,
          seq,
          requestsJson: JSON.stringify(requests),
        })),
        owe,
        forget: releases.flatMap(({ ticket }) => ticket.heldAmendments()),
      });
    } catch (error) {
      store.noteFailure(error, 'an emergency could not be written down and is refused');
      for (const { ticket } of releases) {
        callers.giveUp(ticket, storeUnavailable('the emergency could not be written down', error));
      }
      return;
    }
    store.noteWritten();
    for (const [batch, requests] of marked) {
      batch.requests = requests;
    }
    for (const { ticket, parts } of releases) {
      const basis = [...parts.values()].some((one) => one.basis === 'deployment') ? 'deployment' : 'ownPeer';
      this.totals[basis] += 1;
      queue.remove(ticket);
      log.warn({ basis }, 'an emergency was released before its record');
      ticket.resolve(ticket.parts.map((part) => outcomeOf(part, parts)));
    }
    writer.pump();
  }
}

/** What the ledger has already is as it decided; the rest leaves late. */
function outcomeOf(part: Part, released: ReadonlyMap<Part, PartRelease>): RecordOutcome {
  return part.state.kind === 'committed'
    ? part.state.outcome
    : { permitted: released.get(part)?.items ?? [], late: true };
}
