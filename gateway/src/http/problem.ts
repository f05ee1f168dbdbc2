// SPDX-License-Identifier: Apache-2.0
import type { ErrorRequestHandler, Request, RequestHandler, Response } from 'express';
import { APP_ERRORS, AppError, type AppErrorCode } from '../errors';
import { endConnection } from './connectionEnd';
import { faultTrace } from './faultTrace';
import { logOf, noteFailure, requestIdOf } from './requestContext';
import { toAppError } from './toAppError';

/**
 * Logs an error: where a fault arose; the reason of a refusal; that of a failed dependency in the line at the
 * request's end.
 */
export function logAppError(request: Request, error: AppError): void {
  const log = logOf(request);
  const { code, kind, message: reason } = error;
  if (kind.status < 500) {
    log.info({ code, reason }, 'request refused');
    return;
  }
  const isSaidAtTheEnd = request.res !== undefined && noteFailure(request.res, { code, reason });
  if (kind.family === 'fault') {
    log.error({ code, fault: faultTrace(error) }, 'request failed');
  } else if (!isSaidAtTheEnd) {
    log.warn({ code, reason }, 'request failed');
  }
}

/** Headers that every error answer carries, whatever its body. */
export function setErrorHeaders(response: Response, error: AppError): void {
  response.setHeader('Cache-Control', 'no-store');
  if (error.code === 'TOO_MANY_REQUESTS') {
    endConnection(response);
  }
  if (error.retryAfterSeconds !== undefined) {
    response.setHeader('Retry-After', String(error.retryAfterSeconds));
  }
}

export const PROBLEM_TYPE = 'application/problem+json';

/** What every problem says of its code (RFC 9457 §3.1). */
export function problemOf(code: AppErrorCode): {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly code: AppErrorCode;
} {
  const { title, status } = APP_ERRORS[code];
  return { type: `urn:chartwitness:error:${code}`, title, status, code };
}

/** Answers with RFC 9457 `application/problem+json`. */
export function sendProblem(request: Request, response: Response, error: AppError): void {
  setErrorHeaders(response, error);
  response
    .status(error.kind.status)
    .type(PROBLEM_TYPE)
    .send(
      JSON.stringify({
        ...problemOf(error.code),
        ...(error.expose === undefined ? {} : { detail: error.expose }),
        requestId: requestIdOf(request),
      }),
    );
}

/** The last middleware of an app: turns whatever was thrown into a logged RFC 9457 problem. */
export function problemHandler(): ErrorRequestHandler {
  return (error: unknown, request, response, next) => {
    const appError = toAppError(error);
    logAppError(request, appError);
    if (response.headersSent) {
      next(error);
      return;
    }
    sendProblem(request, response, appError);
  };
}

/** The middleware before {@link problemHandler}: a path that no router knows. */
export function notFound(): RequestHandler {
  return (_request, _response, next) => {
    next(new AppError('NOT_FOUND', 'no route'));
  };
}
