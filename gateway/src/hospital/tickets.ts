// SPDX-License-Identifier: Apache-2.0
import type { Response } from 'express';
import type { Principal } from '../auth/principal';
import type { Recorder } from '../recorder/recorder';
import type { AccessContext } from './accessContext';
import type { EmergencyDeclaration } from './breakGlass';
import type { AccessLimits } from './limits';
import type { LooksOptions } from './looks';
import { createSourceMemory } from './sourceMemory';

/**
 * What an authenticated request holds while it is answered: its share of the recorder, room in memory, and
 * its time.
 */
export interface Ticket extends Pick<AccessContext, 'admittedAt' | 'room' | 'deadline' | 'hurry'> {
  /** When the work is done; what is held is given back once the answer is sent, or the caller left. */
  readonly close: (response: Response) => void;
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
    open: ({ requester }, emergency) => {
      const isEmergency = emergency.kind === 'declared';
      const admission = recorder.admit(requester.clientId, isEmergency);
      const deadline = AbortSignal.timeout(limits.deadlineMs);
      const room = memory.open(requester.clientId, isEmergency);
      return {
        admittedAt: admission.at,
        room,
        deadline,
        hurry: isEmergency ? AbortSignal.timeout(limits.emergencyPageMs) : undefined,
        close: (response) => {
          whenSent(response, () => {
            admission.release();
            room.close();
          });
        },
      };
    },
  };
}

/** Runs `done` once: when the answer has left, or the caller has. */
function whenSent(response: Response, done: () => void): void {
  if (response.closed || response.destroyed) {
    done();
  } else {
    response.once('close', done);
  }
}
