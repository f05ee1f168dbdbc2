// SPDX-License-Identifier: Apache-2.0
import { definitionDigest, definitionTransaction, type Signer } from './chaincodeDefinition';
import type { Committer } from './commit/committer';
import { serializeIdentity } from './identity/membership';
import type { OrganisationFiles } from './identity/organisationFiles';
import { configTransaction } from './protocol/channelConfig';
import { openEnvelope } from './protocol/preparedTransaction';
import { sha256 } from './protocol/sha256';
import type { ResolvedChannel } from './resolvedOptions';
import type { StateReader } from './store/stateReader';

/** One channel, and who is on it. */
export interface Founding {
  channel: ResolvedChannel;
  /** In the order of the channel's list. */
  organisations: readonly OrganisationFiles[];
  ordering: OrganisationFiles;
  clock: () => number;
}

/**
 * Brings a channel's chain to the configuration and chaincode definition of the options: a block for each
 * that is not the one committed last.
 * @throws Error when the first organisation has no administrator.
 */
export function bootstrap(founding: Founding, reader: StateReader, committer: Committer): void {
  const config = configDigest(founding);
  if (reader.meta('config')?.equals(config) !== true) {
    const sequence = Number(reader.meta('configSequence')?.toString() ?? '-1') + 1;
    const transaction = newConfig(founding, sequence);
    const id = openEnvelope(transaction)?.channelHeader.getTxId() ?? '';
    committer.commitConfig(transaction, id, { config, configSequence: Buffer.from(String(sequence)) });
  }
  const { definition } = founding.channel;
  const digest = definitionDigest(definition);
  if (reader.meta(`definition:${definition.name}`)?.equals(digest) !== true) {
    const sequence = 1 + Number(reader.meta(`sequence:${definition.name}`)?.toString() ?? '0');
    committer.commit([newDefinition(founding, reader)], {
      [`definition:${definition.name}`]: digest,
      [`sequence:${definition.name}`]: Buffer.from(String(sequence)),
    });
  }
}

function configDigest({ channel, organisations }: Founding): Buffer {
  const authorities = organisations.map(({ mspId, authority }) => [mspId, authority.certificatePem]);
  const usual = [channel.name, authorities, channel.limits];
  return sha256(JSON.stringify(channel.rules === undefined ? usual : [...usual, channel.rules]));
}

function newConfig({ channel, organisations, ordering, clock }: Founding, sequence: number): Uint8Array {
  const member = ({ mspId, authority }: OrganisationFiles): { mspId: string; caCertificatePem: string } => ({
    mspId,
    caCertificatePem: authority.certificatePem,
  });
  return configTransaction({
    channel: channel.name,
    sequence,
    timestampMs: clock(),
    organisations: organisations.map(member),
    ordering: member(ordering),
    block: channel.limits,
    rules: channel.rules ?? {},
  });
}

function newDefinition({ channel, organisations, clock }: Founding, reader: StateReader): Uint8Array {
  const [first] = organisations;
  const admin = first?.users.get('Admin');
  if (!first || !admin) {
    throw new Error('The first organisation has no Admin.');
  }
  const creator = signerOf(first.mspId, admin);
  const endorsers = organisations.map(({ mspId, node }) => signerOf(mspId, node));
  return definitionTransaction(channel.name, channel.definition, { creator, endorsers }, reader, clock());
}

function signerOf(mspId: string, credentials: { certificatePem: string; privateKeyPem: string }): Signer {
  const { certificatePem, privateKeyPem } = credentials;
  return { mspId, identity: serializeIdentity(mspId, certificatePem), privateKeyPem };
}
