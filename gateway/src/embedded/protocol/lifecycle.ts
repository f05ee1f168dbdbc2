// SPDX-License-Identifier: Apache-2.0
import { BinaryWriter } from 'google-protobuf';
import { peer } from '@hyperledger/fabric-protos';
import { parsePolicy, policyEnvelope } from '../policy/signaturePolicy';
import type { CollectionConfig } from '../policy/collections';

/** Namespace in which a channel keeps its chaincode definitions. */
export const LIFECYCLE = '_lifecycle';

export interface ChaincodeDefinition {
  name: string;
  version: string;
  endorsementPolicy: string;
  collections: readonly CollectionConfig[];
}

/** Key whose version every transaction of the chaincode reads. */
export function sequenceKey(chaincode: string): string {
  return `namespaces/fields/${chaincode}/Sequence`;
}

/** Every key of a chaincode's definition. */
export function definitionKeys(chaincode: string): string[] {
  const fields = ['Collections', 'EndorsementInfo', 'Sequence', 'ValidationInfo'];
  return [
    ...fields.map((field) => `namespaces/fields/${chaincode}/${field}`),
    `namespaces/metadata/${chaincode}`,
  ];
}

/** The public writes by which a definition is committed, in Fabric's encoding. */
export function definitionWrites(
  definition: ChaincodeDefinition,
  sequence: number,
): { key: string; value: Uint8Array }[] {
  const field = (name: string): string => `namespaces/fields/${definition.name}/${name}`;
  const metadata = new BinaryWriter();
  metadata.writeString(1, 'ChaincodeDefinition');
  metadata.writeRepeatedString(2, ['Sequence', 'EndorsementInfo', 'ValidationInfo', 'Collections']);
  const endorsement = new BinaryWriter();
  endorsement.writeString(1, definition.version);
  endorsement.writeString(3, 'escc');
  const application = new BinaryWriter();
  application.writeBytes(1, policyEnvelope(parsePolicy(definition.endorsementPolicy)).serializeBinary());
  const validation = new BinaryWriter();
  validation.writeString(1, 'vscc');
  validation.writeBytes(2, application.getResultBuffer());
  const count = new BinaryWriter();
  count.writeInt64(1, sequence);
  return [
    {
      key: field('Collections'),
      value: stateBytes(collectionPackage(definition.collections).serializeBinary()),
    },
    { key: field('EndorsementInfo'), value: stateBytes(endorsement.getResultBuffer()) },
    { key: field('Sequence'), value: count.getResultBuffer() },
    { key: field('ValidationInfo'), value: stateBytes(validation.getResultBuffer()) },
    { key: `namespaces/metadata/${definition.name}`, value: metadata.getResultBuffer() },
  ];
}

/** `lifecycle.StateData` with bytes. */
function stateBytes(bytes: Uint8Array): Uint8Array {
  const writer = new BinaryWriter();
  writer.writeBytes(2, bytes);
  return writer.getResultBuffer();
}

function collectionPackage(configs: readonly CollectionConfig[]): peer.CollectionConfigPackage {
  const result = new peer.CollectionConfigPackage();
  for (const config of configs) {
    result.addConfig(collectionConfig(config));
  }
  return result;
}

function collectionConfig(config: CollectionConfig): peer.CollectionConfig {
  const members = new peer.CollectionPolicyConfig();
  members.setSignaturePolicy(policyEnvelope(parsePolicy(config.policy)));
  const fixed = new peer.StaticCollectionConfig();
  fixed.setName(config.name);
  fixed.setMemberOrgsPolicy(members);
  fixed.setRequiredPeerCount(config.requiredPeerCount ?? 0);
  fixed.setMaximumPeerCount(config.maxPeerCount ?? 0);
  fixed.setBlockToLive(config.blockToLive ?? 0);
  fixed.setMemberOnlyRead(config.memberOnlyRead ?? false);
  fixed.setMemberOnlyWrite(config.memberOnlyWrite ?? false);
  if (config.endorsementPolicy) {
    const endorsement = new peer.ApplicationPolicy();
    endorsement.setSignaturePolicy(policyEnvelope(parsePolicy(config.endorsementPolicy.signaturePolicy)));
    fixed.setEndorsementPolicy(endorsement);
  }
  const result = new peer.CollectionConfig();
  result.setStaticCollectionConfig(fixed);
  return result;
}
