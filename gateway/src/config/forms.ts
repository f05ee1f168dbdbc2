// SPDX-License-Identifier: Apache-2.0
import { z } from 'zod';

export const MIN_SECRET_BYTES = 32;
export const KIB = 1024;
export const MIB = 1024 * 1024;

export const url = z
  .url({ protocol: /^https?$/ })
  .refine((value) => !value.endsWith('/'), 'must not end with a slash');
/** An empty variable counts as one that is not set. */
export const absent = z.preprocess((value) => (value === '' ? undefined : value), z.string().optional());
export const endpoint = z.string().regex(/^[^\s:/,]+:\d{1,5}$/, 'must be host:port');

export const port = z
  .string()
  .regex(/^\d{1,5}$/, 'must be a number')
  .transform(Number)
  .pipe(z.number().max(65_535));
export const requestsAMinute = absent.pipe(
  z
    .string()
    .regex(/^[1-9]\d{0,6}$/, 'must be a number from 1 to 9999999')
    .transform(Number)
    .optional(),
);

/** A whole number within bounds; `fallback` when it is not set. */
export function wholeNumber(minimum: number, maximum: number, fallback: number) {
  return absent
    .transform((text) => text ?? String(fallback))
    .pipe(z.string().regex(/^\d{1,7}$/, 'must be a whole number'))
    .transform(Number)
    .pipe(z.number().min(minimum).max(maximum));
}
