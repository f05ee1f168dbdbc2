// SPDX-License-Identifier: Apache-2.0
import type { Action } from './consent';

/** Who asks, as the holder's gateway authenticated it. */
export interface Requester {
  /** MSP id of the organisation that runs the asking client application. */
  readonly org: string;
  /** The client application, as registered on the ledger. */
  readonly clientId: string;
  /** The asking person; `null` for a system without one. */
  readonly person: RequesterPerson | null;
}

export interface RequesterPerson {
  /** At most 256 characters. */
  readonly id: string;
  /** At most 300 characters. */
  readonly name: string;
  /** At most 128 characters; empty when not stated. */
  readonly role: string;
}

/** A part of what is asked for: the resources of one type with the same set of labels. */
export interface RequestItem {
  /** FHIR resource type. */
  readonly type: string;
  /** Normalised security labels, sorted, without repeats; at most 20. */
  readonly labels: readonly string[];
  /** How many resources; 0 when a search found none. */
  readonly count: number;
  /** Logical ids of the resources, at most 50 (the first 50 where `count` is larger). */
  readonly ids: readonly string[];
}

/** One request for one subject's data, before the ledger has decided it. */
export interface AccessRequest {
  /** Random 128-bit id, base64url (22 characters); becomes the event's id. */
  readonly id: string;
  /** Random 128-bit salt of the event's leaf, base64url (22 characters). */
  readonly salt: string;
  /** The subject's pseudonym, base64url (43 characters). */
  readonly subject: string;
  readonly requester: Requester;
  /** HL7 v3 ActReason code. */
  readonly purpose: string;
  readonly action: Action;
  /** Given reason of a break-glass request (10–500 characters), else `null`. A break-glass purpose without it is refused and recorded. */
  readonly emergency: Emergency | null;
  /** 1–100 items. */
  readonly items: readonly RequestItem[];
  /** When the gateway received the request: RFC 3339 in UTC with milliseconds. */
  readonly requestedAt: string;
  /** Whether data were released before this record because the ledger was away (break-glass only). */
  readonly late: boolean;
}

export interface Emergency {
  readonly reason: string;
}
