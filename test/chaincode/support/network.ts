// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import type {
  AccessRequest,
  BatchInput,
  ConsentPolicy,
  NetworkSettings,
  RequestItem,
} from '@chartwitness/chaincode/domain';
import { FakePeer, type Result } from './fakePeer';
import { createIdentity, type Identity } from './identities';

export interface Callers {
  readonly trustee: Identity;
  readonly north: Identity;
  readonly south: Identity;
  /** An organisation of the channel that the registry does not know. */
  readonly stranger: Identity;
  /** North's organisation, but a certificate without a role, and one with the wrong role. */
  readonly northWithoutRole: Identity;
  readonly northAsTrustee: Identity;
  readonly trusteeAsHolder: Identity;
}

export async function createCallers(): Promise<Callers> {
  const [trustee, north, south, stranger, northWithoutRole, northAsTrustee, trusteeAsHolder] =
    await Promise.all([
      createIdentity('TrusteeMSP', 'trustee'),
      createIdentity('NorthHospitalMSP', 'holder'),
      createIdentity('SouthClinicMSP', 'holder'),
      createIdentity('StrangerMSP', 'holder'),
      createIdentity('NorthHospitalMSP'),
      createIdentity('NorthHospitalMSP', 'trustee'),
      createIdentity('TrusteeMSP', 'holder'),
    ]);
  return { trustee, north, south, stranger, northWithoutRole, northAsTrustee, trusteeAsHolder };
}

export const DEFAULT_POLICY: ConsentPolicy = {
  rules: [{ id: 'own-staff-treatment', effect: 'permit', org: '@holder', purposes: ['TREAT'] }],
  default: 'deny',
};
export const SETTINGS: NetworkSettings = {
  trustee: 'TrusteeMSP',
  defaultPolicy: DEFAULT_POLICY,
  identifierSystems: [{ system: 'http://hl7.org/fhir/sid/us-ssn', aliases: [], form: 'us-ssn' }],
};
export const JWK = {
  kty: 'EC',
  crv: 'P-384',
  x: 'xWQrF0lpBXsxIBjb5ny1a_IkLmNU1Vyg8mOwy9qkgUd_wIqWZyT1AHyDe8Xr4hRJ',
  y: 'kq3LbL3DJCxFPHWOgJkh1sTxHKnkmqxHgvaQj1G_9fM0jmVjCqs4MtLJEwkO6Wcf',
  kid: 'key-1',
};
export const clientOf = (clientId: string): object => ({
  clientId,
  name: `Electronic records (${clientId})`,
  jwks: { keys: [JWK] },
  scope: 'system/*.rs',
});
export const organisationOf = (mspId: string, role: string): object => ({
  mspId,
  role,
  name: `The ${mspId}`,
  identifiers: [`https://${mspId.toLowerCase()}.example.org`],
});

/** A peer on which the network is set up: three organisations, and a client application of each hospital. */
export async function createNetwork(callers: Callers, peer = new FakePeer()): Promise<FakePeer> {
  const { trustee, north, south } = callers;
  await peer.submit({ as: trustee, args: ['Registry:Initialise', JSON.stringify(SETTINGS)] });
  for (const organisation of [
    organisationOf('TrusteeMSP', 'trustee'),
    organisationOf('NorthHospitalMSP', 'holder'),
    organisationOf('SouthClinicMSP', 'holder'),
  ]) {
    await peer.submit({ as: trustee, args: ['Registry:AdmitOrganisation', JSON.stringify(organisation)] });
  }
  await peer.submit({ as: north, args: ['Registry:PutClient', JSON.stringify(clientOf('north-ehr'))] });
  await peer.submit({ as: south, args: ['Registry:PutClient', JSON.stringify(clientOf('south-ehr'))] });
  return peer;
}

const bits = (text: string, bytes: number): string =>
  createHash('sha256').update(text).digest().subarray(0, bytes).toString('base64url');
/** 128 bits that look random and are the same in every run. */
export const bits128 = (text: string): string => bits(text, 16);
export const subjectOf = (patient: string): string => bits(`patient ${patient}`, 32);

export const item = (fields: Partial<RequestItem> = {}): RequestItem => ({
  type: 'Observation',
  labels: [],
  count: 2,
  ids: ['o-1', 'o-2'],
  ...fields,
});

/** A treatment request of North's own staff, unless `fields` say otherwise. */
export function request(name: string, fields: Partial<AccessRequest> = {}): AccessRequest {
  return {
    id: bits128(`id ${name}`),
    salt: bits128(`salt ${name}`),
    subject: subjectOf('ada'),
    requester: {
      org: 'NorthHospitalMSP',
      clientId: 'north-ehr',
      person: { id: 'urn:oid:2.16.840.1.113883.4.6#10', name: 'Dr. Mariam Gleason', role: 'doctor' },
    },
    purpose: 'TREAT',
    action: 'search',
    emergency: null,
    items: [item()],
    requestedAt: '2026-11-23T09:29:59.120Z',
    late: false,
    ...fields,
  };
}
export const southRequester: AccessRequest['requester'] = {
  org: 'SouthClinicMSP',
  clientId: 'south-ehr',
  person: { id: 'urn:oid:2.16.840.1.113883.4.6#70', name: 'Dr. Pandora Weissnat', role: 'doctor' },
};
export const batch = (requests: readonly AccessRequest[], start = 0): BatchInput => ({ start, requests });

export const LANE = 'NorthHospitalMSP/main';

/** Simulates `Access:Record` in North's lane. */
export function record(
  peer: FakePeer,
  as: Identity,
  input: unknown,
  { lane = LANE, seq = '0', atMs = peer.now } = {},
): Promise<Result> {
  const transient = { batch: typeof input === 'string' ? input : JSON.stringify(input) };
  return peer.evaluate({ as, args: ['Access:Record', lane, seq], transient, atMs });
}

/** Commits a consent of `subject` that starts from `expectedVersion`. */
export function putConsent(
  peer: FakePeer,
  as: Identity,
  subject: string,
  policy: unknown,
  expectedVersion = 0,
): Promise<Result> {
  return peer.submit({
    as,
    args: ['Consent:Put', subject, String(expectedVersion)],
    transient: { policy: JSON.stringify(policy), changeId: bits128(`change ${subject} ${expectedVersion}`) },
  });
}
