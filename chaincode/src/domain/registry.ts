// SPDX-License-Identifier: Apache-2.0
import type { ConsentPolicy } from './consent';
import type { IdentifierSystem } from './identifierSystems';

export type OrganisationRole = 'holder' | 'trustee';
export type RegistryStatus = 'active' | 'suspended';

export interface Organisation {
  readonly mspId: string;
  readonly role: OrganisationRole;
  readonly name: string;
  /** URIs by which the organisation is known outside the ledger (UDAP `organization_id`), at most 10. */
  readonly identifiers: readonly string[];
  readonly status: RegistryStatus;
}

/**
 * No client may have this id: what asks in its name is refused, whatever consents say. Gateways fill places
 * of their lanes in its name, with entries about nobody.
 */
export const NOBODYS_CLIENT = 'chartwitness-filler';

/** A client application that an organisation runs, with the public keys that it signs with. */
export interface ClientApplication {
  readonly clientId: string;
  /** MSP id of the organisation that runs it. */
  readonly org: string;
  readonly name: string;
  /** Public JSON Web Keys (RFC 7517), 1–10; private members are refused. */
  readonly jwks: { readonly keys: readonly Readonly<Record<string, unknown>>[] };
  /** SMART scopes that it may ask for, space-separated. */
  readonly scope: string;
  readonly status: RegistryStatus;
}

/** What the network agrees on once, at deployment. */
export interface NetworkSettings {
  /** MSP id of the trustee. */
  readonly trustee: string;
  /** Applied to subjects without a consent on file. */
  readonly defaultPolicy: ConsentPolicy;
  /**
   * Which patient identifiers name subjects, and in which spelling, 1–20: the first system that a patient has
   * counts. Every gateway uses this very table, or one person would be several subjects.
   */
  readonly identifierSystems: readonly IdentifierSystem[];
}
