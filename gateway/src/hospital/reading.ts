// SPDX-License-Identifier: Apache-2.0
import type { FactsReader } from '../fhir/resourceFacts';
import type { AccessContext } from './accessContext';
import type { RequestAccount } from './requestAccount';

/** What one request reads the source with. */
export interface Reading extends Pick<AccessContext, 'deadline' | 'hurry' | 'room'> {
  /** What of the source's answers is in memory. */
  readonly account: RequestAccount;
  /** Of one answer of the source. */
  readonly maxBytes: number;
  /**
   * Told of each resource that is stepped over: too large for an answer, or in an emergency not to be read.
   */
  readonly onUnreadable: (type: string) => void;
  readonly facts: FactsReader;
}
