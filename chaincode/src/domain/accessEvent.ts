// SPDX-License-Identifier: Apache-2.0
import type { AccessRequest, RequestItem } from './accessRequest';
import type { Effect } from './consent';

/** Why an item was permitted or denied. */
export type Basis =
  /** The rule `rule` of version `version` of the subject's consent. */
  | { readonly kind: 'rule'; readonly version: number; readonly rule: string }
  /** No rule matched: the default of version `version`. */
  | { readonly kind: 'default'; readonly version: number }
  /**
   * No consent on file: the network's default policy. `rule` is its matching rule, absent when its default
   * applied.
   */
  | { readonly kind: 'networkDefault'; readonly rule?: string }
  /** Open only because it is an emergency; `rule` is what denies otherwise, absent for the default. */
  | { readonly kind: 'emergency'; readonly version: number | null; readonly rule?: string }
  /** Only here because something that was withheld refers to it. */
  | { readonly kind: 'unreached' }
  /** Refused before any rule was asked. */
  | { readonly kind: 'refused'; readonly reason: RefusalReason };

/** Why a request was refused whatever the consent says. */
export type RefusalReason =
  | 'emergencyIncomplete'
  | 'organisationUnknown'
  | 'organisationSuspended'
  | 'clientUnknown'
  | 'clientSuspended';

/**
 * What the full list of rules says of an item in an emergency, where `holdsInEmergency` shortens the list.
 */
export interface Otherwise {
  readonly decision: Effect;
  /** The full list's first matching rule; absent when its default decides. */
  readonly rule?: string;
}

export interface DecidedItem extends RequestItem {
  /** What the rules say. What left is {@link hasLeft}. */
  readonly decision: Effect;
  readonly basis: Basis;
  /** Only and always in an emergency that the rules were asked about. */
  readonly otherwise?: Otherwise;
}

/**
 * Whether the item's data left: as permitted, or as stated where the release came before the record or is
 * corrected.
 */
export function hasLeft(item: Pick<DecidedItem, 'decision' | 'released'>): boolean {
  return item.released ?? item.decision === 'permit';
}

export type EventKind = 'access' | 'amendment';

export type Outcome = 'permit' | 'partial' | 'deny';

/**
 * One request and its decision, as both organisations keep it and as it is hashed into the batch's Merkle
 * tree.
 */
export interface AccessEvent extends Omit<AccessRequest, 'items'> {
  /** Format version. */
  readonly v: 2;
  /** `amendment` exactly where `amends` is given. */
  readonly kind: EventKind;
  /** MSP id of the organisation that holds the record. */
  readonly holder: string;
  /** Transaction time: RFC 3339 in UTC with milliseconds. */
  readonly at: string;
  /** What left ({@link hasLeft}). `permit`: every item; `deny`: none; else `partial`. */
  readonly outcome: Outcome;
  readonly items: readonly DecidedItem[];
}
