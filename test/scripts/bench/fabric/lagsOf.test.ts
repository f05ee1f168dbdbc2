// SPDX-License-Identifier: Apache-2.0
import { lagsOf } from '../../../../scripts/bench/fabric/lagsOf';

const LANE = 'NorthHospitalMSP/ward';
const batch = (seq: number, events: number, at: number, lane = LANE) => ({ lane, seq, events, at });

test('an access counts once, whatever the size of its batch', () => {
  const lags = lagsOf(
    [batch(0, 98, 1000), batch(1, 1, 2000), batch(2, 1, 3000)],
    [batch(0, 98, 1010), batch(1, 1, 2500), batch(2, 1, 3900)],
  );
  expect(lags.events).toBe(100);
  expect([0.5, 0.98, 0.99, 1].map((q) => lags.quantile(q))).toEqual([10, 10, 500, 900]);
});

test('a batch of another lane with the same number is not its pair', () => {
  const lags = lagsOf([batch(0, 1, 1000)], [batch(0, 1, 5000, 'SouthClinicMSP/ward'), batch(0, 1, 1020)]);
  expect(lags.events).toBe(1);
  expect(lags.quantile(1)).toBe(20);
});

test('what was readable before the gateway heard of its commit has no lag', () => {
  expect(lagsOf([batch(0, 1, 1000)], [batch(0, 1, 990)]).quantile(1)).toBe(0);
});

test('what never became readable is missing from the count', () => {
  const lags = lagsOf([batch(0, 5, 1000), batch(1, 7, 1000)], [batch(0, 5, 1001)]);
  expect(lags.events).toBe(5);
});
