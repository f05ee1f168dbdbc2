// SPDX-License-Identifier: Apache-2.0
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { common, orderer } from '@hyperledger/fabric-protos';
import { ordererAdminDir } from '../../../dist/network/layout.js';
import { asAdministrator, ordererArguments, runProgram } from '../../../dist/network/programs.js';

const ORDERER = 'Orderer';

/**
 * Changes when the orderer cuts a block, on the running channel, as its administrators do: a configuration update.
 * @param {import('../../../dist/network/description.js').Network} network
 * @param {import('../../../dist/network/binaries.js').Binaries} binaries
 * @param {{maxMessageCount: number, batchTimeout: string}} wanted
 */
export async function setBlockCutting(network, binaries, wanted) {
  const config = await fetchConfig(network, binaries);
  const update = blockCuttingUpdate(config, network.channel, wanted);
  if (update === undefined) return;
  const file = path.join(network.dataDir, 'channel', 'update.pb');
  writeFileSync(file, update);
  const [first] = network.organisations;
  await runProgram(
    network,
    binaries,
    'peer',
    ['channel', 'update', '-c', network.channel, '-f', file, ...ordererArguments(network, first)],
    {
      ...asAdministrator(network, first),
      CORE_PEER_LOCALMSPID: network.orderer.mspId,
      CORE_PEER_MSPCONFIGPATH: path.join(ordererAdminDir(network), 'msp'),
    },
  );
}

/** The channel's configuration as it is now. */
export async function fetchConfig(network, binaries) {
  const file = path.join(network.dataDir, 'channel', 'config.block');
  const [first] = network.organisations;
  await runProgram(
    network,
    binaries,
    'peer',
    ['channel', 'fetch', 'config', file, '-c', network.channel, ...ordererArguments(network, first)],
    asAdministrator(network, first),
  );
  const block = common.Block.deserializeBinary(readFileSync(file));
  const envelope = common.Envelope.deserializeBinary(block.getData().getDataList_asU8()[0]);
  const payload = common.Payload.deserializeBinary(envelope.getPayload_asU8());
  return common.ConfigEnvelope.deserializeBinary(payload.getData_asU8()).getConfig();
}

/**
 * The configuration update that sets the block cutting: what it reads and writes of the channel's configuration, with the versions that
 * Fabric compares (a changed value has the next one).
 * @returns {Uint8Array | undefined} a CONFIG_UPDATE envelope without signature; undefined when the channel is set so already
 */
export function blockCuttingUpdate(config, channel, { maxMessageCount, batchTimeout }) {
  const channelGroup = config.getChannelGroup();
  const current = channelGroup.getGroupsMap().get(ORDERER);
  const size = orderer.BatchSize.deserializeBinary(current.getValuesMap().get('BatchSize').getValue_asU8());
  const timeout = orderer.BatchTimeout.deserializeBinary(
    current.getValuesMap().get('BatchTimeout').getValue_asU8(),
  );
  const changed = [];
  if (size.getMaxMessageCount() !== maxMessageCount) {
    size.setMaxMessageCount(maxMessageCount);
    changed.push(['BatchSize', size.serializeBinary()]);
  }
  if (timeout.getTimeout() !== batchTimeout) {
    timeout.setTimeout(batchTimeout);
    changed.push(['BatchTimeout', timeout.serializeBinary()]);
  }
  if (changed.length === 0) return undefined;

  const update = new common.ConfigUpdate();
  update.setChannelId(channel);
  update.setReadSet(groupOf(channelGroup.getVersion(), groupOf(current.getVersion())));
  const written = groupOf(current.getVersion());
  for (const [name, bytes] of changed) {
    const before = current.getValuesMap().get(name);
    const value = new common.ConfigValue();
    value.setVersion(before.getVersion() + 1);
    value.setModPolicy(before.getModPolicy());
    value.setValue(bytes);
    written.getValuesMap().set(name, value);
  }
  update.setWriteSet(groupOf(channelGroup.getVersion(), written));
  return inEnvelope(update, channel);
}

function groupOf(version, ordererGroup) {
  const group = new common.ConfigGroup();
  group.setVersion(version);
  if (ordererGroup !== undefined) group.getGroupsMap().set(ORDERER, ordererGroup);
  return group;
}

/** A configuration update as `peer channel update` takes it: without signatures. */
export function inEnvelope(update, channel) {
  const unsigned = new common.ConfigUpdateEnvelope();
  unsigned.setConfigUpdate(update.serializeBinary());
  const channelHeader = new common.ChannelHeader();
  channelHeader.setType(common.HeaderType.CONFIG_UPDATE);
  channelHeader.setChannelId(channel);
  const header = new common.Header();
  header.setChannelHeader(channelHeader.serializeBinary());
  const payload = new common.Payload();
  payload.setHeader(header);
  payload.setData(unsigned.serializeBinary());
  const envelope = new common.Envelope();
  envelope.setPayload(payload.serializeBinary());
  return envelope.serializeBinary();
}
