// SPDX-License-Identifier: Apache-2.0
import type { AccessEvent, Outcome } from '@chartwitness/chaincode/domain';

/** What a store repeats of an event outside its JSON, so that lists and filters find it. */
export interface IndexedFields {
  readonly subject: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly org: string;
  readonly person: string | null;
  readonly purpose: string;
  readonly outcome: Outcome;
  /** FHIR types of the items, each once, sorted. */
  readonly types: readonly string[];
}

export function indexedFields(event: AccessEvent): IndexedFields {
  return {
    subject: event.subject,
    at: Date.parse(event.at),
    org: event.requester.org,
    person: event.requester.person?.id ?? null,
    purpose: event.purpose,
    outcome: event.outcome,
    types: [...new Set(event.items.map((item) => item.type))].sort(),
  };
}

/** Whether a store's copy says what it should. */
export function isIndexedAs(stored: IndexedFields, expected: IndexedFields): boolean {
  return (
    stored.subject === expected.subject &&
    stored.at === expected.at &&
    stored.org === expected.org &&
    stored.person === expected.person &&
    stored.purpose === expected.purpose &&
    stored.outcome === expected.outcome &&
    stored.types.join() === expected.types.join()
  );
}
