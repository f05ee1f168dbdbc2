// SPDX-License-Identifier: Apache-2.0
import { type AccessRequest, isEmergencyPurpose } from '@chartwitness/chaincode/domain';
import { LedgerError } from '../ledger/ledgerError';
import { Admitting } from './admitting';
import { answerBy } from './answerBy';
import { Callers } from './callers';
import { isStoreFailing, type LaneContext, laneContextOf } from './laneContext';
import { LaneKeeper } from './laneKeeper';
import { LaneProof } from './laneProof';
import { LaneWriter } from './laneWriter';
import { ENVELOPE_BYTES } from './limits';
import { LateReleases } from './lateReleases';
import { LostEvents } from './lostEvents';
import { OwnPeer } from './ownPeer';
import type { RecordOutcome, Recorder, RecorderDeps, RecorderState } from './recorder';
import { fenced, refusedByLedger, storeUnavailable, unavailable } from './refusals';
import { checkedParts } from './requestParts';
import { entriesOwed } from './restoredStore';
import type { Admission } from './shares';
import { stateOf } from './stateOf';
import { Ticket } from './ticket';
import { WindingDown } from './windingDown';

/**
 * The recorder of one lane: takes requests in, and joins its parts. Whether the lane may be written is known
 * to {@link LaneKeeper}, what is taken to {@link Admitting}. What is under way is in {@link LaneWriter}, what
 * leaves before its record in {@link LateReleases}. See the README beside this file.
 */
export class LaneRecorder implements Recorder {
  readonly #context: LaneContext;
  readonly #keeper: LaneKeeper;
  readonly #admitting: Admitting;
  readonly #ownPeer: OwnPeer;
  readonly #callers: Callers;
  readonly #writer: LaneWriter;
  readonly #late: LateReleases;
  readonly #windingDown: WindingDown;
  readonly #lost: LostEvents;
  /** The last state, of a recorder that is closed: its store cannot be asked any more. */
  #last: RecorderState | undefined;

