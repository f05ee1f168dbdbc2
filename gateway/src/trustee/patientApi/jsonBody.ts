// SPDX-License-Identifier: Apache-2.0
import type { Request } from 'express';
import { AppError } from '../../errors';

/** The parsed JSON body. @throws AppError UNSUPPORTED_MEDIA_TYPE when the request has none. */
export function jsonBody(request: Request): unknown {
  if (request.body === undefined) {
    throw new AppError('UNSUPPORTED_MEDIA_TYPE', 'no JSON body', {
      expose: 'send the document as application/json',
    });
  }
  return request.body as unknown;
}
