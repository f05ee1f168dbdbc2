// SPDX-License-Identifier: Apache-2.0
import { timingSafeEqual } from 'node:crypto';
import type { Request } from 'express';
import { AppError } from '../../errors';

/**
 * A write with a session must show that the portal's own script made it: the session's token in
 * `X-CSRF-Token`, which another site can neither read nor send, and, where the browser says where the request
 * comes from, this origin.
 * @throws AppError CSRF
 */
export function checkWrite(request: Request, csrfToken: string, baseUrl: string): void {
  const site = request.get('sec-fetch-site');
  if (site !== undefined && site !== 'same-origin') {
    throw refused(`Sec-Fetch-Site is ${site === 'cross-site' || site === 'same-site' ? site : 'another'}`);
  }
  const origin = request.get('origin');
  if (origin !== undefined && origin !== new URL(baseUrl).origin) {
    throw refused('Origin is another');
  }
  const given = Buffer.from(request.get('x-csrf-token') ?? '');
  const expected = Buffer.from(csrfToken);
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) {
    throw refused('X-CSRF-Token is absent or not the session’s');
  }
}

function refused(detail: string): AppError {
  return new AppError('CSRF', detail, {
    expose: 'send the csrfToken of GET /api/v1/me as X-CSRF-Token, from the portal itself',
  });
}