  constructor(deps: RecorderDeps) {
    const context = (this.#context = laneContextOf(deps));
    const { limits, places } = context;
    const pump = (): void => {
      this.#writer.pump();
    };
    const look = (): void => {
      this.#late.look();
      this.#windingDown.look();
    };
    const proof = new LaneProof({
      ...context,
      onLost: (seq) => {
        this.#keeper.lose(seq);
      },
    });
    this.#keeper = new LaneKeeper({
      ...context,
      proof,
      onRead: (recovered) => {
        this.#writer.start(recovered);
        void this.#lost.watch();
      },
      onProven: pump,
      onInterrupted: look,
    });
    this.#callers = new Callers({ ...context, onOwed: pump });
    this.#writer = new LaneWriter({
      ...context,
      proof,
      callers: this.#callers,
      onBatch: deps.onBatch,
      onChange: look,
      onFenced: () => {
        this.#fence();
      },
      onOvertaken: () => {
        this.#keeper.readAnew();
      },
    });
    this.#admitting = new Admitting({ ...context, keeper: this.#keeper, proof, writer: this.#writer });
    this.#ownPeer = new OwnPeer({
      ...context,
      scheduler: context.awake,
      waitMs: limits.evaluateMs,
      maxEvents: limits.maxBatchEvents,
      maxBytes: limits.maxBatchBytes - ENVELOPE_BYTES,
      provenSeq: () => places.provenSeq,
    });
    this.#late = new LateReleases({
      ...context,
      ownPeer: this.#ownPeer,
      writer: this.#writer,
      callers: this.#callers,
      withoutLedger: deps.emergencyWithoutLedger,
    });
    this.#windingDown = new WindingDown({
      ...context,
      writer: this.#writer,
      late: this.#late,
    });
    this.#lost = new LostEvents({ ...context, onFound: pump });
  }

  /** Resolves after the first try to recover the lane. */
  async open(): Promise<void> {
    const { outbox, lane } = this.#context;
    if (outbox.head(lane).fenced) {
      this.#fence();
    } else {
      await this.#keeper.open();
    }
  }

  admit(client: string, isEmergency: boolean): Admission {
    return this.#admitting.admit(client, isEmergency);
  }

  commitsNow(isEmergency: boolean): boolean {
    return this.#admitting.commitsNow(isEmergency);
  }

  timeLeft(isEmergency: boolean, admittedAt?: number): number {
    const { scheduler, limits } = this.#context;
    const handedInAt = scheduler.now();
    return answerBy({ isEmergency, admittedAt, handedInAt }, limits) - handedInAt;
  }

  async rehearse(request: AccessRequest, admittedAt?: number): Promise<Pick<RecordOutcome, 'late'>> {
    const { scheduler, health, awake } = this.#context;
    const ticket = new Ticket(checkedParts([request]), scheduler.now());
    if (!ticket.isEmergency || !health.isAway(awake.now())) {
      const outcomes = await this.record([request], admittedAt);
      return { late: outcomes.some(({ late }) => late) };
    }
    this.#admitting.assertOpen();
    if (isStoreFailing(this.#context, scheduler.now())) {
      throw storeUnavailable('the emergency could not be written down');
    }
    await this.#late.rehearse(ticket);
    return { late: true };
  }

  async evaluate(request: AccessRequest, isRelease = false): Promise<readonly boolean[]> {
    this.#admitting.assertOpen();
    checkedParts([request]);
    try {
      return await this.#ownPeer.ask(request, isEmergencyPurpose(request.purpose), isRelease);
    } catch (error) {
      if (!(error instanceof LedgerError)) {
        throw error;
      }
      throw error.kind === 'rejected'
        ? refusedByLedger(error)
        : unavailable('the own peer gave no answer', error);
    }
  }

  async record(parts: readonly AccessRequest[], admittedAt?: number): Promise<readonly RecordOutcome[]> {
    const { scheduler, queue, limits } = this.#context;
    this.#admitting.assertOpen();
    const ticket = new Ticket(checkedParts(parts), scheduler.now(), admittedAt);
    this.#admitting.assertTakes(ticket);
    queue.add(ticket);
    this.#writer.pump();
    const { isEmergency, since: handedInAt } = ticket;
    const by = answerBy({ isEmergency, admittedAt, handedInAt }, limits);
    if (isEmergency) {
      this.#late.watch(ticket, by);
    } else {
      ticket.onSettled(
        scheduler.after(by - handedInAt, () => {
          this.#callers.giveUp(ticket, this.#context.store.notInTime('the access was not committed in time'));
        }),
      );
    }
    this.#windingDown.look();
    return ticket.outcome;
  }

  state(): RecorderState {
    return this.#last ?? this.#stateNow();
  }

  windDown(): void {
    this.#windingDown.begin();
  }

  async close(): Promise<void> {
    if (this.#keeper.phase === 'closed') {
      return;
    }
    this.#admitting.close();
    if (this.#keeper.phase === 'ready') {
      await this.#windingDown.over();
    }
    this.#keeper.close();
    this.#writer.giveUp(() => true, unavailable('the gateway is stopping'));
    this.#writer.stop();
    this.#lost.stop();
    this.#callers.stop();
    this.#late.stop();
    this.#windingDown.stop();
    this.#leaveStore();
    this.#context.outbox.close();
  }

  #stateNow(): RecorderState {
    const [keeper, writer, late, lost] = [this.#keeper, this.#writer, this.#late, this.#lost];
    return stateOf(this.#context, { keeper, writer, late, lost });
  }

  #fence(): void {
    const { reason } = this.#keeper.fence();
    this.#writer.giveUp(() => true, fenced(reason));
  }

  #leaveStore(): void {
    const { lane, outbox, places, log } = this.#context;
    try {
      outbox.flush();
      this.#last = this.#stateNow();
      log.info(
        { lane, owed: entriesOwed(outbox), inFlight: places.inFlight },
        'the recorder has stopped; the next start goes on with what is owed and in flight',
      );
    } catch (error) {
      // A restart takes up what a request that was given up leaves.
      log.warn({ err: error }, 'the recorder store could not be brought up to date');
    }
  }
}
