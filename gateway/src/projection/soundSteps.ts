// SPDX-License-Identifier: Apache-2.0
import type { LedgerEvent } from '../ledger/provenanceLedger';
import type { AccessStore, Checkpoint } from '../readmodel/accessStore';
import { advance, type Step } from './advance';
import { untilDuplicateId } from './duplicateIds';
import type { ProvedBatch } from './fetchBatch';
import type { Begun } from './readAhead';

/** An event of the ledger, and its batch as it is being fetched and proved. */
export type Loaded = Begun<LedgerEvent, ProvedBatch | undefined>;

export interface UntilFailure {
  readonly steps: readonly Step[];
  /** What stands in the way of the rest. */
  readonly failure: { readonly error: unknown } | undefined;
}

/** The steps that can be taken from a checkpoint, up to the first event that cannot be applied. */
export async function soundSteps(
  store: AccessStore,
  from: Checkpoint | undefined,
  loaded: readonly Loaded[],
): Promise<UntilFailure> {
  let reached = from;
  const steps: Step[] = [];
  let failure: UntilFailure['failure'];
  for (const { item, result } of loaded) {
    try {
      const step = advance(reached, item, await result);
      reached = step.checkpoint;
      steps.push(step);
    } catch (error) {
      failure = { error };
      break;
    }
  }
  const sound = await untilDuplicateId(store, steps);
  return { steps: sound.steps, failure: sound.error === undefined ? failure : { error: sound.error } };
}
