// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Logger } from 'pino';
import { type EmbeddedLedger, startEmbeddedLedger } from '../embedded';
import { connectLedger, type FabricLedger } from '../ledger/fabricLedger';
import { createP256Signer } from '../ledger/signer';
import { type HeldFolder, holdFolder } from './heldFolder';

export interface NetworkMember {
  readonly mspId: string;
  readonly role: 'holder' | 'trustee';
}

export interface EmbeddedNetworkOptions {
  readonly dataDir: string;
  readonly channel: string;
  readonly chaincode: string;
  /** Exactly one trustee, at least one holder. */
  readonly members: readonly NetworkMember[];
  readonly log: Logger;
}

/** The embedded ledger set up as a network of the given organisations, each with its own peer and gateway identity. */
export interface EmbeddedNetwork {
  readonly embedded: EmbeddedLedger;
  /** A new connection with the organisation's gateway identity to its own peer; close it before the network. */
  connect(mspId: string): Promise<FabricLedger>;
  close(): Promise<void>;
}

/** The client user that a gateway signs with; its certificate carries {@link ROLE_ATTRIBUTE}. */
const GATEWAY_USER = 'gateway';
/** Certificate attribute that the chaincode checks beside the MSP id. */
const ROLE_ATTRIBUTE = 'chartwitness.role';

/**
 * Starts the embedded ledger with the policies of the design: the trustee's peer and any holder's peer endorse, the trustee alone consents.
 * @throws FolderInUseError when another process has this ledger.
 */
export async function startEmbeddedNetwork(options: EmbeddedNetworkOptions): Promise<EmbeddedNetwork> {
  const { members } = options;
  const trustee = members.find((member) => member.role === 'trustee');
  const holders = members.filter((member) => member.role === 'holder');
  if (trustee === undefined || holders.length === 0) {
    throw new TypeError('a network needs one trustee and at least one holder');
  }
  const held = holdFolder(options.dataDir);
  try {
    return await startHeld(options, trustee.mspId, holders, held);
  } catch (error) {
    held.release();
    throw error;
  }
}

async function startHeld(
  options: EmbeddedNetworkOptions,
  trusteeMspId: string,
  holders: readonly NetworkMember[],
  held: HeldFolder,
): Promise<EmbeddedNetwork> {
  const { members, log } = options;
  const embedded = await startEmbeddedLedger({
    dataDir: options.dataDir,
    channel: options.channel,
    organisations: members.map(({ mspId, role }) => ({
      mspId,
      users: [{ name: GATEWAY_USER, attributes: { [ROLE_ATTRIBUTE]: role } }],
    })),
    chaincode: {
      name: options.chaincode,
      module: dirname(require.resolve('@chartwitness/chaincode/package.json')),
      endorsementPolicy: `AND('${trusteeMspId}.peer', OR(${holders.map(({ mspId }) => `'${mspId}.peer'`).join(', ')}))`,
      collections: [consentsCollection(trusteeMspId, members)],
    },
    log: (line) => {
      log.info({ part: 'ledger' }, line);
    },
  });
  return {
    embedded,
    connect: async (mspId) => {
      const organisation = embedded.organisation(mspId);
      const user = organisation.users[GATEWAY_USER];
      if (user === undefined) {
        throw new Error(
          `${mspId} has no gateway identity in ${join(options.dataDir)}; it was made for another network`,
        );
      }
      return connectLedger({
        endpoint: organisation.endpoint,
        identity: { mspId, certificatePem: user.certificatePem },
        signer: createP256Signer(readFileSync(user.privateKeyPath, 'utf8')),
        channel: options.channel,
        chaincode: options.chaincode,
        trusteeMspId,
        log,
      });
    },
    close: async () => {
      await embedded.close();
      held.release();
    },
  };
}

/** The private collection of consents: every organisation keeps it, the trustee alone changes it. */
function consentsCollection(trustee: string, members: readonly NetworkMember[]) {
  return {
    name: 'consents',
    policy: `OR(${members.map(({ mspId }) => `'${mspId}.member'`).join(', ')})`,
    requiredPeerCount: 0,
    maxPeerCount: members.length,
    blockToLive: 0,
    memberOnlyRead: true,
    memberOnlyWrite: false,
    endorsementPolicy: { signaturePolicy: `OR('${trustee}.peer')` },
  };
}
