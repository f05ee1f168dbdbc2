// SPDX-License-Identifier: Apache-2.0
import { common, msp, orderer, peer } from '@hyperledger/fabric-protos';
import { Timestamp } from 'google-protobuf/google/protobuf/timestamp_pb';
import type { ChannelRules } from '../options';
import { parsePolicy, policyEnvelope } from '../policy/signaturePolicy';
import { transactionIdOf } from './proposal';

export interface ChannelMember {
  mspId: string;
  caCertificatePem: string;
}

export interface ChannelSettings {
  channel: string;
  /** Number of configurations before this one. */
  sequence: number;
  timestampMs: number;
  organisations: readonly ChannelMember[];
  ordering: ChannelMember;
  block: {
    maxMessageCount: number;
    preferredMaxBytes: number;
    absoluteMaxBytes: number;
    batchTimeoutMs: number;
  };
  rules: ChannelRules;
}

/**
 * The one transaction of a configuration block: who is on the channel, by which authorities, under which
 * policies.
 */
export function configTransaction(settings: ChannelSettings): Uint8Array {
  const root = new common.ConfigGroup();
  root.setModPolicy('Admins');
  root.getGroupsMap().set('Application', applicationGroup(settings.organisations, settings.rules));
  root.getGroupsMap().set('Orderer', ordererGroup(settings));
  for (const name of ['Readers', 'Writers', 'Admins']) {
    root.getPoliciesMap().set(name, implicitPolicy(name));
  }
  const config = new common.Config();
  config.setSequence(settings.sequence);
  config.setChannelGroup(root);
  const envelope = new common.ConfigEnvelope();
  envelope.setConfig(config);
  return wrap(envelope.serializeBinary(), settings);
}

function wrap(data: Uint8Array, settings: ChannelSettings): Uint8Array {
  const timestamp = new Timestamp();
  timestamp.setSeconds(Math.floor(settings.timestampMs / 1000));
  const signatureHeader = new common.SignatureHeader();
  const sequence = Buffer.alloc(24);
  sequence.writeUInt32BE(settings.sequence, 20);
  signatureHeader.setNonce(sequence);
  const channelHeader = new common.ChannelHeader();
  channelHeader.setType(common.HeaderType.CONFIG);
  channelHeader.setVersion(1);
  channelHeader.setTimestamp(timestamp);
  channelHeader.setChannelId(settings.channel);
  channelHeader.setTxId(transactionIdOf(sequence, Buffer.from(settings.channel)));
  const header = new common.Header();
  header.setChannelHeader(channelHeader.serializeBinary());
  header.setSignatureHeader(signatureHeader.serializeBinary());
  const payload = new common.Payload();
  payload.setHeader(header);
  payload.setData(data);
  const envelope = new common.Envelope();
  envelope.setPayload(payload.serializeBinary());
  return envelope.serializeBinary();
}

function applicationGroup(organisations: readonly ChannelMember[], rules: ChannelRules): common.ConfigGroup {
  const group = new common.ConfigGroup();
  group.setModPolicy('Admins');
  for (const name of ['Readers', 'Writers', 'Admins', 'Endorsement']) {
    group.getPoliciesMap().set(name, implicitPolicy(name));
  }
  for (const member of organisations) {
    const own = memberGroup(member);
    const id = member.mspId;
    own.getPoliciesMap().set('Readers', signaturePolicy(`OR('${id}.admin','${id}.peer','${id}.client')`));
    const writers = rules.writers?.[id] ?? `OR('${id}.admin','${id}.client')`;
    own.getPoliciesMap().set('Writers', signaturePolicy(writers));
    own.getPoliciesMap().set('Endorsement', signaturePolicy(`OR('${id}.peer')`));
    group.getGroupsMap().set(id, own);
  }
  if (rules.acls !== undefined) {
    group.getValuesMap().set('ACLs', value(aclsOf(rules.acls)));
  }
  return group;
}

function aclsOf(policies: NonNullable<ChannelRules['acls']>): Uint8Array {
  const acls = new peer.ACLs();
  for (const [resource, policyRef] of Object.entries(policies)) {
    const rule = new peer.APIResource();
    rule.setPolicyRef(policyRef);
    acls.getAclsMap().set(resource, rule);
  }
  return acls.serializeBinary();
}

