// SPDX-License-Identifier: Apache-2.0
import { systemScheduler } from '../../../gateway/src/recorder/scheduler';

afterEach(() => {
  jest.restoreAllMocks();
});

test('time is the machine’s at the start, and goes on when the machine’s clock is set back', () => {
  expect(Math.abs(systemScheduler.now() - Date.now())).toBeLessThan(60_000);
  const before = systemScheduler.now();
  jest.spyOn(Date, 'now').mockReturnValue(0);
  expect(systemScheduler.now()).toBeGreaterThanOrEqual(before);
});
