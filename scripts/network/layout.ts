// SPDX-License-Identifier: Apache-2.0
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { NetworkError } from './networkError';
import { printedCommand } from './printedCommand';
import type { Network, Organisation } from './description';

/** Where each file of a network lies. Nothing else builds these paths. */

/** A folder of processes: all that starting, finding and ending them needs to know of a network. */
export type Place = Pick<Network, 'dataDir' | 'options'> & Partial<Pick<Network, 'external' | 'portBase'>>;

export const cryptoDir = (network: Network) =>
  network.external?.cryptoDir ?? path.join(network.dataDir, 'crypto');

export const organisationDir = (network: Network, organisation: Organisation) =>
  path.join(cryptoDir(network), 'peerOrganizations', organisation.domain);

export const peerDir = (network: Network, organisation: Organisation) =>
  path.join(organisationDir(network, organisation), 'peers', `peer0.${organisation.domain}`);

export const adminDir = (network: Network, organisation: Organisation) =>
  path.join(organisationDir(network, organisation), 'users', `Admin@${organisation.domain}`);

export const tlsCaFile = (network: Network, organisation: Organisation) =>
  path.join(peerDir(network, organisation), 'tls', 'ca.crt');

export const ordererOrganisationDir = (network: Network) =>
  path.join(cryptoDir(network), 'ordererOrganizations', network.orderer.domain);

export const ordererDir = (network: Network) =>
  path.join(ordererOrganisationDir(network), 'orderers', `orderer.${network.orderer.domain}`);

export const ordererTlsCaFile = (network: Network) => path.join(ordererDir(network), 'tls', 'ca.crt');

export const ordererAdminDir = (network: Network) =>
  path.join(ordererOrganisationDir(network), 'users', `Admin@${network.orderer.domain}`);

/**
 * An organisation's certificate authority, as cryptogen leaves it: certificate and private key in one folder.
 */
export function authority(
  network: Network,
  organisation: Organisation,
  kind: 'ca' | 'tlsca',
): { certFile: string; keyFile: string } {
  const folder = path.join(organisationDir(network, organisation), kind);
  let names: string[] = [];
  try {
    names = readdirSync(folder);
  } catch {
    // reported below, together with a folder that lacks one of the two files
  }
  const cert = names.find((name) => name.endsWith('-cert.pem'));
  const key = names.find((name) => name.endsWith('_sk'));
  if (cert === undefined || key === undefined) {
    throw new NetworkError(
      'LEFTOVER_DATA',
      `${folder} lacks the certificate (*-cert.pem) or the private key (*_sk) of ${organisation.mspId}'s authority.`,
      network.external === undefined
        ? `Run ${printedCommand(network, 'clean')}, then ${printedCommand(network, 'up')}.`
        : 'Start the external network with cryptogen (for test-network: `./network.sh up createChannel`, without -ca), ' +
            'or enrol the gateway with your own authority and write its profile by hand.',
    );
  }
  return { certFile: path.join(folder, cert), keyFile: path.join(folder, key) };
}

export const channelBlockFile = (network: Network) =>
  path.join(network.dataDir, 'channel', `${network.channel}.block`);

export const nodeDir = (network: Network, part: string) => path.join(network.dataDir, 'nodes', part);

export const ledgerDir = (network: Pick<Network, 'dataDir'>, part: string) =>
  path.join(network.dataDir, 'ledger', part);

export const logFile = (place: Place, part: string) => path.join(place.dataDir, 'logs', `${part}.log`);

export const runFile = (place: Place, part: string) => path.join(place.dataDir, 'run', `${part}.json`);

export const identityDir = (network: Network, organisation: Organisation) =>
  path.join(network.dataDir, 'identities', organisation.name);

export const chaincodeDir = (network: Network, label: string) =>
  path.join(network.dataDir, 'chaincode', label);

export const profileFile = (network: Network, organisation: Organisation, kind: 'json' | 'env') =>
  path.join(network.dataDir, 'profiles', `${organisation.name}.${kind}`);

export const peerPart = (organisation: Organisation) => `peer.${organisation.name}`;

/** One process for each package id, hence for each port. */
export const chaincodePart = (organisation: Organisation, port: number) =>
  `chaincode.${organisation.name}.${String(port)}`;
