// SPDX-License-Identifier: Apache-2.0
// @ts-check
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { NetworkError } from './networkError.mjs';
import { printedCommand } from './printedCommand.mjs';

/** @typedef {import('./description.mjs').Network} Network */
/** @typedef {import('./description.mjs').Organisation} Organisation */

/** Where each file of a network lies. Nothing else builds these paths. */

/** @param {Network} network */
export const cryptoDir = (network) => network.external?.cryptoDir ?? path.join(network.dataDir, 'crypto');

/** @param {Network} network @param {Organisation} organisation */
export const organisationDir = (network, organisation) =>
  path.join(cryptoDir(network), 'peerOrganizations', organisation.domain);

/** @param {Network} network @param {Organisation} organisation */
export const peerDir = (network, organisation) =>
  path.join(organisationDir(network, organisation), 'peers', `peer0.${organisation.domain}`);

/** @param {Network} network @param {Organisation} organisation */
export const adminDir = (network, organisation) =>
  path.join(organisationDir(network, organisation), 'users', `Admin@${organisation.domain}`);

/** @param {Network} network @param {Organisation} organisation */
export const tlsCaFile = (network, organisation) =>
  path.join(peerDir(network, organisation), 'tls', 'ca.crt');

/** @param {Network} network */
export const ordererOrganisationDir = (network) =>
  path.join(cryptoDir(network), 'ordererOrganizations', network.orderer.domain);

/** @param {Network} network */
export const ordererDir = (network) =>
  path.join(ordererOrganisationDir(network), 'orderers', `orderer.${network.orderer.domain}`);

/** @param {Network} network */
export const ordererTlsCaFile = (network) => path.join(ordererDir(network), 'tls', 'ca.crt');

/** @param {Network} network */
export const ordererAdminDir = (network) =>
  path.join(ordererOrganisationDir(network), 'users', `Admin@${network.orderer.domain}`);

/**
 * An organisation's certificate authority, as cryptogen leaves it: certificate and private key in one folder.
 * @param {Network} network @param {Organisation} organisation @param {'ca' | 'tlsca'} kind
 * @returns {{certFile: string, keyFile: string}}
 */
export function authority(network, organisation, kind) {
  const folder = path.join(organisationDir(network, organisation), kind);
  /** @type {string[]} */
  let names = [];
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

/** @param {Network} network */
export const channelBlockFile = (network) =>
  path.join(network.dataDir, 'channel', `${network.channel}.block`);

/** @param {Network} network @param {string} part */
export const nodeDir = (network, part) => path.join(network.dataDir, 'nodes', part);

/** @param {Network} network @param {string} part */
export const ledgerDir = (network, part) => path.join(network.dataDir, 'ledger', part);

/** @param {Network} network @param {string} part */
export const logFile = (network, part) => path.join(network.dataDir, 'logs', `${part}.log`);

/** @param {Network} network @param {string} part */
export const runFile = (network, part) => path.join(network.dataDir, 'run', `${part}.json`);

/** @param {Network} network @param {Organisation} organisation */
export const identityDir = (network, organisation) =>
  path.join(network.dataDir, 'identities', organisation.name);

/** @param {Network} network @param {string} label */
export const chaincodeDir = (network, label) => path.join(network.dataDir, 'chaincode', label);

/** @param {Network} network @param {Organisation} organisation @param {'json' | 'env'} kind */
export const profileFile = (network, organisation, kind) =>
  path.join(network.dataDir, 'profiles', `${organisation.name}.${kind}`);

/** @param {Organisation} organisation */
export const peerPart = (organisation) => `peer.${organisation.name}`;

/** @param {Organisation} organisation @param {number} port one process for each package id, hence for each port */
export const chaincodePart = (organisation, port) => `chaincode.${organisation.name}.${String(port)}`;
