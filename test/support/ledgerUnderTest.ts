// SPDX-License-Identifier: Apache-2.0

/**
 * Which ledger the suites run on: `CHARTWITNESS_LEDGER=fabric`, which `npm run test:fabric` sets, or the
 * embedded one.
 */
export function isOnFabric(): boolean {
  const ledger = process.env['CHARTWITNESS_LEDGER'] ?? 'embedded';
  if (ledger !== 'fabric' && ledger !== 'embedded') {
    throw new Error(`CHARTWITNESS_LEDGER must be fabric or embedded, not "${ledger}"`);
  }
  return ledger === 'fabric';
}
