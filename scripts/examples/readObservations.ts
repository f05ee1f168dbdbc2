// SPDX-License-Identifier: Apache-2.0
/**
 * How a hospital's system reads a patient's observations through a Chartwitness gateway: one signed
 * assertion, one token, one FHIR search. `access` is an entry of `hospitals` in `.data/demo.json`, or what
 * your gateway's operator gave you.
 */
import { randomUUID } from 'node:crypto';
import { importJWK, type JWK, SignJWT } from 'jose';

interface GatewayAccess {
  fhirBaseUrl: string;
  tokenEndpoint: string;
  clients: readonly { clientId: string; privateJwk: JWK; organisationId: string }[];
  practitioners: readonly { id: string; name: string; role: string }[];
}

export async function readObservations(
  access: GatewayAccess,
  patientId: string,
): Promise<{ total?: number; entry?: unknown[] }> {
  const [client] = access.clients;
  const [person] = access.practitioners;
  if (client === undefined || person === undefined) {
    throw new Error('a registered client and a practitioner are needed');
  }

  const assertion = await new SignJWT({
    extensions: {
      'hl7-b2b': {
        version: '1',
        organization_id: client.organisationId,
        purpose_of_use: ['urn:oid:2.16.840.1.113883.5.8#TREAT'],
        subject_id: person.id,
        subject_name: person.name,
        subject_role: person.role,
      },
    },
  })
    .setProtectedHeader({
      alg: 'ES384',
      typ: 'JWT',
      ...(client.privateJwk.kid === undefined ? {} : { kid: client.privateJwk.kid }),
    })
    .setIssuer(client.clientId)
    .setSubject(client.clientId)
    .setAudience(access.tokenEndpoint)
    .setJti(randomUUID())
    .setIssuedAt()
    .setExpirationTime('1m')
    .sign(await importJWK(client.privateJwk, 'ES384'));

  const granted = await fetch(access.tokenEndpoint, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'client_credentials',
      scope: 'system/Observation.rs',
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: assertion,
    }),
  });
  if (!granted.ok) {
    throw new Error(`no token: ${await granted.text()}`);
  }
  const { access_token } = (await granted.json()) as { access_token: string };

  const found = await fetch(`${access.fhirBaseUrl}/Observation?patient=${encodeURIComponent(patientId)}`, {
    headers: { authorization: `Bearer ${access_token}` },
  });
  if (!found.ok) {
    throw new Error(`no answer: ${String(found.status)} ${await found.text()}`);
  }
  return (await found.json()) as { total?: number; entry?: unknown[] };
}
