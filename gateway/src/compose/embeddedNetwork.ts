// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { consentsCollection, provenancePolicy, ROLE_ATTRIBUTE } from '@chartwitness/chaincode/domain';
import type { Logger } from 'pino';
import { type CollectionConfig, type EmbeddedLedger, startEmbeddedLedger } from '../embedded';
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

/**
 * The embedded ledger set up as a network of the given organisations, each with its own peer and gateway
 * identity.
 */
export interface EmbeddedNetwork {
  readonly embedded: EmbeddedLedger;
  /**
   * A new connection with the organisation's gateway identity to its own peer; close it before the network.
   */
  connect(mspId: string): Promise<FabricLedger>;
  close(): Promise<void>;
}

/** The client user that a gateway signs with; its certificate carries {@link ROLE_ATTRIBUTE}. */
const GATEWAY_USER = 'gateway';

/**
 * Starts the embedded ledger with the policies of the design: the trustee's peer and any holder's peer
 * endorse, the trustee alone consents.
 * @throws FolderInUseError when another process has this ledger.
 */
export async function startEmbeddedNetwork(options: EmbeddedNetworkOptions): Promise<EmbeddedNetwork> {
  const terms = termsOf(options.members);
  const held = holdFolder(options.dataDir);
  try {
    return await startHeld(options, terms, held);
  } catch (error) {
    held.release();
    throw error;
  }
}

async function startHeld(
  options: EmbeddedNetworkOptions,
  { trusteeMspId, ...definition }: Terms,
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
      ...definition,
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

interface Terms {
  readonly trusteeMspId: string;
  readonly endorsementPolicy: string;
  readonly collections: CollectionConfig[];
}

/**
 * The chaincode's own terms for these organisations.
 * @throws TypeError unless there are one trustee and a holder.
 */
export function termsOf(members: readonly NetworkMember[]): Terms {
  const ids = members.map(({ mspId }) => mspId);
  const [trustee, ...others] = idsOf(members, 'trustee');
  const holders = idsOf(members, 'holder');
  if (trustee === undefined || others.length > 0 || holders.length === 0) {
    throw new TypeError('a network needs one trustee and at least one holder');
  }
  return {
    trusteeMspId: trustee,
    endorsementPolicy: provenancePolicy(trustee, holders),
    collections: [consentsCollection(trustee, ids)],
  };
}

function idsOf(members: readonly NetworkMember[], wanted: NetworkMember['role']): readonly string[] {
  return members.filter(({ role }) => role === wanted).map(({ mspId }) => mspId);
}
