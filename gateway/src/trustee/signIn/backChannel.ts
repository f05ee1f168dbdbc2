// SPDX-License-Identifier: Apache-2.0
import { randomBytes, timingSafeEqual } from 'node:crypto';
import type { RequestHandler } from 'express';

/**
 * This process's own calls to its OpenID provider: they end every patient's sign-in, and all come from one
 * address.
 */
export interface BackChannel {
  /** Sent with each of these calls. */
  readonly headers: Readonly<Record<string, string>>;
  /** The middleware for every request but these. */
  unlessOwn(handler: RequestHandler): RequestHandler;
}

const HEADER = 'x-chartwitness-back-channel';
const SECRET_BYTES = 32;

/**
 * The calls are known by a secret of this process, never by their address, which a proxy's requests may
 * share.
 */
export function createBackChannel(): BackChannel {
  const secret = randomBytes(SECRET_BYTES).toString('base64url');
  const expected = Buffer.from(secret);
  return {
    headers: { [HEADER]: secret },
    unlessOwn: (handler) => (request, response, next) => {
      const given = Buffer.from(request.get(HEADER) ?? '');
      if (given.length === expected.length && timingSafeEqual(given, expected)) {
        next();
        return;
      }
      void handler(request, response, next);
    },
  };
}
