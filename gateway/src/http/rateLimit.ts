// SPDX-License-Identifier: Apache-2.0
import type { Request, RequestHandler } from 'express';
import { rateLimit as expressRateLimit } from 'express-rate-limit';
import { AppError } from '../errors';

export interface RateLimitOptions {
  readonly windowMs: number;
  /** Requests that one key may make in a window. */
  readonly limit: number;
  /** What is counted together; default: the caller's address. */
  readonly keyOf?: (request: Request) => string;
}

/** Refuses with TOO_MANY_REQUESTS beyond the limit; sends the IETF `RateLimit` headers (draft 8). Counts are per process. */
export function rateLimit(options: RateLimitOptions): RequestHandler {
  return expressRateLimit({
    windowMs: options.windowMs,
    limit: options.limit,
    standardHeaders: 'draft-8',
    legacyHeaders: false,
    ...(options.keyOf === undefined ? {} : { keyGenerator: options.keyOf }),
    handler: (_request, _response, next) => {
      const retryAfterSeconds = Math.ceil(options.windowMs / 1000);
      next(new AppError('TOO_MANY_REQUESTS', 'rate limit reached', { retryAfterSeconds }));
    },
  });
}
