// SPDX-License-Identifier: Apache-2.0
import type * as grpc from '@grpc/grpc-js';
import { common, orderer, peer } from '@hyperledger/fabric-protos';
import { Timestamp } from 'google-protobuf/google/protobuf/timestamp_pb';
import { signLowS } from '../../gateway/src/embedded/identity/lowS';
import type { TestClient, TestNetwork } from './network';
import { startNetwork } from './startNetwork';

const { SUCCESS, BAD_REQUEST, NOT_FOUND } = common.Status;
const { BLOCK_UNTIL_READY, FAIL_IF_NOT_READY } = orderer.SeekInfo.SeekBehavior;

jest.setTimeout(30_000);

type Place = number | 'oldest' | 'newest' | 'next' | 'none';

function position(place: Place): orderer.SeekPosition {
  const result = new orderer.SeekPosition();
  if (place === 'oldest') {
    result.setOldest(new orderer.SeekOldest());
  }
  if (place === 'newest') {
    result.setNewest(new orderer.SeekNewest());
  }
  if (place === 'next') {
    result.setNextCommit(new orderer.SeekNextCommit());
  }
  if (typeof place === 'number') {
    const specified = new orderer.SeekSpecified();
    specified.setNumber(place);
    result.setSpecified(specified);
  }
  return result;
}

// The client library asks for blocks from one on, for ever; a peer knows more.
describe('positions in the chain', () => {
  let network: TestNetwork;
  let holder: TestClient;
  let height: number;

  beforeAll(async () => {
    network = await startNetwork();
    holder = network.as(1);
    await holder.submit('put', ['k', 'v']);
    const info = await holder.network
      .getContract('qscc')
      .evaluateTransaction('GetChainInfo', network.channel);
    height = common.BlockchainInfo.deserializeBinary(info).getHeight();
  }, 60_000);
  afterAll(() => network.close());

  /**
   * What comes for a request of the client after a change to it: block numbers, and the status at the end.
   */
  function deliver(
    change: (seek: orderer.SeekInfo, header: common.ChannelHeader) => Uint8Array,
    seen: (block: common.Block) => void = () => undefined,
  ): Promise<{ blocks: number[]; status: number }> {
    const signable = holder.network.newBlockEventsRequest({ startBlock: 0n });
    const envelope = common.Envelope.deserializeBinary(signable.getBytes());
    const payload = common.Payload.deserializeBinary(envelope.getPayload_asU8());
    const header = payload.getHeader() ?? new common.Header();
    const channelHeader = common.ChannelHeader.deserializeBinary(header.getChannelHeader_asU8());
    payload.setData(change(new orderer.SeekInfo(), channelHeader));
    header.setChannelHeader(channelHeader.serializeBinary());
    payload.setHeader(header);
    envelope.setPayload(payload.serializeBinary());
    envelope.setSignature(signLowS(holder.key, envelope.getPayload_asU8()));
    const stream: grpc.ClientDuplexStream<common.Envelope, peer.DeliverResponse> =
      holder.grpc.makeBidiStreamRequest(
        '/protos.Deliver/Deliver',
        (message: common.Envelope) => Buffer.from(message.serializeBinary()),
        (bytes) => peer.DeliverResponse.deserializeBinary(bytes),
      );
    return new Promise((resolve, reject) => {
      const blocks: number[] = [];
      stream.on('error', reject);
      stream.on('data', (response: peer.DeliverResponse) => {
        const block = response.getBlock();
        if (block) {
          blocks.push(block.getHeader()?.getNumber() ?? -1);
          seen(block);
        } else {
          stream.removeAllListeners('error').on('error', () => undefined);
          stream.cancel();
          resolve({ blocks, status: response.getStatus() });
        }
      });
      stream.write(envelope);
    });
  }
  const seek = (
    start: Place,
    stop: Place,
    behavior: typeof BLOCK_UNTIL_READY | typeof FAIL_IF_NOT_READY = BLOCK_UNTIL_READY,
  ) =>
    deliver((info) => {
      info.setStart(position(start));
      info.setStop(position(stop));
      info.setBehavior(behavior);
      return info.serializeBinary();
    });

  test('a part of the chain', async () => {
    expect(await seek(0, 1)).toEqual({ blocks: [0, 1], status: SUCCESS });
    expect(await seek('newest', 'newest')).toEqual({ blocks: [height - 1], status: SUCCESS });
    expect(await seek(height - 2, 'newest')).toEqual({ blocks: [height - 2, height - 1], status: SUCCESS });
  });

  test('the oldest block as the end is the first one of the stream', async () => {
    expect(await seek(1, 'oldest')).toEqual({ blocks: [1], status: SUCCESS });
  });

  test('an end before the beginning, and one that is none', async () => {
    expect(await seek(1, 0)).toEqual({ blocks: [], status: BAD_REQUEST });
    expect(await seek(0, 'none')).toEqual({ blocks: [0], status: SUCCESS });
  });

  test('a beginning beyond the next block, and one that is none, are not found', async () => {
    expect(await seek(height + 1, height + 5)).toEqual({ blocks: [], status: NOT_FOUND });
    expect(await seek('none', height)).toEqual({ blocks: [], status: NOT_FOUND });
  });

  test('who does not want to wait is told where the chain ends', async () => {
    expect(await seek(height - 1, height + 5, FAIL_IF_NOT_READY)).toEqual({
      blocks: [height - 1],
      status: NOT_FOUND,
    });
    expect(await seek('next', height, FAIL_IF_NOT_READY)).toEqual({ blocks: [], status: NOT_FOUND });
  });

  test('a request without positions, one that is no request and one of another time', async () => {
    const refused = { blocks: [], status: BAD_REQUEST };
    expect(await deliver((info) => info.serializeBinary())).toEqual(refused);
    expect(await deliver(() => Buffer.from([0xff]))).toEqual(refused);
    const whole = (info: orderer.SeekInfo): Uint8Array => {
      info.setStart(position(0));
      info.setStop(position(0));
      return info.serializeBinary();
    };
    const late = Timestamp.fromDate(new Date(Date.now() - 16 * 60_000));
    expect(
      await deliver((info, header) => {
        header.setTimestamp(late);
        return whole(info);
      }),
    ).toEqual(refused);
    expect(
      await deliver((info, header) => {
        header.clearTimestamp();
        return whole(info);
      }),
    ).toEqual(refused);
  });

  test('headers only: of configuration blocks the content comes all the same', async () => {
    const sizes: number[] = [];
    const headers = await deliver(
      (info) => {
        info.setStart(position(0));
        info.setStop(position(1));
        info.setContentType(orderer.SeekInfo.SeekContentType.HEADER_WITH_SIG);
        return info.serializeBinary();
      },
      (block) => sizes.push(block.getData()?.getDataList().length ?? 0),
    );
    expect(headers).toEqual({ blocks: [0, 1], status: SUCCESS });
    // Peers of Fabric 2.5 know whole blocks only.
    expect(sizes).toEqual([1, network.version.startsWith('2.') ? 1 : 0]);
  });
});
