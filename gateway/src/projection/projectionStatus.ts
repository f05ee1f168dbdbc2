// SPDX-License-Identifier: Apache-2.0
import type { OpenPlace } from './openPlaces';
import type { ProblemKind } from './problems';
import type { HaltReason } from './projectionHalted';

/**
 * - `catchingUp`: reading what the ledger has recorded before; the list may lack the newest entries.
 * - `live`: what the ledger had when its height was looked at before the last time (a second or two ago) has
 *   been applied.
 * - `incomplete`: the same, but a holder's lane has had an open place for too long: entries of that holder
 *   may be missing.
 * - `stale`: the ledger, the private data or the store does not answer; what is shown is right but may be
 *   old. Tried again by itself.
 * - `halted`: the ledger or the store broke a promise; nothing more is applied until an operator has looked.
 */
export type ProjectionState = 'catchingUp' | 'live' | 'incomplete' | 'stale' | 'halted';

export interface ProjectionStatus {
  readonly state: ProjectionState;
  /** The last applied block; `undefined` before the first. */
  readonly block: number | undefined;
  /** Blocks on the ledger when it was last seen. */
  readonly height: number | undefined;
  /** When the ledger was last seen, in milliseconds since the epoch. */
  readonly checkedAt: number | undefined;
  /** Entries applied. */
  readonly entries: number;
  /**
   * Places that have been open for too long, one of each lane, as when the list last reached the ledger's
   * end.
   */
  readonly openPlaces: readonly OpenPlace[];
  readonly haltReason: HaltReason | undefined;
  /** Why it is incomplete, stale or halted, for operators; no personal data. */
  readonly problem: string | undefined;
  readonly problemKind: ProblemKind | undefined;
  /** What the operator does about it. */
  readonly remedy: string | undefined;
}

/** The list has all that the ledger has, whether or not that is all that it should have. */
export function isAtEnd({ state }: Pick<ProjectionStatus, 'state'>): boolean {
  return state === 'live' || state === 'incomplete';
}

export const NO_PROBLEM = { problem: undefined, problemKind: undefined, remedy: undefined } as const;

/** Before the ledger was looked at. */
export const INITIAL_STATUS: ProjectionStatus = {
  state: 'catchingUp',
  block: undefined,
  height: undefined,
  checkedAt: undefined,
  entries: 0,
  openPlaces: [],
  haltReason: undefined,
  ...NO_PROBLEM,
};
