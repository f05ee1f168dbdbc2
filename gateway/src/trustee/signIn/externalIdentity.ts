// SPDX-License-Identifier: Apache-2.0
import { externalDirectory, type SubjectOf } from '../accounts/patientDirectory';
import { callbackUrl, type Identity } from './identity';
import { createOpenIdClient } from './openIdClient';

/** An OpenID provider elsewhere that the patients already use. */
export interface ExternalIssuer {
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** Its `sub` is the patient's identifier in this system. */
  readonly identifierSystem: string;
  /** JWKS of the access tokens that apps present; absent: the API takes sessions only. */
  readonly jwksUrl?: string | undefined;
}

export interface ExternalIdentityDeps {
  readonly baseUrl: string;
  readonly subjectOf: SubjectOf;
}

/** Who a patient is, as an external provider says. It keeps the passwords and its own sessions. */
export function externalIdentity(
  { baseUrl, subjectOf }: ExternalIdentityDeps,
  { issuer, clientId, clientSecret, identifierSystem, jwksUrl }: ExternalIssuer,
): Identity {
  return {
    issuer,
    directory: externalDirectory(identifierSystem, subjectOf),
    client: createOpenIdClient({ kind: 'external', issuer, clientId, clientSecret }, callbackUrl(baseUrl)),
    // No keys: no token verifies.
    tokenKeys: jwksUrl === undefined ? { jwks: { keys: [] } } : { jwksUrl },
    endProviderSessions: () => undefined,
    failedSignIns: () => undefined,
    router: undefined,
  };
}
