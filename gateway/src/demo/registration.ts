// SPDX-License-Identifier: Apache-2.0
import { join } from 'node:path';
import type { JWK } from 'jose';
import { bootstrapNetwork } from '../compose/bootstrap';
import { keepSigningKey } from '../keys/signingKey';
import type { PublicApp } from '../config/trusteeConfig';
import type { ProvenanceLedger } from '../ledger/provenanceLedger';
import { type DemoHospital, HOSPITALS, TRUSTEE } from './cast';
import type { DemoFileHospital } from './demoFile';

const CLIENT_SCOPE = 'system/*.rs';

/** The public client app that patients of the demonstration may use. */
export const APP = {
  clientId: 'demo-app',
  name: 'Demonstration app',
  redirectUris: ['http://127.0.0.1/callback'],
  scope: 'openid offline_access patient/AuditEvent.rs patient/Consent.cruds',
} satisfies PublicApp;

/** Settings and organisations of the cast, as the trustee; what is there already is left alone. */
export function registerOrganisations(trustee: ProvenanceLedger): Promise<void> {
  return bootstrapNetwork(trustee, [
    { mspId: TRUSTEE.mspId, role: 'trustee', name: TRUSTEE.name, identifiers: [TRUSTEE.organisationId] },
    ...HOSPITALS.map(({ mspId, name, organisationId }) => ({
      mspId,
      role: 'holder' as const,
      name,
      identifiers: [organisationId],
    })),
  ]);
}

/**
 * Registers a hospital's client application, as the hospital, with a key that is kept in `folder`.
 * @returns the private key.
 */
export async function registerClient(
  hospital: DemoHospital,
  ledger: ProvenanceLedger,
  folder: string,
): Promise<JWK> {
  const { clientId, name } = hospital;
  const privateJwk = await keepSigningKey(join(folder, 'client-key.json'), 'ES384', `${clientId}-1`);
  if ((await ledger.findClient(clientId)) === undefined) {
    await ledger.putClient({
      clientId,
      name: `${name} EHR`,
      jwks: { keys: [publicHalf(privateJwk)] },
      scope: CLIENT_SCOPE,
    });
  }
  return privateJwk;
}

function publicHalf(key: JWK): Record<string, unknown> {
  return Object.fromEntries(Object.entries(key).filter(([member]) => member !== 'd'));
}

/** The hospital as `demo.json` tells it. */
export function hospitalEntry(hospital: DemoHospital, baseUrl: string, privateJwk: JWK): DemoFileHospital {
  const { name, mspId, clientId, organisationId, practitioners } = hospital;
  return {
    name,
    mspId,
    fhirBaseUrl: `${baseUrl}/fhir`,
    tokenEndpoint: `${baseUrl}/oauth/token`,
    clients: [{ clientId, privateJwk, organisationId }],
    practitioners,
  };
}
