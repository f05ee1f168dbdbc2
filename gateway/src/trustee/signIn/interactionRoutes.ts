// SPDX-License-Identifier: Apache-2.0
import { type Request, type Response, Router, urlencoded } from 'express';
import { errors, type Provider } from 'oidc-provider';
import { splitScopes } from '../../auth/smartScope';
import { AppError } from '../../errors';
import { logOf } from '../../http/requestContext';
import type { PatientAccounts } from '../accounts/patientAccounts';
import type { SignInThrottle } from '../accounts/signInThrottle';
import { PORTAL_CLIENT_ID } from './patientProvider';
import { describeScopes } from './scopeWords';
import { consentPage, errorPage, LANGUAGE_PARAMETER, loginPage, type Page } from './signInPages';
import { interactionLanguage, type Language, LANGUAGES, requestLanguage, wordsIn } from './signInWords';

export interface InteractionDeps {
  readonly provider: Provider;
  readonly accounts: PatientAccounts;
  readonly throttle: SignInThrottle;
  /** Waits before a password of an account is looked at that many guess at. */
  readonly pause: (ms: number) => Promise<void>;
  /** Name of the trustee, whom a patient asks for a new password; `undefined` while it is not known. */
  readonly trusteeName: () => string | undefined;
  /** Origin of the portal, for checking where a form was sent from. */
  readonly origin: string;
}

type Details = Awaited<ReturnType<Provider['interactionDetails']>>;
type UidRequest = Request<{ uid: string }>;

/**
 * The pages in which a patient signs in and allows or refuses an app: `/interaction/:uid`, below the
 * provider's mount. Plain forms; the interaction's signed cookie ties each to the browser that began it.
 */
export function interactionRoutes(deps: InteractionDeps): Router {
  const router = Router();
  const form = urlencoded({ extended: false, limit: '4kb', parameterLimit: 5 });
  router.use('/interaction', (request, _response, next) => {
    next(request.method === 'POST' && !sentFrom(request, deps.origin) ? foreignForm() : undefined);
  });
  router.get('/interaction/:uid', async (request, response) => {
    await withDetails(deps, request, response, async (details) => {
      const shown =
        details.prompt.name === 'consent'
          ? await askConsent(deps, details, languageFor(details, request))
          : await askLogin(deps, details, languageFor(details, request));
      send(response, 200, shown);
    });
  });
  router.post('/interaction/:uid/login', form, async (request: UidRequest, response) => {
    await withDetails(deps, request, response, (details) => login(deps, details, request, response));
  });
  router.post('/interaction/:uid/consent', form, async (request: UidRequest, response) => {
    await withDetails(deps, request, response, (details) => consent(deps, details, request, response));
  });
  router.post('/interaction/:uid/cancel', form, async (request: UidRequest, response) => {
    await withDetails(deps, request, response, () => refuse(deps, request, response));
  });
  return router;
}

/** Browsers say where a form comes from; one that comes from another site is not the patient's own doing. */
function sentFrom(request: Request, origin: string): boolean {
  const site = request.get('sec-fetch-site');
  const sender = request.get('origin');
  return (
    (site === undefined || site === 'same-origin' || site === 'none') &&
    // A no-referrer policy makes browsers send "null" for a form of the same origin; Sec-Fetch-Site has then
    // spoken.
    (sender === undefined || sender === origin || (sender === 'null' && site === 'same-origin'))
  );
}

function foreignForm(): AppError {
  return new AppError('CSRF', 'form from another origin');
}

async function withDetails(
  deps: InteractionDeps,
  request: UidRequest,
  response: Response,
  work: (details: Details) => Promise<void>,
): Promise<void> {
  let details: Details;
  try {
    details = await deps.provider.interactionDetails(request, response);
  } catch (error) {
    if (error instanceof errors.SessionNotFound) {
      send(response, 400, expiredPage(requestLanguage(request)));
      return;
    }
    throw error;
  }
  if (details.uid !== request.params.uid) {
    send(response, 400, expiredPage(requestLanguage(request)));
    return;
  }
  await work(details);
}

function languageFor(details: Details, request: UidRequest): Language {
  const wanted = request.query[LANGUAGE_PARAMETER] ?? field(request, LANGUAGE_PARAMETER);
  const chosen = LANGUAGES.find((known) => known === wanted);
  return chosen ?? interactionLanguage(details.params['ui_locales'], request);
}

function expiredPage(language: Language): Page {
  return errorPage(language, wordsIn(language).ended);
}

async function askLogin(
  deps: InteractionDeps,
  details: Details,
  language: Language,
  username = '',
  problem?: string,
): Promise<Page> {
  const client = await clientOf(deps, details);
  const hint = details.params['login_hint'];
  return loginPage({
    language,
    action: `/oidc/interaction/${details.uid}/login`,
    cancelAction: `/oidc/interaction/${details.uid}/cancel`,
    path: `/oidc/interaction/${details.uid}`,
    trustee: deps.trusteeName(),
    appName: client.clientId === PORTAL_CLIENT_ID ? undefined : client.name,
    username: username !== '' || typeof hint !== 'string' ? username : hint.slice(0, 64),
    problem,
    formTargets: formTargets(details),
  });
}

