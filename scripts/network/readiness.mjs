// SPDX-License-Identifier: Apache-2.0
// @ts-check
import { createPrivateKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { Client, credentials } from '@grpc/grpc-js';
import { connect, signers } from '@hyperledger/fabric-gateway';
import { NetworkError } from './networkError.mjs';
import { printedCommand } from './printedCommand.mjs';

/** @typedef {import('./description.mjs').Network} Network */
/** @typedef {import('./profiles.mjs').Profile} Profile */

/** A function that every chaincode of the contract API has; endorsing it writes nothing and it is never submitted. */
const HARMLESS = 'org.hyperledger.fabric:GetMetadata';
const ATTEMPT_MS = 10_000;

/**
 * Waits until an organisation's gateway could transact: its peer runs the chaincode and has found the other organisation's
 * peer that must endorse too. A peer needs a few seconds for that after a start.
 * @param {Pick<Network, 'options'>} network that the remedy names @param {Profile} profile @param {number} [withinMs]
 * @throws {NetworkError} NOT_READY with what the peer answered last
 */
export async function waitUntilEndorsable(network, profile, withinMs = 60_000) {
  const client = newClient(profile);
  const deadline = Date.now() + withinMs;
  try {
    for (;;) {
      const refusal = await endorseOnce(profile, client);
      if (refusal === undefined) return;
      if (Date.now() > deadline) throw notReady(network, profile, refusal);
      await delay(200);
    }
  } finally {
    client.close();
  }
}

/**
 * A gRPC client to an organisation's peer, with the gateway's TLS client certificate.
 * @param {Profile} profile
 */
export function newClient(profile) {
  const tls = credentials.createSsl(
    readFileSync(profile.tlsCaFile),
    readFileSync(profile.clientTlsKeyFile),
    readFileSync(profile.clientTlsCertFile),
  );
  return new Client(profile.peerEndpoint, tls, {
    'grpc.max_receive_message_length': -1,
    // A peer that comes back is used again at once, however long it was away.
    'grpc.initial_reconnect_backoff_ms': 100,
    'grpc.max_reconnect_backoff_ms': 1000,
  });
}

/** @param {Profile} profile @param {Client} client @returns {Promise<string | undefined>} why not, or undefined if it was endorsed */
async function endorseOnce(profile, client) {
  const gateway = connect({
    client,
    identity: { mspId: profile.mspId, credentials: readFileSync(profile.certFile) },
    signer: signers.newPrivateKeySigner(createPrivateKey(readFileSync(profile.keyFile))),
  });
  try {
    const contract = gateway.getNetwork(profile.channel).getContract(profile.chaincode);
    await contract.newProposal(HARMLESS).endorse({ deadline: Date.now() + ATTEMPT_MS });
    return undefined;
  } catch (cause) {
    const { message, details = [] } = /** @type {Error & {details?: {mspId: string, message: string}[]}} */ (
      cause
    );
    return [message, ...details.map((detail) => `${detail.mspId}: ${detail.message}`)].join('; ');
  } finally {
    gateway.close();
  }
}

/** @param {Pick<Network, 'options'>} network @param {Profile} profile @param {string} refusal */
function notReady(network, profile, refusal) {
  return new NetworkError(
    'NOT_READY',
    `${profile.mspId}'s gateway cannot have a transaction endorsed: ${refusal}`,
    `Look at ${printedCommand(network, 'status')} (is every peer and chaincode process running?) and ${printedCommand(network, 'logs')}, then ` +
      `run ${printedCommand(network, 'up')} again.`,
  );
}
