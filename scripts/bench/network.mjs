// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { dist, require } from './dist.mjs';

const { startEmbeddedNetwork } = dist('compose/embeddedNetwork.js');
const { bootstrapNetwork } = dist('compose/bootstrap.js');
const { connectLedger } = dist('ledger/fabricLedger.js');
const { createP256Signer } = dist('ledger/signer.js');
const { pino } = require('pino');

export const NORTH = 'NorthHospitalMSP';
export const NORTH_ID = 'https://north-hospital.example.org';
export const MEMBERS = [
  { mspId: 'TrusteeMSP', role: 'trustee', name: 'Patients Trust', identifiers: [] },
  { mspId: NORTH, role: 'holder', name: 'North Hospital', identifiers: [NORTH_ID] },
  { mspId: 'SouthClinicMSP', role: 'holder', name: 'South Clinic', identifiers: [] },
];
export const log = pino({ level: process.env.BENCH_LOG ?? 'error' }, pino.destination(2));

/** The embedded ledger with the demonstration's three organisations and one client of the hospital. */
export async function startNetwork(dataDir, publicJwk) {
  const network = await startEmbeddedNetwork({
    dataDir,
    channel: 'chartwitness',
    chaincode: 'provenance',
    members: MEMBERS,
    log,
  });
  const trustee = await network.connect('TrusteeMSP');
  await bootstrapNetwork(trustee, MEMBERS);
  const north = await network.connect(NORTH);
  await north.putClient({
    clientId: 'bench-client',
    name: 'Benchmark',
    jwks: { keys: [publicJwk] },
    scope: 'system/*.rs',
  });
  return { network, trustee, north };
}

/** What another process needs to reach the hospital's peer. */
export function peerOf(network) {
  const { endpoint, users } = network.embedded.organisation(NORTH);
  return { endpoint, certificatePem: users.gateway.certificatePem, keyFile: users.gateway.privateKeyPath };
}

export function connectPeer(peer) {
  return connectLedger({
    endpoint: peer.endpoint,
    identity: { mspId: NORTH, certificatePem: peer.certificatePem },
    signer: createP256Signer(readFileSync(peer.keyFile, 'utf8')),
    channel: 'chartwitness',
    chaincode: 'provenance',
    log,
  });
}
