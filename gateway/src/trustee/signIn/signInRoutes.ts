// SPDX-License-Identifier: Apache-2.0
import { type Request, type Response, Router } from 'express';
import { AppError } from '../../errors';
import { logAppError, setErrorHeaders } from '../../http/problem';
import { logOf } from '../../http/requestContext';
import { toAppError } from '../../http/toAppError';
import type { PatientDirectory } from '../accounts/patientDirectory';
import { checkWrite } from '../session/csrf';
import type { PortalSessions } from '../session/portalSession';
import type { OpenIdClient } from './openIdClient';
import type { PendingSignIns } from './pendingSignIns';
import { errorPage } from './signInPages';
import { requestLanguage, wordsIn } from './signInWords';

export interface SignInDeps {
  readonly client: OpenIdClient;
  readonly directory: PatientDirectory;
  readonly sessions: PortalSessions;
  /** Carries a sign-in from `/login` to `/callback`. */
  readonly pending: PendingSignIns;
  readonly baseUrl: string;
  /** Ends the patient's sessions at the OpenID provider, where that is possible. */
  readonly endProviderSessions: (login: string) => void;
}

/** Characters of a path to return to; a longer one is not kept, since it travels in a cookie. */
const MAX_RETURN = 1000;

/** `GET /login`, `GET /callback`, `POST /logout`. */
export function signInRoutes(deps: SignInDeps): Router {
  const router = Router();
  router.use((_request, response, next) => {
    response.set('Cache-Control', 'no-store');
    next();
  });
  router.get('/login', async (request, response) => {
    try {
      const { url, state } = await deps.client.begin(localesIn(request.query['ui_locales']));
      const returnTo = localPath(request.query['returnTo'], deps.baseUrl);
      await deps.pending.keep(request, response, { ...state, returnTo });
      response.redirect(303, url.href);
    } catch (error) {
      failNow(request, response, error);
    }
  });
  router.get('/callback', async (request, response) => {
    await callback(deps, request, response);
  });
  router.post('/logout', async (request, response) => {
    const session = await deps.sessions.read(request, response);
    if (session !== undefined) {
      checkWrite(request, session.csrfToken, deps.baseUrl);
      deps.sessions.end(response, session);
      deps.endProviderSessions(session.login);
    }
    // What the browser keeps of pages and answers goes too: on the way back it must ask.
    response.set('Clear-Site-Data', '"cache"').status(204).end();
  });
  return router;
}

async function callback(deps: SignInDeps, request: Request, response: Response): Promise<void> {
  const pending = await deps.pending.take(request, response, request.query['state']);
  if (pending === undefined) {
    fail(request, response, 'ended');
    return;
  }
  if (request.query['error'] === 'access_denied') {
    // Cancelled: no fault. The portal says to somebody who is not signed in what it is, and how to sign in.
    response.redirect(303, pending.returnTo);
    return;
  }
  try {
    const { login, name } = await deps.client.finish(new URL(request.originalUrl, deps.baseUrl), pending);
    const patient = deps.directory.find(login, name);
    if (patient === undefined) {
      throw new AppError('UNAUTHENTICATED', 'the login has no patient');
    }
    await deps.sessions.start(response, login, patient.name);
    response.redirect(303, pending.returnTo);
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'UNAUTHENTICATED') {
      failNow(request, response, error);
      return;
    }
    logOf(request).info({ reason: error.message }, 'sign-in failed');
    fail(request, response, 'notSignedIn');
  }
}

/**
 * A store or an issuer that does not serve is no refusal of the patient, and her browser shows a page.
 * @throws everything else.
 */
function failNow(request: Request, response: Response, error: unknown): void {
  const failure = toAppError(error);
  if (failure.kind.family !== 'unavailable') {
    throw error;
  }
  logAppError(request, failure);
  setErrorHeaders(response, failure);
  fail(request, response, 'notNow', failure.kind.status);
}

function fail(
  request: Request,
  response: Response,
  why: 'ended' | 'notSignedIn' | 'notNow',
  status = 400,
): void {
  const language = requestLanguage(request);
  const page = errorPage(language, wordsIn(language)[why]);
  response.status(status).set('Content-Security-Policy', page.policy).type('html').send(page.html);
}

const LOCALES = /^[A-Za-z0-9]{1,8}(-[A-Za-z0-9]{1,8})*( [A-Za-z0-9]{1,8}(-[A-Za-z0-9]{1,8})*){0,3}$/;

/** Language tags (BCP 47) parted by spaces; `undefined` for anything else. */
function localesIn(wanted: unknown): string | undefined {
  return typeof wanted === 'string' && wanted.length <= 80 && LOCALES.test(wanted) ? wanted : undefined;
}

/**
 * A path of this portal, or `/`: never another site (an open redirect would lend the portal's name to a
 * phisher).
 */
function localPath(wanted: unknown, baseUrl: string): string {
  if (typeof wanted !== 'string' || !wanted.startsWith('/') || !URL.canParse(wanted, baseUrl)) {
    return '/';
  }
  const url = new URL(wanted, baseUrl);
  // Dots are resolved by now: `/.//evil.example` has become a path that a browser reads as another host.
  const isLocal = url.origin === new URL(baseUrl).origin && !url.pathname.startsWith('//');
  const path = `${url.pathname}${url.search}${url.hash}`;
  return isLocal && path.length <= MAX_RETURN ? path : '/';
}
