// SPDX-License-Identifier: Apache-2.0
import type { Principal } from '../auth/principal';
import type { EmergencyDeclaration } from './breakGlass';
import type { RequestRoom } from './sourceMemory';

/** One authenticated request. It goes on to its record whether or not somebody waits for the answer. */
export interface AccessContext {
  readonly principal: Principal;
  readonly emergency: EmergencyDeclaration;
  /** When it was admitted: the `at` of its `Admission`, from which the recorder's deadline counts. */
  readonly admittedAt: number;
  /** For what the source answers, and what is given of it. */
  readonly room: Omit<RequestRoom, 'close'>;
  /** Ends reading the source. */
  readonly deadline: AbortSignal;
  /** In an emergency: aborted when what was found until then is to be given. */
  readonly hurry: AbortSignal | undefined;
}
