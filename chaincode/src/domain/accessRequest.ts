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
  /** As `normaliseLabels` gives them: at most 20, or `[EVERY_LABEL]` for data whose labels cannot be told. */
  readonly labels: readonly string[];
  /**
   * How many resources this answer gives out if the item is permitted; 0 when a search found none or gives
   * only a number.
   */
  readonly count: number;
  /** Logical ids of those resources, at most 50 (the first 50 where `count` is larger). */
  readonly ids: readonly string[];
  /**
   * How many more were decided on but not given by this answer (another page, a mere count), from 1; absent
   * for none.
   */
  readonly further?: number;
  /**
   * Indices of items of this request, sorted, without repeats: the resources are here only because resources
   * of those refer to them. The item is given only if one of them is given, over any number of steps. Absent:
   * asked for by itself.
   */
  readonly via?: readonly number[];
  /**
   * Whether the item left. Given for every item where `late` or `amends` says that data left before this
   * record, else absent.
   */
  readonly released?: boolean;
}

/** One of several events that record one request together, because it exceeds the bounds of one event. */
export interface RequestPart {
  /** The id of the request's first part; the parts of one request share it. */
  readonly request: string;
  /** From 1 to `of`. */
  readonly number: number;
  /** 2 to 1,000. */
  readonly of: number;
}

/** The earlier entry that an amendment corrects: its address in a lane of the same holder, and its id. */
export interface Amends {
  /** `<MSP id>/<gateway name>` */
  readonly lane: string;
  /** Index of the event in the lane: its batch's `start` and its place in the batch together. */
  readonly number: number;
  readonly id: string;
  /**
   * `releasedLate`: data left before the entry was recorded, and the entry does not say so. `nothingGiven`:
   * the entry permits a release that never took place. The amendment's items say with `released` what left.
   */
  readonly why: 'releasedLate' | 'nothingGiven';
}

/**
 * By what a release before its record was decided: the own peer's evaluation of the consent, or the
 * deployment's choice without it.
 */
export type LateBasis = 'ownPeer' | 'deployment';

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
  /**
   * Given reason of a break-glass request ({@link isReason}), else `null`. A break-glass purpose without it
   * is refused and recorded.
   */
  readonly emergency: Emergency | null;
  /** 1–100 items. */
  readonly items: readonly RequestItem[];
  /** When the gateway received the request: RFC 3339 in UTC with milliseconds. */
  readonly requestedAt: string;
  /**
   * Whether the release was decided before this record because the ledger was away (break-glass only). Items
   * say in `released` what left.
   */
  readonly late: boolean;
  /** Only and always where `late`, or where an amendment says `releasedLate`. */
  readonly lateBasis?: LateBasis;
  /** Only where several events record the request. */
  readonly part?: RequestPart;
  /** Only in an amendment: the request then repeats what it corrects, with its own id and salt. */
  readonly amends?: Amends;
}

export interface Emergency {
  readonly reason: string;
}
