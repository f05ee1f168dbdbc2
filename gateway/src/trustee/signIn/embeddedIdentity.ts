// SPDX-License-Identifier: Apache-2.0
import { setTimeout as wait } from 'node:timers/promises';
import { type RequestHandler, Router } from 'express';
import type { Logger } from 'pino';
import type { SqlDatabase } from '../../sqlite/openDatabase';
import type { PatientAccounts } from '../accounts/patientAccounts';
import { accountDirectory, type SubjectOf } from '../accounts/patientDirectory';
import { openSignInThrottle, type ThrottleRules } from '../accounts/signInThrottle';
import type { BackChannel } from './backChannel';
import { callbackUrl, type Identity } from './identity';
import { interactionRoutes } from './interactionRoutes';
import { openOidcStorage } from './oidcStorage';
import { createOpenIdClient } from './openIdClient';
import { type AppRegistration, createPatientProvider, PORTAL_CLIENT_ID } from './patientProvider';
import { publicJwks, type TrusteeKeys } from './trusteeKeys';

export interface EmbeddedIdentityDeps {
  readonly baseUrl: string;
  /** Audience of apps' access tokens (RFC 8707 `resource`). */
  readonly resource: string;
  /** One that `migrateTrusteeDatabase` has prepared. */
  readonly database: SqlDatabase;
  readonly accounts: PatientAccounts;
  readonly subjectOf: SubjectOf;
  readonly keys: TrusteeKeys;
  readonly apps: readonly AppRegistration[];
  readonly backChannel: BackChannel;
  /** As in `TrusteeDeps`; default `baseUrl`. */
  readonly backChannelUrl: (() => string) | undefined;
  readonly throttle: ThrottleRules | undefined;
  /** Default: time passes. */
  readonly pauseSignIn: ((ms: number) => Promise<void>) | undefined;
  /** For the sign-in page; `undefined` while nobody knows it. */
  readonly trusteeName: () => string | undefined;
  readonly log: Logger;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
}

/**
 * Who a patient is, as the provider in this process says, with its accounts, pages and tables.
 * @throws RangeError when an app's scope does not exist here.
 */
export function embeddedIdentity(deps: EmbeddedIdentityDeps): Identity {
  const { baseUrl, resource, accounts, keys, apps, log } = deps;
  const issuer = `${baseUrl}/oidc`;
  const storage = openOidcStorage(deps.database, deps.clock);
  const portalRedirectUri = callbackUrl(baseUrl);
  const provider = createPatientProvider({
    issuer,
    resource,
    accounts,
    storage,
    keys,
    apps,
    portalRedirectUri,
    log,
  });
  const throttle = openSignInThrottle(deps.database, keys.throttleKey, deps.clock, deps.throttle);
  const router = Router();
  router.use(
    publicAddress(baseUrl),
    interactionRoutes({
      provider,
      accounts,
      throttle,
      pause: deps.pauseSignIn ?? ((ms) => wait(ms)),
      trusteeName: deps.trusteeName,
      origin: new URL(baseUrl).origin,
    }),
  );
  const handler = provider.callback();
  router.use((request, response, next) => {
    handler(request, response).catch(next);
  });
  return {
    issuer,
    directory: accountDirectory(accounts, deps.subjectOf),
    client: createOpenIdClient(
      {
        kind: 'embedded',
        issuer,
        clientId: PORTAL_CLIENT_ID,
        clientSecret: keys.portalClientSecret,
        backChannel: deps.backChannelUrl ?? (() => baseUrl),
        backChannelHeaders: deps.backChannel.headers,
      },
      portalRedirectUri,
    ),
    tokenKeys: { jwks: publicJwks(keys) },
    endProviderSessions: (login) => {
      storage.endSessions(login);
    },
    failedSignIns: throttle.failuresOf,
    router,
  };
}

/**
 * The provider makes URLs and decides about `Secure` from the request. It is shown the public URL, whatever a
 * proxy or the caller says in `Host` and `X-Forwarded-*`.
 */
function publicAddress(baseUrl: string): RequestHandler {
  const { host, protocol } = new URL(baseUrl);
  return (request, _response, next) => {
    request.headers.host = host;
    request.headers['x-forwarded-host'] = host;
    request.headers['x-forwarded-proto'] = protocol.slice(0, -1);
    next();
  };
}
