// SPDX-License-Identifier: Apache-2.0

/** Denied: evidence sound, not allowed. Invalid: input malformed. Unavailable: a dependency failed. */
export type AppErrorFamily = 'denied' | 'invalid' | 'unavailable' | 'fault';

interface AppErrorKind {
  readonly family: AppErrorFamily;
  /** HTTP status of the answer. */
  readonly status: number;
  /** Public title (RFC 9457); never names a person. */
  readonly title: string;
}

/**
 * The one table of error codes: what each means to the caller. `detail` and `cause` of an error go to the log
 * only, unless it is exposed.
 */
export const APP_ERRORS = {
  UNAUTHENTICATED: { family: 'denied', status: 401, title: 'Authentication is required' },
  INVALID_TOKEN: { family: 'denied', status: 401, title: 'The access token is not valid' },
  INSUFFICIENT_SCOPE: {
    family: 'denied',
    status: 403,
    title: 'The access token does not cover this request',
  },
  FORBIDDEN: { family: 'denied', status: 403, title: 'This is not allowed' },
  CSRF: { family: 'denied', status: 403, title: 'The request did not come from the portal' },
  NOT_FOUND: { family: 'denied', status: 404, title: 'Not found' },
  BAD_REQUEST: { family: 'invalid', status: 400, title: 'The request is not valid' },
  UNBOUND_SEARCH: { family: 'invalid', status: 400, title: 'A search must name one patient' },
  EMERGENCY_INCOMPLETE: {
    family: 'invalid',
    status: 400,
    title: 'Emergency access needs a named person and a reason',
  },
  TOO_COSTLY: { family: 'invalid', status: 400, title: 'The search covers too much data' },
  METHOD_NOT_ALLOWED: { family: 'invalid', status: 405, title: 'This method is not supported here' },
  NOT_SUPPORTED: { family: 'invalid', status: 400, title: 'This interaction is not supported here' },
  NOT_ACCEPTABLE: { family: 'invalid', status: 406, title: 'This format is not supported' },
  CONFLICT: { family: 'invalid', status: 409, title: 'The change conflicts with another one' },
  PRECONDITION_FAILED: { family: 'invalid', status: 412, title: 'The document was changed elsewhere' },
  PAYLOAD_TOO_LARGE: { family: 'invalid', status: 413, title: 'The request is too large' },
  UNSUPPORTED_MEDIA_TYPE: { family: 'invalid', status: 415, title: 'This content type is not supported' },
  PRECONDITION_REQUIRED: { family: 'invalid', status: 428, title: 'If-Match is required' },
  TOO_MANY_REQUESTS: { family: 'unavailable', status: 429, title: 'Too many requests' },
  UPSTREAM_FAILED: { family: 'unavailable', status: 502, title: 'The clinical data source did not answer' },
  ISSUER_UNAVAILABLE: { family: 'unavailable', status: 503, title: 'The token issuer did not answer' },
  LEDGER_UNAVAILABLE: { family: 'unavailable', status: 503, title: 'The ledger is not available' },
  OVERLOADED: { family: 'unavailable', status: 503, title: 'The gateway is overloaded' },
  LANE_FENCED: { family: 'unavailable', status: 503, title: 'Another gateway writes in this lane' },
  STARTING: { family: 'unavailable', status: 503, title: 'The service is starting' },
  IDENTIFIERS_DIFFER: {
    family: 'unavailable',
    status: 503,
    title: 'This service and its network do not read patient identifiers alike',
  },
  STORE_UNAVAILABLE: {
    family: 'unavailable',
    status: 503,
    title: 'A store of this service is not available',
  },
  INTERNAL: { family: 'fault', status: 500, title: 'Internal error' },
} as const satisfies Record<string, AppErrorKind>;

export type AppErrorCode = keyof typeof APP_ERRORS;

export interface AppErrorOptions {
  readonly cause?: unknown;
  /** What the caller may read besides the title: never personal data. */
  readonly expose?: string;
  /** Seconds for a `Retry-After` header. */
  readonly retryAfterSeconds?: number;
}

/** Every error that reaches the HTTP boundary on purpose. Anything else is a fault and answers 500. */
export class AppError extends Error {
  override readonly name = 'AppError';
  readonly code: AppErrorCode;
  readonly expose: string | undefined;
  readonly retryAfterSeconds: number | undefined;

  /** @param detail for the log: what was wrong, where, what to do; never personal data. */
  constructor(code: AppErrorCode, detail: string, options: AppErrorOptions = {}) {
    super(`${code}: ${detail}`, { cause: options.cause });
    this.code = code;
    this.expose = options.expose;
    this.retryAfterSeconds = options.retryAfterSeconds;
  }

  get kind(): AppErrorKind {
    return APP_ERRORS[this.code];
  }
}
