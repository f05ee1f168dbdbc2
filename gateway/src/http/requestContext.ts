// SPDX-License-Identifier: Apache-2.0
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Request, RequestHandler, Response } from 'express';
import type { Logger } from 'pino';
import { AppError } from '../errors';

declare module 'node:http' {
  interface IncomingMessage {
    /** Set by {@link requestContext}. */
    context?: RequestContext;
  }
}

/** Who a request is in the log. */
class RequestContext {
  readonly id: string;
  readonly #method: string;
  readonly #service: Logger;
  #log: Logger | undefined;

  constructor(id: string, method: string, service: Logger) {
    this.id = id;
    this.#method = method;
    this.#service = service;
  }

  /** Made for those that write: most requests write nothing. */
  get log(): Logger {
    return (this.#log ??= this.#service.child({ req: { id: this.id, method: this.#method } }));
  }
}

/**
 * What is given back of a caller's id, and what of it may stand in the log: a UUID, or a trace id of W3C
 * Trace Context. A caller that names its requests after its patients must not bring their numbers there.
 */
const CALLERS_ID = /^[A-Za-z0-9._-]{1,64}$/;
const RANDOM_ID = /^(?:[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}|[0-9a-f]{32})$/i;

/** The request's id: the caller's `X-Request-Id` when it is a random one, else made here. */
export function requestIdOf(request: IncomingMessage): string {
  return request.context?.id ?? '';
}

/**
 * The log whose lines carry the request's id and method.
 * @throws RangeError before {@link requestContext} has run.
 */
export function logOf({ context }: IncomingMessage): Logger {
  if (context === undefined) {
    throw new RangeError('the request has no context');
  }
  return context.log;
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
 * Gives each request an id and a log line at its end. The id is answered as `X-Request-Id`; another id of the
 * caller's comes back as `X-Correlation-Id` (FHIR R4, RESTful API, custom headers). The line holds method,
 * route *pattern*, status, duration, and code and reason of a failure; never the URL, headers or address:
 * paths and queries name patients.
 */
export function requestContext(log: Logger): RequestHandler {
  const service = log.child({}, { serializers: { err: namedError } });
  return (request, response, next) => {
    const given = request.headers['x-request-id'];
    const callers = typeof given === 'string' && CALLERS_ID.test(given) ? given : undefined;
    const id = callers !== undefined && RANDOM_ID.test(callers) ? callers : randomUUID();
    response.setHeader('X-Request-Id', id);
    if (callers !== undefined && callers !== id) {
      response.setHeader('X-Correlation-Id', callers);
    }
    request.context = new RequestContext(id, request.method, service);
    const from = Date.now();
    response.once('close', () => {
      if (response.statusCode >= 500 || log.isLevelEnabled('debug')) {
        tellEnd(request, response, Date.now() - from);
      }
    });
    next();
  };
}

/** @param responseTime milliseconds. */
function tellEnd(request: Request, response: Response, responseTime: number): void {
  const { headersSent, statusCode, writableEnded } = response;
  const log = logOf(request);
  const route = routeOf(request);
  const res = { statusCode: headersSent ? statusCode : null };
  const line = { res, responseTime, ...FAILURES.get(response), route };
  // Readiness is asked every few seconds; the part that makes it logs its changes.
  if (statusCode >= 500 && route !== '/readyz') {
    log.warn(line, 'request errored');
  } else {
    log.debug(line, writableEnded && !request.readableAborted ? 'request completed' : 'request aborted');
  }
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
