// SPDX-License-Identifier: Apache-2.0
import { AppError } from '../../errors';

/**
 * UPSTREAM_FAILED.
 * @param reason for the operator: what was wrong and what to do; never the source's own words, nobody's data.
 */
export function sourceFailed(reason: string): AppError {
  return new AppError('UPSTREAM_FAILED', reason, { retryAfterSeconds: 5 });
}
