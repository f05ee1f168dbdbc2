// SPDX-License-Identifier: Apache-2.0
import { createPrivateKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { Client, credentials } from '@grpc/grpc-js';
import { connect, signers } from '@hyperledger/fabric-gateway';
import { NetworkError } from './networkError';
import { printedCommand } from './printedCommand';
import type { Network } from './description';
import type { Profile } from './profiles';

/**
 * A function that every chaincode of the contract API has; endorsing it writes nothing and it is never
 * submitted.
 */
const HARMLESS = 'org.hyperledger.fabric:GetMetadata';
const ATTEMPT_MS = 10_000;

/**
 * Waits until an organisation's gateway could transact: its peer runs the chaincode and has found the other
 * organisation's peer that must endorse too. A peer needs a few seconds for that after a start.
 * @param network that the remedy names
 * @throws NetworkError NOT_READY with what the peer answered last
 */
export async function waitUntilEndorsable(
  network: Pick<Network, 'options'>,
  profile: Profile,
  withinMs: number = 60_000,
) {
  const client = newClient(profile);
  const deadline = Date.now() + withinMs;
  try {
    for (;;) {
      const refusal = await endorseOnce(profile, client);
      if (refusal === undefined) {
        return;
      }
      if (Date.now() > deadline) {
        throw notReady(network, profile, refusal);
      }
      await delay(200);
    }
  } finally {
    client.close();
  }
}

/** A gRPC client to an organisation's peer, with the gateway's TLS client certificate. */
export function newClient(profile: Profile) {
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

/** @returns why not, or undefined if it was endorsed */
async function endorseOnce(profile: Profile, client: Client): Promise<string | undefined> {
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
    const { message, details = [] } = cause as Error & { details?: { mspId: string; message: string }[] };
    return [message, ...details.map((detail) => `${detail.mspId}: ${detail.message}`)].join('; ');
  } finally {
    gateway.close();
  }
}

function notReady(network: Pick<Network, 'options'>, profile: Profile, refusal: string) {
  return new NetworkError(
    'NOT_READY',
    `${profile.mspId}'s gateway cannot have a transaction endorsed: ${refusal}`,
    `Look at ${printedCommand(network, 'status')} (is every peer and chaincode process running?) and ${printedCommand(network, 'logs')}, then ` +
      `run ${printedCommand(network, 'up')} again.`,
  );
}
