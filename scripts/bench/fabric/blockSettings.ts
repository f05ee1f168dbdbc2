// SPDX-License-Identifier: Apache-2.0
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { common, orderer } from '@hyperledger/fabric-protos';
import type { Binaries } from '../../network/binaries';
import { fetchConfig, inEnvelope, need } from '../../network/channelConfig';
import { type Network, trusteeOf } from '../../network/description';
import { ordererAdminDir } from '../../network/layout';
import { asAdministrator, ordererArguments, runProgram } from '../../network/programs';

const ORDERER = 'Orderer';

/** When a block is cut: after so many messages, or after so long (`50ms`). */
export interface BlockCutting {
  readonly maxMessageCount: number;
  readonly batchTimeout: string;
}

/**
 * Changes when the orderer cuts a block, on the running channel, as its administrators do: a configuration
 * update.
 */
export async function setBlockCutting(
  network: Network,
  binaries: Binaries,
  wanted: BlockCutting,
): Promise<void> {
  const config = await fetchConfig(network, binaries);
  const update = blockCuttingUpdate(config, network.channel, wanted);
  if (update === undefined) {
    return;
  }
  const file = path.join(network.dataDir, 'channel', 'update.pb');
  writeFileSync(file, update);
  const asked = trusteeOf(network);
  await runProgram(
    network,
    binaries,
    'peer',
    ['channel', 'update', '-c', network.channel, '-f', file, ...ordererArguments(network, asked)],
    {
      ...asAdministrator(network, asked),
      CORE_PEER_LOCALMSPID: network.orderer.mspId,
      CORE_PEER_MSPCONFIGPATH: path.join(ordererAdminDir(network), 'msp'),
    },
  );
}

/**
 * The configuration update that sets the block cutting: what it reads and writes of the channel's
 * configuration, with the versions that Fabric compares (a changed value has the next one).
 * @returns a CONFIG_UPDATE envelope without signature; undefined when the channel is set so already
 */
export function blockCuttingUpdate(
  config: common.Config,
  channel: string,
  { maxMessageCount, batchTimeout }: BlockCutting,
): Uint8Array | undefined {
  const channelGroup = need(config.getChannelGroup(), 'the channel');
  const current = need(channelGroup.getGroupsMap().get(ORDERER), ORDERER);
  const valueOf = (name: string): common.ConfigValue => need(current.getValuesMap().get(name), name);
  const size = orderer.BatchSize.deserializeBinary(valueOf('BatchSize').getValue_asU8());
  const timeout = orderer.BatchTimeout.deserializeBinary(valueOf('BatchTimeout').getValue_asU8());
  const written = groupOf(current.getVersion());
  const change = (name: string, bytes: Uint8Array): void => {
    const before = valueOf(name);
    const value = new common.ConfigValue();
    value.setVersion(before.getVersion() + 1);
    value.setModPolicy(before.getModPolicy());
    value.setValue(bytes);
    written.getValuesMap().set(name, value);
  };
  if (size.getMaxMessageCount() !== maxMessageCount) {
    size.setMaxMessageCount(maxMessageCount);
    change('BatchSize', size.serializeBinary());
  }
  if (timeout.getTimeout() !== batchTimeout) {
    timeout.setTimeout(batchTimeout);
    change('BatchTimeout', timeout.serializeBinary());
  }
  if (written.getValuesMap().getLength() === 0) {
    return undefined;
  }

  const update = new common.ConfigUpdate();
  update.setChannelId(channel);
  update.setReadSet(groupOf(channelGroup.getVersion(), groupOf(current.getVersion())));
  update.setWriteSet(groupOf(channelGroup.getVersion(), written));
  return inEnvelope(update, channel);
}

function groupOf(version: number, ordererGroup?: common.ConfigGroup): common.ConfigGroup {
  const group = new common.ConfigGroup();
  group.setVersion(version);
  if (ordererGroup !== undefined) {
    group.getGroupsMap().set(ORDERER, ordererGroup);
  }
  return group;
}
