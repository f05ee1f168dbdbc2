// SPDX-License-Identifier: Apache-2.0
import { quantile } from '../../../scripts/bench/statistics';

test.each([
  [[5, 1, 3, 2, 4], 0.5, 3],
  [[1, 2, 3, 4], 0.99, 4],
  [[1, 2, 3, 4], 1, 4],
  [[7], 0.5, 7],
  [[10, 9, 100], 0, 9],
])('of %j the share %d lies below %d', (values, q, expected) => {
  expect(quantile(values, q)).toBe(expected);
});

test('of nothing there is none', () => {
  expect(quantile([], 0.5)).toBeNaN();
});

test('the values stay as they are', () => {
  const values = [3, 1, 2];
  quantile(values, 0.5);
  expect(values).toEqual([3, 1, 2]);
});
