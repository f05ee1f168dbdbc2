// SPDX-License-Identifier: Apache-2.0
import { LaneRecorder } from './laneRecorder';
import type { Recorder, RecorderDeps } from './recorder';

/**
 * Opens the lane: settles what an earlier process left in the outbox and finds the lane's end. Resolves after
 * the first try of that; when the ledger is away the recorder goes on trying and meanwhile accepts
 * break-glass requests.
 * @throws DomainError for a lane that does not have its form, RangeError for a limit out of bounds.
 */
export async function createRecorder(deps: RecorderDeps): Promise<Recorder> {
  const recorder = new LaneRecorder(deps);
  await recorder.open();
  return recorder;
}
