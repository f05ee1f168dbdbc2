// SPDX-License-Identifier: Apache-2.0
import type { Request, RequestHandler, Response } from 'express';
import { coversPatientScope } from '../../auth/patientScopes';
import type { SmartLetter } from '../../auth/smartScope';
import type { TokenVerifier } from '../../auth/tokenVerifier';
import { AppError } from '../../errors';
import type { Admission } from '../../http/admission';
import type { Patient, PatientDirectory } from '../accounts/patientDirectory';
import { checkWrite } from '../session/csrf';
import type { PortalSession, PortalSessions } from '../session/portalSession';

/**
 * Who calls the patient API. The subject is always the caller's own: no path, query or body can name another.
 */
export type Caller =
  | { readonly kind: 'session'; readonly patient: Patient; readonly session: PortalSession }
  | { readonly kind: 'token'; readonly patient: Patient; readonly scope: string };

export interface CallerDeps {
  readonly sessions: PortalSessions;
  readonly directory: PatientDirectory;
  readonly tokens: TokenVerifier;
  readonly baseUrl: string;
  /** RFC 9728 metadata URL, for `WWW-Authenticate`. */
  readonly resourceMetadataUrl: string;
  readonly admission: Admission;
}

const callers = new WeakMap<Request, Caller>();
const BEARER = /^Bearer +([A-Za-z0-9._~+/-]+=*)$/i;
const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * Authenticates by `Authorization: Bearer` (apps) or by the session cookie (portal); never by both: a header
 * decides alone. A write with a session needs its CSRF token; a token cannot be sent by another site and
 * needs none.
 */
export function authenticateCaller(deps: CallerDeps): RequestHandler {
  return async (request, response, next) => {
    const header = request.get('authorization');
    const caller = await deps.admission.authenticate(
      request,
      () => (header === undefined ? fromSession(deps, request, response) : fromToken(deps, header, response)),
      // An app's requests are counted for themselves, so that it cannot use up the patient's own.
      ({ kind, patient }) => `${kind} ${patient.subject}`,
    );
    callers.set(request, caller);
    next();
  };
}

/** @throws Error when the route is not behind {@link authenticateCaller}: a mistake in this program. */
export function callerOf(request: Request): Caller {
  const caller = callers.get(request);
  if (caller === undefined) {
    throw new Error('the route does not authenticate');
  }
  return caller;
}

/**
 * The caller's patient, if its token covers one of `letters` (a session covers everything).
 * @throws AppError INSUFFICIENT_SCOPE
 */
export function patientWith(
  request: Request,
  response: Response,
  type: 'AuditEvent' | 'Consent',
  letters: readonly SmartLetter[],
): Patient {
  const caller = callerOf(request);
  if (caller.kind === 'token' && !letters.some((letter) => coversPatientScope(caller.scope, type, letter))) {
    const scope = `patient/${type}.${letters[0] ?? 'r'}`;
    response.set('WWW-Authenticate', `Bearer error="insufficient_scope", scope="${scope}"`);
    throw new AppError('INSUFFICIENT_SCOPE', `needs ${scope}`, { expose: `needs the scope ${scope}` });
  }
  return caller.patient;
}

async function fromSession(deps: CallerDeps, request: Request, response: Response): Promise<Caller> {
  const session = await deps.sessions.read(request, response);
  const patient = session === undefined ? undefined : deps.directory.find(session.login, session.name);
  if (session === undefined || patient === undefined) {
    // RFC 6750 §3: no error code when no credentials were sent.
    response.set('WWW-Authenticate', `Bearer resource_metadata="${deps.resourceMetadataUrl}"`);
    throw new AppError('UNAUTHENTICATED', 'no session', { expose: 'sign in, or send an access token' });
  }
  if (!SAFE_METHODS.has(request.method)) {
    checkWrite(request, session.csrfToken, deps.baseUrl);
  }
  return { kind: 'session', patient, session };
}

async function fromToken(deps: CallerDeps, header: string, response: Response): Promise<Caller> {
  try {
    const [, token] = BEARER.exec(header) ?? [];
    if (token === undefined) {
      throw new AppError('INVALID_TOKEN', 'the Authorization header is not a Bearer token');
    }
    const verified = await deps.tokens.verify(token);
    const patient = deps.directory.find(deps.directory.loginOf(verified), '');
    if (patient === undefined) {
      throw new AppError('INVALID_TOKEN', 'the token has no patient');
    }
    return { kind: 'token', patient, scope: verified.scope };
  } catch (error) {
    if (error instanceof AppError && error.code === 'INVALID_TOKEN') {
      response.set(
        'WWW-Authenticate',
        `Bearer error="invalid_token", resource_metadata="${deps.resourceMetadataUrl}"`,
      );
    }
    throw error;
  }
}
