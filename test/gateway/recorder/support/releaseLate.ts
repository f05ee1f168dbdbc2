// SPDX-License-Identifier: Apache-2.0
import type { Recorder } from '../../../../gateway/src/recorder/recorder';
import { emergencyOf } from './requests';
import { recordOne, watch, type Workbench } from './workbench';

/** Emergencies that leave late, and are owed. The ledger stays cut off. */
export async function releaseLate(
  bench: Workbench,
  recorder: Recorder,
  numbers: readonly number[],
): Promise<void> {
  bench.ledger.isCutOff = true;
  const watched = numbers.map((number) => watch(recordOne(recorder, emergencyOf(number))));
  await bench.scheduler.advance(2_500);
  expect(watched.map(({ outcome }) => outcome?.late)).toEqual(numbers.map(() => true));
}
