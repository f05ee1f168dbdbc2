// SPDX-License-Identifier: Apache-2.0
import type { AccessToken } from '../../auth/accessToken';
import type { PatientAccounts, PatientIdentifier } from './patientAccounts';

/** A patient as the API knows the caller. */
export interface Patient {
  /** The ledger pseudonym. */
  readonly subject: string;
  readonly name: string;
  readonly username: string | null;
}

/** From a login (at the OpenID provider) to the patient whose list it opens. */
export interface PatientDirectory {
  /**
   * `undefined` when the login no longer has a patient, or one whose identifier names nobody in this network.
   * @param name as the provider told it.
   */
  find(login: string, name: string): Patient | undefined;
  /** The login that a verified access token was made for; empty when it names none. */
  loginOf(token: AccessToken): string;
}

/**
 * Claim of this service's own access tokens: the login, which ends with the password, where `sub` is the
 * app's name for the person.
 */
export const LOGIN_CLAIM = 'login';

/** undefined for an identifier that names nobody in this network. */
export type SubjectOf = (identifier: PatientIdentifier) => string | undefined;

/** Logins are accounts here; an account that was removed opens nothing from the next request on. */
export function accountDirectory(accounts: PatientAccounts, subjectOf: SubjectOf): PatientDirectory {
  return {
    loginOf: ({ claims }) => {
      const login = claims[LOGIN_CLAIM];
      return typeof login === 'string' ? login : '';
    },
    find: (login) => {
      const account = accounts.find(login);
      const subject = account && subjectOf(account.identifier);
      return account === undefined || subject === undefined
        ? undefined
        : { subject, name: account.name, username: account.username };
    },
  };
}

/** Logins are an external provider's, whose `sub` is the patient's identifier in `system`. */
export function externalDirectory(system: string, subjectOf: SubjectOf): PatientDirectory {
  return {
    loginOf: ({ subject }) => subject,
    find: (login, name) => {
      const subject = subjectOf({ system, value: login });
      return subject === undefined ? undefined : { subject, name, username: null };
    },
  };
}
