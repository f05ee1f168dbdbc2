// SPDX-License-Identifier: Apache-2.0
import type { AccessRequest, RequestItem } from './accessRequest';
import type { Effect } from './consent';

/** Why an item was permitted or denied. */
export type Basis =
  /** The rule `rule` of version `version` of the subject's consent. */
  | { readonly kind: 'rule'; readonly version: number; readonly rule: string }
  /** No rule matched: the default of version `version`. */
  | { readonly kind: 'default'; readonly version: number }
  /** No consent on file: the network's default policy; `rule` is its matching rule, absent when its default applied. */
  | { readonly kind: 'networkDefault'; readonly rule?: string }
  /** Break-glass overrode a denial; `overrode` names what would have denied. */
  | { readonly kind: 'emergency'; readonly version: number | null; readonly rule?: string }
  /** Refused before any rule was asked. */
  | { readonly kind: 'refused'; readonly reason: RefusalReason };

/** Why a request was refused whatever the consent says. */
export type RefusalReason =
  | 'emergencyIncomplete'
  | 'organisationUnknown'
  | 'organisationSuspended'
  | 'clientUnknown'
  | 'clientSuspended';

export interface DecidedItem extends RequestItem {
  readonly decision: Effect;
  readonly basis: Basis;
}

export type Outcome = 'permit' | 'partial' | 'deny';

/** One request and its decision, as both organisations keep it and as it is hashed into the batch's Merkle tree. */
export interface AccessEvent extends Omit<AccessRequest, 'items'> {
  /** Format version. */
  readonly v: 1;
  /** MSP id of the organisation that holds the record. */
  readonly holder: string;
  /** Transaction time: RFC 3339 in UTC with milliseconds. */
  readonly at: string;
  /** `permit`: every item; `deny`: none; else `partial`. */
  readonly outcome: Outcome;
  readonly items: readonly DecidedItem[];
}
