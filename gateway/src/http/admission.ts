// SPDX-License-Identifier: Apache-2.0
import type { Request, RequestHandler } from 'express';
import { AppError, type AppErrorCode } from '../errors';
import { sourceOf } from './clientAddress';
import { RequestCounts } from './requestCounts';

/** Requests a minute. */
export interface RequestLimits {
  /** Of one source that does not authenticate: without credentials, or with refused ones. */
  readonly anonymous: number;
  /** Of one authenticated caller. */
  readonly caller: number;
}

/** What a service serves at most, by who asks. Counts are of this process. */
export interface Admission {
  /** Counts every request of a source, for what is open to all. */
  readonly open: RequestHandler;
  /**
   * Runs the authentication of a request. What is refused counts for the source, and beyond its share is
   * answered 429; what is accepted counts for the caller alone. So nobody who authenticates is stopped by
   * others, whatever comes from her own address.
   * @param keyOf what is counted together; `undefined` counts nothing.
   * @throws AppError TOO_MANY_REQUESTS, or what `authenticate` throws.
   */
  authenticate<T>(
    request: Request,
    authenticate: () => Promise<T>,
    keyOf: (caller: T) => string | undefined,
  ): Promise<T>;
  /** Counts a request of an authenticated caller. @throws AppError TOO_MANY_REQUESTS */
  countCaller(key: string): void;
  /** Counts a refused request of a source. @throws AppError TOO_MANY_REQUESTS */
  countAnonymous(request: Request): void;
  /** Whether the source has used up what it may ask without authenticating. */
  isUsedUp(request: Request): boolean;
}

const REFUSALS: ReadonlySet<AppErrorCode> = new Set(['UNAUTHENTICATED', 'INVALID_TOKEN']);

/** @param clock milliseconds since the epoch. */
export function createAdmission(limits: RequestLimits, clock: () => number): Admission {
  const anonymous = new RequestCounts({ limit: limits.anonymous, clock });
  const callers = new RequestCounts({ limit: limits.caller, clock });
  const countAnonymous = (request: Request): void => {
    anonymous.hit(sourceOf(request.ip));
  };
  const countCaller = (key: string): void => {
    callers.hit(key);
  };
  return {
    open: (request, _response, next) => {
      countAnonymous(request);
      next();
    },
    authenticate: async (request, authenticate, keyOf) => {
      let caller;
      try {
        caller = await authenticate();
      } catch (error) {
        if (error instanceof AppError && REFUSALS.has(error.code)) {
          countAnonymous(request);
        }
        throw error;
      }
      const key = keyOf(caller);
      if (key !== undefined) {
        countCaller(key);
      }
      return caller;
    },
    countCaller,
    countAnonymous,
    isUsedUp: (request) => anonymous.isUsedUp(sourceOf(request.ip)),
  };
}
