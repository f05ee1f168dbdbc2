// SPDX-License-Identifier: Apache-2.0

/** In a rule's `org`: whichever organisation holds the record. */
export const HOLDER = '@holder';

/** What a rule or a default says about an item. */
export type Effect = 'permit' | 'deny';

/**
 * What the requester does with the data: SMART App Launch 2.2 scope letters c, r, u, d, s spelled out.
 * `$everything` is a `search`.
 */
export type Action = 'create' | 'read' | 'update' | 'delete' | 'search';

/**
 * When a rule holds. Each bound is an RFC 3339 instant, or a date `YYYY-MM-DD` in UTC.
 * `start` is inclusive. An instant `end` is exclusive; a date `end` includes that whole day (FHIR R4 Period).
 */
export interface RulePeriod {
  readonly start?: string;
  readonly end?: string;
}

/**
 * One rule of a consent. A rule matches a request's item when every criterion that it names matches; an
 * absent criterion matches everything, so a rule with only `id` and `effect` matches every request.
 */
export interface ConsentRule {
  /** Unique in its document; 1–64 characters of `A–Z a–z 0–9 . _ -`. */
  readonly id: string;
  readonly effect: Effect;
  /** MSP id of the asking organisation, or {@link HOLDER}: whichever organisation holds the record. */
  readonly org?: string;
  /**
   * Identifier of the asking person, compared in one form (`normalisePersonId`). A permission must name the
   * organisation beside it, and matches only there; a denial matches this id at every organisation, whatever
   * `org` says.
   */
  readonly user?: string;
  /** Role code of the asking person, compared in the same form; at most 128 characters. */
  readonly role?: string;
  /**
   * HL7 v3 ActReason codes. `BTG` and `ETREAT` match only by the exact code, in both directions; every other
   * code also matches the codes below it in the ActReason hierarchy.
   */
  readonly purposes?: readonly string[];
  /**
   * Security labels, in any spelling (`parseLabel`). A denial matches widely: an item that carries one of
   * them, what is below it or in its group, or a stricter confidentiality. A permission matches narrowly: see
   * `labelMatch.ts`.
   */
  readonly labels?: readonly string[];
  /** FHIR resource types. */
  readonly types?: readonly string[];
  readonly actions?: readonly Action[];
  readonly period?: RulePeriod;
  /** Only for `deny`: this rule is read in an emergency as well. */
  readonly holdsInEmergency?: boolean;
}

/** The rules by which a subject's record is opened: first match wins, then `default`. */
export interface ConsentPolicy {
  /** At most 200. */
  readonly rules: readonly ConsentRule[];
  readonly default: Effect;
}

/**
 * A subject's consent as it stands on the ledger (private data). `version` starts at 1 and rises by one with
 * each change.
 */
export interface ConsentDocument extends ConsentPolicy {
  readonly subject: string;
  readonly version: number;
}
