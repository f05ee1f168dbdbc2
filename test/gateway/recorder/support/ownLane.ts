// SPDX-License-Identifier: Apache-2.0
import type { Recorder } from '../../../../gateway/src/recorder/recorder';
import { requestOf } from './requests';
import { recordOne, type Workbench } from './workbench';

/** The entry with which {@link startOwn} begins. */
export const FIRST = requestOf(999_999);

/**
 * Starts a recorder and has it commit {@link FIRST}, its batch 0: the lane is its own then, and further
 * batches go behind each other before they are committed.
 */
export async function startOwn(
  bench: Workbench,
  overrides: Parameters<Workbench['start']>[0] = {},
): Promise<Recorder> {
  const recorder = await bench.start(overrides);
  await recordOne(recorder, FIRST);
  return recorder;
}
