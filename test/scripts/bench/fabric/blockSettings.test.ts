// SPDX-License-Identifier: Apache-2.0
import { common, orderer } from '@hyperledger/fabric-protos';
import { blockCuttingUpdate } from '../../../../scripts/bench/fabric/blockSettings';

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

const NOTHING: Uint8Array = new Uint8Array();

/** The update inside the envelope, and what it writes of the orderers' group. */
function read(envelope = NOTHING) {
  const payload = common.Payload.deserializeBinary(
    common.Envelope.deserializeBinary(envelope).getPayload_asU8(),
  );
  const unsigned = common.ConfigUpdateEnvelope.deserializeBinary(payload.getData_asU8());
  const update = common.ConfigUpdate.deserializeBinary(unsigned.getConfigUpdate_asU8());
  const written = update.getWriteSet()?.getGroupsMap().get('Orderer');
  return { header: headerOf(payload), update, written, values: written?.getValuesMap() };
}

function headerOf(payload: common.Payload): common.ChannelHeader {
  return common.ChannelHeader.deserializeBinary(payload.getHeader()?.getChannelHeader_asU8() ?? NOTHING);
}

const sizeIn = (value: common.ConfigValue | undefined): orderer.BatchSize =>
  orderer.BatchSize.deserializeBinary(value?.getValue_asU8() ?? NOTHING);
const timeoutIn = (value: common.ConfigValue | undefined): string =>
  orderer.BatchTimeout.deserializeBinary(value?.getValue_asU8() ?? NOTHING).getTimeout();

test('a changed value has the next version, everything that is only passed through its own', () => {
  const { header, update, written, values } = read(
    blockCuttingUpdate(config(1, '50ms'), 'ward', { maxMessageCount: 500, batchTimeout: '2s' }),
  );
  expect(header.getType()).toBe(common.HeaderType.CONFIG_UPDATE);
  expect([header.getChannelId(), update.getChannelId()]).toEqual(['ward', 'ward']);
  expect([update.getReadSet()?.getVersion(), update.getWriteSet()?.getVersion()]).toEqual([2, 2]);
  expect(update.getReadSet()?.getGroupsMap().get('Orderer')?.getVersion()).toBe(4);
  expect(written?.getVersion()).toBe(4);
  expect(values?.get('BatchSize')?.getVersion()).toBe(8);
  expect(values?.get('BatchTimeout')?.getVersion()).toBe(10);
});

test('the new values are what was asked for, under the same administration; the rest of a value stays', () => {
  const { values } = read(
    blockCuttingUpdate(config(1, '50ms'), 'ward', { maxMessageCount: 500, batchTimeout: '2s' }),
  );
  const size = values?.get('BatchSize');
  const timeout = values?.get('BatchTimeout');
  expect([size?.getModPolicy(), timeout?.getModPolicy()]).toEqual(['Admins', 'Admins']);
  expect([sizeIn(size).getMaxMessageCount(), sizeIn(size).getPreferredMaxBytes()]).toEqual([500, 2_000_000]);
  expect(timeoutIn(timeout)).toBe('2s');
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
