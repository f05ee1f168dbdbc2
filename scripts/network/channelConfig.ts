// SPDX-License-Identifier: Apache-2.0
/** The channel's configuration as administrators read and change it. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { common } from '@hyperledger/fabric-protos';
import type { Binaries } from './binaries';
import { type Network, trusteeOf } from './description';
import { asAdministrator, ordererArguments, runProgram } from './programs';

/** What every channel has. @throws Error that names it when it is not there */
export function need<T>(value: T | undefined, what: string): T {
  if (value === undefined) {
    throw new Error(`the channel's configuration lacks ${what}`);
  }
  return value;
}

/** The configuration as it is now. */
export async function fetchConfig(network: Network, binaries: Binaries): Promise<common.Config> {
  const file = path.join(network.dataDir, 'channel', 'config.block');
  const asked = trusteeOf(network);
  await runProgram(
    network,
    binaries,
    'peer',
    ['channel', 'fetch', 'config', file, '-c', network.channel, ...ordererArguments(network, asked)],
    asAdministrator(network, asked),
  );
  const block = common.Block.deserializeBinary(readFileSync(file));
  const [bytes] = block.getData()?.getDataList_asU8() ?? [];
  const envelope = common.Envelope.deserializeBinary(need(bytes, 'its envelope'));
  const payload = common.Payload.deserializeBinary(envelope.getPayload_asU8());
  return need(
    common.ConfigEnvelope.deserializeBinary(payload.getData_asU8()).getConfig(),
    'its configuration',
  );
}

/** A configuration update as `peer channel update` takes it: without signatures. */
export function inEnvelope(update: common.ConfigUpdate, channel: string): Uint8Array {
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