function ordererGroup(settings: ChannelSettings): common.ConfigGroup {
  const batch = new orderer.BatchSize();
  batch.setMaxMessageCount(settings.block.maxMessageCount);
  batch.setPreferredMaxBytes(settings.block.preferredMaxBytes);
  batch.setAbsoluteMaxBytes(settings.block.absoluteMaxBytes);
  const timeout = new orderer.BatchTimeout();
  timeout.setTimeout(`${settings.block.batchTimeoutMs}ms`);
  const group = new common.ConfigGroup();
  group.setModPolicy('Admins');
  group.getValuesMap().set('BatchSize', value(batch.serializeBinary()));
  group.getValuesMap().set('BatchTimeout', value(timeout.serializeBinary()));
  const own = memberGroup(settings.ordering);
  own.getPoliciesMap().set('Writers', signaturePolicy(`OR('${settings.ordering.mspId}.orderer')`));
  group.getGroupsMap().set(settings.ordering.mspId, own);
  return group;
}

function memberGroup(member: ChannelMember): common.ConfigGroup {
  const fabric = new msp.FabricMSPConfig();
  fabric.setName(member.mspId);
  fabric.setRootCertsList([Buffer.from(member.caCertificatePem)]);
  fabric.setFabricNodeOus(nodeUnits(member.caCertificatePem));
  const config = new msp.MSPConfig();
  config.setConfig(fabric.serializeBinary());
  const group = new common.ConfigGroup();
  group.setModPolicy('Admins');
  group.getValuesMap().set('MSP', value(config.serializeBinary()));
  group.getPoliciesMap().set('Admins', signaturePolicy(`OR('${member.mspId}.admin')`));
  return group;
}

function nodeUnits(caCertificatePem: string): msp.FabricNodeOUs {
  const unit = (name: string): msp.FabricOUIdentifier => {
    const identifier = new msp.FabricOUIdentifier();
    identifier.setCertificate(Buffer.from(caCertificatePem));
    identifier.setOrganizationalUnitIdentifier(name);
    return identifier;
  };
  const units = new msp.FabricNodeOUs();
  units.setEnable(true);
  units.setClientOuIdentifier(unit('client'));
  units.setPeerOuIdentifier(unit('peer'));
  units.setAdminOuIdentifier(unit('admin'));
  units.setOrdererOuIdentifier(unit('orderer'));
  return units;
}

function value(bytes: Uint8Array): common.ConfigValue {
  const config = new common.ConfigValue();
  config.setModPolicy('Admins');
  config.setValue(bytes);
  return config;
}

function policy(type: number, bytes: Uint8Array): common.ConfigPolicy {
  const inner = new common.Policy();
  inner.setType(type);
  inner.setValue(bytes);
  const config = new common.ConfigPolicy();
  config.setModPolicy('Admins');
  config.setPolicy(inner);
  return config;
}

function signaturePolicy(text: string): common.ConfigPolicy {
  return policy(common.Policy.PolicyType.SIGNATURE, policyEnvelope(parsePolicy(text)).serializeBinary());
}

function implicitPolicy(name: string): common.ConfigPolicy {
  const meta = new common.ImplicitMetaPolicy();
  meta.setSubPolicy(name);
  const majority = name === 'Admins' || name === 'Endorsement';
  meta.setRule(majority ? common.ImplicitMetaPolicy.Rule.MAJORITY : common.ImplicitMetaPolicy.Rule.ANY);
  return policy(common.Policy.PolicyType.IMPLICIT_META, meta.serializeBinary());
}

/**
 * The authorities that a configuration names: MSP id → root certificates (PEM), with the part of the channel
 * they serve.
 */
export function membersOf(configData: Uint8Array): { mspId: string; orderer: boolean; rootsPem: string[] }[] {
  const root = common.ConfigEnvelope.deserializeBinary(configData).getConfig()?.getChannelGroup();
  if (!root) {
    return [];
  }
  const found: { mspId: string; orderer: boolean; rootsPem: string[] }[] = [];
  for (const part of ['Application', 'Orderer']) {
    root
      .getGroupsMap()
      .get(part)
      ?.getGroupsMap()
      .forEach((group) => {
        const config = group.getValuesMap().get('MSP');
        if (!config) {
          return;
        }
        const mspConfig = msp.MSPConfig.deserializeBinary(config.getValue_asU8());
        const fabric = msp.FabricMSPConfig.deserializeBinary(mspConfig.getConfig_asU8());
        const rootsPem = fabric.getRootCertsList_asU8().map((bytes) => Buffer.from(bytes).toString());
        found.push({ mspId: fabric.getName(), orderer: part === 'Orderer', rootsPem });
      });
  }
  return found;
}
