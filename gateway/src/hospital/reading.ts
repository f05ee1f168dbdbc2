// SPDX-License-Identifier: Apache-2.0
import type { FactsReader } from '../fhir/resourceFacts';
import type { AccessContext } from './accessContext';

/** What one request reads the source with. */
export interface Reading extends Pick<AccessContext, 'deadline' | 'hurry' | 'room'> {
  /** Of one answer of the source. */
  readonly maxBytes: number;
  /** Told of each resource that is stepped over: too large for an answer, or in an emergency not to be read. */
  readonly onUnreadable: (type: string) => void;
  readonly facts: FactsReader;
}
