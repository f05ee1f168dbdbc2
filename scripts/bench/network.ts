// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import type { JWK } from 'jose';
import { pino } from 'pino';
import { bootstrapNetwork } from '../../gateway/dist/compose/bootstrap';
import { type EmbeddedNetwork, startEmbeddedNetwork } from '../../gateway/dist/compose/embeddedNetwork';
import { connectLedger, type FabricLedger } from '../../gateway/dist/ledger/fabricLedger';
import { createP256Signer } from '../../gateway/dist/ledger/signer';
import type { ProvenanceLedger } from '../../gateway/dist/ledger/provenanceLedger';

export const TRUSTEE = 'TrusteeMSP';
export const NORTH = 'NorthHospitalMSP';
export const NORTH_ID = 'https://north-hospital.example.org';
export const MEMBERS = [
  { mspId: TRUSTEE, role: 'trustee', name: 'Patients Trust', identifiers: [] },
  { mspId: NORTH, role: 'holder', name: 'North Hospital', identifiers: [NORTH_ID] },
  { mspId: 'SouthClinicMSP', role: 'holder', name: 'South Clinic', identifiers: [] },
] as const;
export const log = pino({ level: process.env['BENCH_LOG'] ?? 'error' }, pino.destination(2));

const PLACE = { channel: 'chartwitness', chaincode: 'provenance' };

export interface StartedNetwork {
  readonly network: EmbeddedNetwork;
  readonly trustee: FabricLedger;
  readonly north: FabricLedger;
}

/** The embedded ledger with the demonstration's three organisations and one client of the hospital. */
export async function startNetwork(dataDir: string, publicJwk: JWK): Promise<StartedNetwork> {
  const network = await startEmbeddedNetwork({ dataDir, ...PLACE, members: MEMBERS, log });
  const trustee = await network.connect(TRUSTEE);
  await bootstrapNetwork(trustee, MEMBERS);
  const north = await network.connect(NORTH);
  await registerClient(north, 'bench-client', publicJwk);
  return { network, trustee, north };
}

/** Registers a client of the hospital, as the hospital does. */
export async function registerClient(
  hospital: ProvenanceLedger,
  clientId: string,
  publicJwk: JWK,
): Promise<void> {
  await hospital.putClient({
    clientId,
    name: clientId,
    jwks: { keys: [{ ...publicJwk }] },
    scope: 'system/*.rs',
  });
}

/** What another process needs to reach the hospital's peer. */
export interface PeerAddress {
  readonly endpoint: string;
  readonly certificatePem: string;
  readonly keyFile: string;
}

export function peerOf(network: EmbeddedNetwork): PeerAddress {
  const { endpoint, users } = network.embedded.organisation(NORTH);
  const { gateway } = users;
  if (gateway === undefined) {
    throw new Error(`${NORTH} has no gateway identity`);
  }
  return { endpoint, certificatePem: gateway.certificatePem, keyFile: gateway.privateKeyPath };
}

export function connectPeer(peer: PeerAddress): Promise<FabricLedger> {
  return connectLedger({
    endpoint: peer.endpoint,
    identity: { mspId: NORTH, certificatePem: peer.certificatePem },
    signer: createP256Signer(readFileSync(peer.keyFile, 'utf8')),
    ...PLACE,
    trusteeMspId: TRUSTEE,
    log,
  });
}
