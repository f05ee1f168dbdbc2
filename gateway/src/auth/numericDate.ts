// SPDX-License-Identifier: Apache-2.0

/**
 * Whether a claim is a time as tokens carry it: seconds since 1970, a fraction allowed (RFC 7519 §2,
 * NumericDate). What is not finite or lies before 1970 is none.
 */
export function isNumericDate(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}
