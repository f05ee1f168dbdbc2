// SPDX-License-Identifier: Apache-2.0
import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Request, RequestHandler } from 'express';
import type { Logger } from 'pino';
import { pinoHttp } from 'pino-http';

const REQUEST_ID = /^[A-Za-z0-9._-]{1,64}$/;

/** The request's id, as sent by the caller in `X-Request-Id` when well formed, else made here. */
export function requestIdOf(request: IncomingMessage): string {
  return typeof request.id === 'string' ? request.id : '';
}

/**
 * Gives each request an id (answered as `X-Request-Id`) and a log line at its end. The line holds method,
 * route *pattern*, status and duration, never the URL, headers or address: paths and queries name patients.
 */
export function requestContext(log: Logger): RequestHandler {
  return pinoHttp({
    logger: log,
    genReqId: (request, response) => {
      const given = request.headers['x-request-id'];
      const id = typeof given === 'string' && REQUEST_ID.test(given) ? given : randomUUID();
      response.setHeader('X-Request-Id', id);
      return id;
    },
    serializers: {
      req: (request: { id: unknown; method: unknown }) => ({ id: request.id, method: request.method }),
      res: (response: { statusCode: unknown }) => ({ statusCode: response.statusCode }),
      // An error's text may quote input; the error handler logs a fault once, with its places.
      err: (error: Error) => ({ type: error.name }),
    },
    // Added to the line at the end: before, no route is known, and a logger of its own for each request costs
    // more than the line.
    customSuccessObject: (request, _response, line: object) => ({
      ...line,
      route: routeOf(request as Request),
    }),
    // Without the error, which is made up of the status where none was thrown.
    customErrorObject: (request, _response, _error, line: object) => ({
      ...line,
      err: undefined,
      route: routeOf(request as Request),
    }),
    customLogLevel: (request, response, error) => {
      // Asked every few seconds; the part that makes the readiness logs its changes.
      const isPoll = routeOf(request as Request) === '/readyz';
      if (!isPoll && (error !== undefined || response.statusCode >= 500)) {
        return 'warn';
      }
      return log.isLevelEnabled('debug') ? 'debug' : 'silent';
    },
  });
}

/** The pattern that matched, for instance `/fhir/:type/:id`; `unmatched` where none did. */
export function routeOf(request: Request): string {
  const route: unknown = request.route;
  if (typeof route === 'object' && route !== null && 'path' in route && typeof route.path === 'string') {
    return `${request.baseUrl}${route.path}`;
  }
  return 'unmatched';
}
