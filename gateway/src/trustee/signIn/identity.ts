// SPDX-License-Identifier: Apache-2.0
import type { Router } from 'express';
import type { IssuerKeys } from '../../auth/tokenVerifier';
import type { PatientDirectory } from '../accounts/patientDirectory';
import type { FailedSignIns } from '../accounts/signInThrottle';
import type { OpenIdClient } from './openIdClient';

/** The part that says who a patient is: the embedded OpenID provider or an external one. */
export interface Identity {
  readonly issuer: string;
  readonly directory: PatientDirectory;
  /** The portal as the provider's client. */
  readonly client: OpenIdClient;
  /** With which the API verifies access tokens. */
  readonly tokenKeys: IssuerKeys;
  readonly endProviderSessions: (login: string) => void;
  /** `undefined` for nothing, or where others keep the passwords. */
  readonly failedSignIns: (username: string) => FailedSignIns | undefined;
  /** What is served under `/oidc`. */
  readonly router: Router | undefined;
}

/** Where a provider sends the browser back to. @param baseUrl of this service, without a slash at its end. */
export function callbackUrl(baseUrl: string): string {
  return `${baseUrl}/auth/callback`;
}