async function login(
  deps: InteractionDeps,
  details: Details,
  request: UidRequest,
  response: Response,
): Promise<void> {
  const language = languageFor(details, request);
  const username = field(request, 'username').slice(0, 64);
  const address = request.ip ?? '';
  const admission = deps.throttle.begin(username, address);
  if (admission.kind === 'refused') {
    const seconds = Math.ceil(admission.waitMs / 1000);
    response.set('Retry-After', String(seconds));
    const problem = wordsIn(language).tooMany(seconds);
    send(response, 429, await askLogin(deps, details, language, username, problem));
    return;
  }
  if (admission.delayMs > 0) {
    await deps.pause(admission.delayMs);
  }
  const account = await deps.accounts.verify(username, field(request, 'password').slice(0, 256));
  if (account === undefined) {
    logOf(request).info('sign-in refused');
    send(response, 401, await askLogin(deps, details, language, username, wordsIn(language).wrong));
    return;
  }
  deps.throttle.succeeded(username, address);
  await deps.provider.interactionFinished(
    request,
    response,
    { login: { accountId: account.login, remember: false, amr: ['pwd'] } },
    { mergeWithLastSubmission: false },
  );
}

async function askConsent(deps: InteractionDeps, details: Details, language: Language): Promise<Page> {
  const client = await clientOf(deps, details);
  const account = deps.accounts.find(details.session?.accountId ?? '');
  return consentPage({
    language,
    action: `/oidc/interaction/${details.uid}/consent`,
    path: `/oidc/interaction/${details.uid}`,
    appName: client.name,
    patientName: account?.name ?? '',
    asks: describeScopes(askedScopes(details), wordsIn(language).scopes),
    formTargets: formTargets(details),
  });
}

function askedScopes(details: Details): readonly string[] {
  const { scope } = details.params;
  return typeof scope === 'string' ? splitScopes(scope) : [];
}

async function consent(
  deps: InteractionDeps,
  details: Details,
  request: UidRequest,
  response: Response,
): Promise<void> {
  if (
    details.prompt.name !== 'consent' ||
    details.session === undefined ||
    field(request, 'decision') !== 'allow'
  ) {
    await refuse(deps, request, response);
    return;
  }
  const known = details.grantId === undefined ? undefined : await deps.provider.Grant.find(details.grantId);
  const grant =
    known ??
    new deps.provider.Grant({
      accountId: details.session.accountId,
      clientId: (await clientOf(deps, details)).clientId,
    });
  addMissing(grant, details.prompt.details);
  await deps.provider.interactionFinished(
    request,
    response,
    { consent: { grantId: await grant.save() } },
    { mergeWithLastSubmission: true },
  );
}

/** What the provider found missing in the grant, as its consent prompt reports it. */
function addMissing(
  grant: InstanceType<Provider['Grant']>,
  missing: Readonly<Record<string, unknown>>,
): void {
  const { missingOIDCScope, missingOIDCClaims, missingResourceScopes } = missing;
  if (isTexts(missingOIDCScope)) {
    grant.addOIDCScope(missingOIDCScope.join(' '));
  }
  if (isTexts(missingOIDCClaims)) {
    grant.addOIDCClaims([...missingOIDCClaims]);
  }
  if (typeof missingResourceScopes === 'object' && missingResourceScopes !== null) {
    for (const [resource, scopes] of Object.entries(missingResourceScopes)) {
      if (isTexts(scopes)) {
        grant.addResourceScope(resource, scopes.join(' '));
      }
    }
  }
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((entry) => typeof entry === 'string');
}

async function refuse(deps: InteractionDeps, request: UidRequest, response: Response): Promise<void> {
  await deps.provider.interactionFinished(
    request,
    response,
    { error: 'access_denied', error_description: 'the patient refused' },
    { mergeWithLastSubmission: false },
  );
}

async function clientOf(
  deps: InteractionDeps,
  details: Details,
): Promise<{ clientId: string; name: string }> {
  const clientId = String(details.params['client_id']);
  const client = await deps.provider.Client.find(clientId);
  return { clientId, name: client?.clientName ?? clientId };
}

/**
 * Chromium holds `form-action` against the redirect that answers a form too, so the app's own address must be
 * allowed.
 */
function formTargets(details: Details): readonly string[] {
  const redirectUri = String(details.params['redirect_uri']);
  if (!URL.canParse(redirectUri)) {
    return [];
  }
  const url = new URL(redirectUri);
  return [url.protocol === 'https:' || url.protocol === 'http:' ? url.origin : url.protocol];
}

function field(request: Request, name: string): string {
  const body: unknown = request.body;
  const value =
    typeof body === 'object' && body !== null ? (body as Record<string, unknown>)[name] : undefined;
  return typeof value === 'string' ? value : '';
}

function send(response: Response, status: number, shown: Page): void {
  response
    .status(status)
    .set('Content-Security-Policy', shown.policy)
    .set('Cache-Control', 'no-store')
    .type('html')
    .send(shown.html);
}
