// SPDX-License-Identifier: Apache-2.0
import { common, orderer } from '@hyperledger/fabric-protos';
import { blockCuttingUpdate } from '../../../../scripts/bench/fabric/blockSettings.mjs';

/** A channel's configuration whose groups and values have versions that can be told apart. */
function config(maxMessageCount: number, batchTimeout: string): common.Config {
  const size = new orderer.BatchSize();
  size.setMaxMessageCount(maxMessageCount);
  size.setPreferredMaxBytes(2_000_000);
  const timeout = new orderer.BatchTimeout();
  timeout.setTimeout(batchTimeout);
  const group = new common.ConfigGroup();
  group.setVersion(4);
  group.getValuesMap().set('BatchSize', value(7, size.serializeBinary()));
  group.getValuesMap().set('BatchTimeout', value(9, timeout.serializeBinary()));
  const channel = new common.ConfigGroup();
  channel.setVersion(2);
  channel.getGroupsMap().set('Orderer', group);
  const whole = new common.Config();
  whole.setChannelGroup(channel);
  return whole;
}

function value(version: number, bytes: Uint8Array): common.ConfigValue {
  const made = new common.ConfigValue();
  made.setVersion(version);
  made.setModPolicy('Admins');
  made.setValue(bytes);
  return made;
}

function read(envelope: Uint8Array | undefined) {
  const payload = common.Payload.deserializeBinary(
    common.Envelope.deserializeBinary(envelope ?? new Uint8Array()).getPayload_asU8(),
  );
  const header = common.ChannelHeader.deserializeBinary(
    payload.getHeader()?.getChannelHeader_asU8() ?? new Uint8Array(),
  );
  const update = common.ConfigUpdate.deserializeBinary(
    common.ConfigUpdateEnvelope.deserializeBinary(payload.getData_asU8()).getConfigUpdate_asU8(),
  );
  const written = update.getWriteSet()?.getGroupsMap().get('Orderer');
  return { header, update, written, values: written?.getValuesMap() };
}

const bytesOf = (value: { getValue_asU8(): Uint8Array } | undefined): Uint8Array =>
  value?.getValue_asU8() ?? new Uint8Array();

test('a changed value has the next version, everything that is only passed through its own', () => {
  const { header, update, written, values } = read(
    blockCuttingUpdate(config(1, '50ms'), 'ward', { maxMessageCount: 500, batchTimeout: '2s' }),
  );
  expect(header.getType()).toBe(common.HeaderType.CONFIG_UPDATE);
  expect([header.getChannelId(), update.getChannelId()]).toEqual(['ward', 'ward']);
  expect([update.getReadSet()?.getVersion(), update.getWriteSet()?.getVersion()]).toEqual([2, 2]);
  expect(update.getReadSet()?.getGroupsMap().get('Orderer')?.getVersion()).toBe(4);
  expect(written?.getVersion()).toBe(4);
  const size = values?.get('BatchSize');
  const timeout = values?.get('BatchTimeout');
  expect([size?.getVersion(), timeout?.getVersion()]).toEqual([8, 10]);
  expect([size?.getModPolicy(), timeout?.getModPolicy()]).toEqual(['Admins', 'Admins']);
  const newSize = orderer.BatchSize.deserializeBinary(bytesOf(size));
  expect([newSize.getMaxMessageCount(), newSize.getPreferredMaxBytes()]).toEqual([500, 2_000_000]);
  expect(orderer.BatchTimeout.deserializeBinary(bytesOf(timeout)).getTimeout()).toBe('2s');
});

test('a value that is so already is not written', () => {
  const { values } = read(
    blockCuttingUpdate(config(1, '2s'), 'ward', { maxMessageCount: 1, batchTimeout: '50ms' }),
  );
  expect(values?.get('BatchSize')).toBeUndefined();
  expect(values?.get('BatchTimeout')?.getVersion()).toBe(10);
});

test('nothing to change is no update', () => {
  expect(
    blockCuttingUpdate(config(1, '50ms'), 'ward', { maxMessageCount: 1, batchTimeout: '50ms' }),
  ).toBeUndefined();
});
