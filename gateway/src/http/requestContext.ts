// SPDX-License-Identifier: Apache-2.0
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Request, RequestHandler } from 'express';
import type { Logger } from 'pino';
import { pinoHttp } from 'pino-http';
import { AppError } from '../errors';

const REQUEST_ID = /^[A-Za-z0-9._-]{1,64}$/;

/** The request's id, as sent by the caller in `X-Request-Id` when well formed, else made here. */
export function requestIdOf(request: IncomingMessage): string {
  return typeof request.id === 'string' ? request.id : '';
}

/** Why a request fails, as a log may hold it: both are this project's own words, and name nobody. */
export interface Failure {
  readonly code: string;
  readonly reason: string | undefined;
}

const FAILURES = new WeakMap<ServerResponse, Failure>();

/**
 * The line at the request's end says why it failed.
 * @returns whether that line is still to come; one whose caller has gone has been written.
 */
export function noteFailure(response: ServerResponse, failure: Failure): boolean {
  FAILURES.set(response, failure);
  return !response.closed;
}

/**
 * Gives each request an id (answered as `X-Request-Id`) and a log line at its end. The line holds method,
 * route *pattern*, status, duration, and code and reason of a failure; never the URL, headers or address:
 * paths and queries name patients.
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
    // The library would hand these its own copies, whose errors have lost their name.
    wrapSerializers: false,
    serializers: {
      req: ({ id, method }: IncomingMessage) => ({ id, method }),
      res: ({ headersSent, statusCode }: ServerResponse) => ({ statusCode: headersSent ? statusCode : null }),
      err: namedError,
    },
    // Added to the line at the end: before, no route is known, and a logger of its own for each request costs
    // more than the line.
    customSuccessObject: (request, _response, line: object) => ({
      ...line,
      route: routeOf(request as Request),
    }),
    // Instead of the error, which the library makes up of the status.
    customErrorObject: (request, response, _error, line: object) => ({
      ...line,
      err: undefined,
      ...FAILURES.get(response),
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

/**
 * An error's text may quote input, unless it is this project's own; the error handler logs a fault's places.
 */
function namedError(error: unknown): unknown {
  if (error instanceof AppError) {
    return { type: error.name, code: error.code, reason: error.message };
  }
  return { type: error instanceof Error ? error.name : typeof error };
}

/** The pattern that matched, for instance `/fhir/:type/:id`; `unmatched` where none did. */
export function routeOf(request: Request): string {
  const route: unknown = request.route;
  if (typeof route === 'object' && route !== null && 'path' in route && typeof route.path === 'string') {
    return `${request.baseUrl}${route.path}`;
  }
  return 'unmatched';
}
