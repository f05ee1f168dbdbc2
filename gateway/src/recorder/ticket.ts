// SPDX-License-Identifier: Apache-2.0
import { type AccessRequest, isEmergencyPurpose } from '@chartwitness/chaincode/domain';
import { lateMarkBytes } from './lateMark';
import type { RecordOutcome } from './recorder';

/** A batch as its parts know it. */
export interface BatchOfPart {
  readonly lane: string;
  readonly seq: number;
  /** Replaced as a whole when a request becomes late; never changed in length or order. */
  requests: readonly AccessRequest[];
}

/** How far a part has come. */
export type PartState =
  | { readonly kind: 'queued' }
  | { readonly kind: 'placed'; readonly batch: BatchOfPart; readonly index: number }
  /** On the ledger; other parts are not. `held` is the amendment that is owed if the request is given up. */
  | { readonly kind: 'committed'; readonly outcome: RecordOutcome; readonly held: string | undefined };

/** One event of a request. */
export class Part {
  readonly ticket: Ticket;
  readonly request: AccessRequest;
  readonly json: string;
  /** Of the JSON, and of the mark that a late release would add. */
  readonly bytes: number;
  state: PartState = { kind: 'queued' };

  constructor(ticket: Ticket, request: AccessRequest) {
    this.ticket = ticket;
    this.request = request;
    this.json = JSON.stringify(request);
    this.bytes = Buffer.byteLength(this.json) + (ticket.isEmergency ? lateMarkBytes(request) : 0);
  }
}

/** One accepted request with its parts, and the caller that waits for all of them. Settled exactly once. */
export class Ticket {
  readonly parts: readonly Part[];
  /** The asking client; shares of the queue are by client. */
  readonly client: string;
  readonly bytes: number;
  /** When it was accepted, milliseconds since the epoch. */
  readonly since: number;
  /** When it was admitted; absent where nobody said. */
  readonly admittedAt: number | undefined;
  /** Complete break-glass: it goes first, and may be released before its record while the ledger is away. */
  readonly isEmergency: boolean;
  readonly outcome: Promise<readonly RecordOutcome[]>;
  /** Whether it is being found out if it may be released without the ledger. */
  isDeciding = false;
  /**
   * Whether the ledger refused an entry of it that went by itself: an answer, so no silence later makes up
   * for it.
   */
  wasRefusedAlone = false;
  #isSettled = false;
  #resolve: (outcomes: readonly RecordOutcome[]) => void = () => undefined;
  #reject: (error: Error) => void = () => undefined;
  #whenSettled: () => void = () => undefined;

  /** @param requests the parts, from 1. */
  constructor(requests: readonly AccessRequest[], since: number, admittedAt?: number) {
    const [first] = requests;
    this.since = since;
    this.admittedAt = admittedAt;
    this.client = first === undefined ? '' : `${first.requester.org} ${first.requester.clientId}`;
    this.isEmergency = requests.every(mayBeLate);
    this.parts = requests.map((request) => new Part(this, request));
    this.bytes = this.parts.reduce((sum, part) => sum + part.bytes, 0);
    this.outcome = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    // An exception may have answered the caller already; a refusal that nobody hears is not a fault.
    this.outcome.catch(() => undefined);
  }

  get isSettled(): boolean {
    return this.#isSettled;
  }

  /** What to undo (its timer) once it is settled; at once where it is already. */
  onSettled(action: () => void): void {
    if (this.#isSettled) {
      action();
    } else {
      this.#whenSettled = action;
    }
  }

  resolve(outcomes: readonly RecordOutcome[]): void {
    if (this.#settle()) {
      this.#resolve(outcomes);
    }
  }

  reject(error: Error): void {
    if (this.#settle()) {
      this.#reject(error);
    }
  }

  /** The amendments that wait for what becomes of this request. */
  heldAmendments(): string[] {
    return this.parts.flatMap(({ state }) =>
      state.kind === 'committed' && state.held !== undefined ? [state.held] : [],
    );
  }

  #settle(): boolean {
    if (this.#isSettled) {
      return false;
    }
    this.#isSettled = true;
    this.#whenSettled();
    return true;
  }
}

/**
 * Break-glass that is complete: the rest of the rules is the ledger's, this one decides whether a release may
 * precede its record.
 */
function mayBeLate(request: AccessRequest): boolean {
  return (
    isEmergencyPurpose(request.purpose) && request.emergency !== null && request.requester.person !== null
  );
}
