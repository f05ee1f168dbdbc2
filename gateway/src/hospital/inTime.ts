// SPDX-License-Identifier: Apache-2.0
import { AppError } from '../errors';
import { NoRoom, PageTooLarge } from '../fhir/sources/upstream';

const RETRY_SECONDS = 5;

/**
 * Says of a failed source whether the request's own deadline ended it.
 * @throws AppError OVERLOADED then, and without room in memory; UPSTREAM_FAILED when a single resource is too
 *   large; else what `work` throws.
 */
export async function inTime<T>(deadline: AbortSignal, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (deadline.aborted && error instanceof AppError && error.code === 'UPSTREAM_FAILED') {
      throw new AppError('OVERLOADED', 'the source was not read within the deadline', {
        cause: error,
        retryAfterSeconds: RETRY_SECONDS,
      });
    }
    if (error instanceof NoRoom) {
      throw noRoom(error);
    }
    if (error instanceof PageTooLarge) {
      throw tooLarge(error);
    }
    throw error;
  }
}

export function tooLarge(cause?: unknown): AppError {
  return new AppError('UPSTREAM_FAILED', 'a single resource exceeds the bound of one answer of the source', {
    cause,
    expose: 'The resource is too large to be given.',
  });
}

/** The same may be given when there is room in memory again. */
export function noRoom(cause?: unknown): AppError {
  return new AppError('OVERLOADED', 'no room in memory for a single large resource of the source', {
    cause,
    retryAfterSeconds: RETRY_SECONDS,
  });
}
