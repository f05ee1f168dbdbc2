// SPDX-License-Identifier: Apache-2.0
import type { AccessStore, VerifiedBatch } from '../readmodel/accessStore';
import type { Step } from './advance';
import { ProjectionHalted } from './projectionHalted';

/** Steps that may be applied, and why the next one may not. */
export interface SoundSteps {
  readonly steps: readonly Step[];
  readonly error?: ProjectionHalted;
}

/**
 * The steps before the first batch with an event whose id its lane has given to another number before, in the
 * store or in an earlier one of these steps. Entries are addressed by lane and number, so no event hides
 * another one; but an organisation that gives an id twice breaks a promise on which amendments rest.
 */
export async function untilDuplicateId(
  store: Pick<AccessStore, 'numbersOf'>,
  steps: readonly Step[],
): Promise<SoundSteps> {
  const lanes = new Map<string, string[]>();
  for (const { batch } of steps) {
    if (batch !== undefined) {
      const ids = batch.events.map(({ id }) => id);
      lanes.set(batch.lane, [...(lanes.get(batch.lane) ?? []), ...ids]);
    }
  }
  const known = new Map<string, Map<string, number>>();
  for (const [lane, ids] of lanes) {
    known.set(lane, new Map(await store.numbersOf(lane, ids)));
  }
  for (const [index, { batch }] of steps.entries()) {
    const fault =
      batch === undefined ? undefined : faultOf(batch, known.get(batch.lane) ?? new Map<string, number>());
    if (fault !== undefined) {
      return { steps: steps.slice(0, index), error: new ProjectionHalted('DUPLICATE_ID', fault) };
    }
  }
  return { steps };
}

/**
 * @param known the lane's ids so far; takes those of the batch.
 * @returns lane and numbers, and no id, which is a patient's entry's.
 */
function faultOf({ lane, start, events }: VerifiedBatch, known: Map<string, number>): string | undefined {
  for (const [place, { id }] of events.entries()) {
    const number = start + place;
    const other = known.get(id) ?? number;
    if (other !== number) {
      return `lane ${lane}: number ${String(number)} has the event id of number ${String(other)}`;
    }
    known.set(id, number);
  }
  return undefined;
}
