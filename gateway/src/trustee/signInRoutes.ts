// SPDX-License-Identifier: Apache-2.0
import { type Request, type Response, Router } from 'express';
import { z } from 'zod';
import { AppError } from '../errors';
import { checkWrite } from './csrf';
import type { OpenIdClient } from './openIdClient';
import type { PatientDirectory } from './patientDirectory';
import type { PortalSessions } from './portalSession';
import type { SealedCookie } from './sealedCookie';
import { errorPage } from './signInPages';
import { requestLanguage, wordsIn } from './signInWords';

export interface SignInDeps {
  readonly client: OpenIdClient;
  readonly directory: PatientDirectory;
  readonly sessions: PortalSessions;
  /** Carries a sign-in from `/login` to `/callback`. */
  readonly pending: SealedCookie;
  readonly baseUrl: string;
  /** Ends the patient's sessions at the OpenID provider, where that is possible. */
  readonly endProviderSessions: (login: string) => void;
}

const PENDING_SECONDS = 600;
const pendingContent = z.object({
  state: z.string(),
  nonce: z.string(),
  verifier: z.string(),
  returnTo: z.string(),
});

/** `GET /login`, `GET /callback`, `POST /logout`. */
export function signInRoutes(deps: SignInDeps): Router {
  const router = Router();
  router.use((_request, response, next) => {
    response.set('Cache-Control', 'no-store');
    next();
  });
  router.get('/login', async (request, response) => {
    const { url, state } = await deps.client.begin(localesIn(request.query['ui_locales']));
    const returnTo = localPath(request.query['returnTo'], deps.baseUrl);
    await deps.pending.set(response, { ...state, returnTo }, PENDING_SECONDS, suffixOf(state.state));
    response.redirect(303, url.href);
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
    response.status(204).end();
  });
  return router;
}

async function callback(deps: SignInDeps, request: Request, response: Response): Promise<void> {
  const { state } = request.query;
  const suffix = typeof state === 'string' ? suffixOf(state) : '';
  const pending = pendingContent.safeParse(await deps.pending.read(request, suffix));
  deps.pending.clear(response, suffix);
  if (!pending.success) {
    fail(request, response, 'ended');
    return;
  }
  try {
    const { login, name } = await deps.client.finish(
      new URL(request.originalUrl, deps.baseUrl),
      pending.data,
    );
    const patient = deps.directory.find(login, name);
    if (patient === undefined) {
      throw new AppError('UNAUTHENTICATED', 'the login has no patient');
    }
    await deps.sessions.start(response, login, patient.name);
    response.redirect(303, pending.data.returnTo);
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'UNAUTHENTICATED') {
      throw error;
    }
    request.log.info({ reason: error.message }, 'sign-in failed');
    fail(request, response, 'notSignedIn');
  }
}

function fail(request: Request, response: Response, why: 'ended' | 'notSignedIn'): void {
  const language = requestLanguage(request);
  const page = errorPage(language, wordsIn(language)[why]);
  response.status(400).set('Content-Security-Policy', page.policy).type('html').send(page.html);
}

/** Sign-ins in several tabs do not disturb each other: each has its own cookie, named after the state that comes back. */
function suffixOf(state: string): string {
  return state.replace(/[^A-Za-z0-9_-]/g, '').slice(0, 16);
}

const LOCALES = /^[A-Za-z0-9]{1,8}(-[A-Za-z0-9]{1,8})*( [A-Za-z0-9]{1,8}(-[A-Za-z0-9]{1,8})*){0,3}$/;

/** Language tags (BCP 47) parted by spaces; `undefined` for anything else. */
function localesIn(wanted: unknown): string | undefined {
  return typeof wanted === 'string' && wanted.length <= 80 && LOCALES.test(wanted) ? wanted : undefined;
}

/** A path of this portal, or `/`: never another site (an open redirect would lend the portal's name to a phisher). */
function localPath(wanted: unknown, baseUrl: string): string {
  if (typeof wanted !== 'string' || !wanted.startsWith('/') || !URL.canParse(wanted, baseUrl)) {
    return '/';
  }
  const url = new URL(wanted, baseUrl);
  // Dots are resolved by now: `/.//evil.example` has become a path that a browser reads as another host.
  const isLocal = url.origin === new URL(baseUrl).origin && !url.pathname.startsWith('//');
  return isLocal ? `${url.pathname}${url.search}${url.hash}` : '/';
}
