// SPDX-License-Identifier: Apache-2.0
import type { Response } from 'express';
import type { Principal } from '../auth/principal';
import type { Recorder } from '../recorder/recorder';
import type { Admission } from '../recorder/shares';
import type { AccessContext } from './accessContext';
import type { EmergencyDeclaration } from './breakGlass';
import type { AccessLimits } from './limits';
import type { LooksOptions } from './looks';
import { createSourceMemory, type RequestRoom } from './sourceMemory';

/**
 * What an authenticated request holds while it is answered: its share of the recorder, room in memory, and
 * its time.
 */
export interface Ticket extends AccessContext {
  /** The work has succeeded, so nothing is left that its deadline could end. */
  succeeded(): void;
  /** The work is done; what is held is given back once the answer is sent, or the caller left. */
  close(response: Response): void;
}

export interface Tickets {
  /** @throws AppError OVERLOADED when the client holds its share already. */
  open(principal: Principal, emergency: EmergencyDeclaration): Ticket;
}

export function createTickets(
  recorder: Pick<Recorder, 'admit'>,
  limits: AccessLimits,
  times: LooksOptions,
): Tickets {
  const memory = createSourceMemory({
    totalBytes: limits.memoryBytes,
    answerBytes: limits.sourceBytes,
    ...times,
  });
  return {
    open: (principal, emergency) => {
      const { clientId } = principal.requester;
      const isEmergency = emergency.kind === 'declared';
      const admission = recorder.admit(clientId, isEmergency);
      const room = memory.open(clientId, isEmergency);
      return new OpenTicket({ principal, emergency }, admission, room, limits);
    },
  };
}

class OpenTicket implements Ticket {
  readonly principal: Principal;
  readonly emergency: EmergencyDeclaration;
  readonly admittedAt: number;
  readonly room: RequestRoom;
  readonly deadline: AbortSignal;
  readonly hurry: AbortSignal | undefined;
  readonly #admission: Admission;
  readonly #timer: NodeJS.Timeout;

  constructor(
    { principal, emergency }: Pick<AccessContext, 'principal' | 'emergency'>,
    admission: Admission,
    room: RequestRoom,
    { deadlineMs, emergencyPageMs }: AccessLimits,
  ) {
    this.principal = principal;
    this.emergency = emergency;
    this.admittedAt = admission.at;
    this.room = room;
    this.#admission = admission;
    // `AbortSignal.timeout` would stay in memory until then, for each request of a minute.
    const ending = new AbortController();
    this.deadline = ending.signal;
    this.#timer = setTimeout(() => {
      ending.abort(new DOMException('the deadline of the request', 'TimeoutError'));
    }, deadlineMs).unref();
    this.hurry = emergency.kind === 'declared' ? AbortSignal.timeout(emergencyPageMs) : undefined;
  }

  succeeded(): void {
    clearTimeout(this.#timer);
  }

  close(response: Response): void {
    whenSent(response, () => {
      this.#admission.release();
      this.room.close();
    });
  }
}

/** Runs `done` once: when the answer has left, or the caller has. */
function whenSent(response: Response, done: () => void): void {
  if (response.closed || response.destroyed) {
    done();
  } else {
    response.once('close', done);
  }
}
