// SPDX-License-Identifier: Apache-2.0
import { status, type ServerDuplexStream, type UntypedServiceImplementation } from '@grpc/grpc-js';
import { common, orderer, peer } from '@hyperledger/fabric-protos';
import { validationCodes } from '../protocol/block';
import { openEnvelope } from '../protocol/preparedTransaction';
import { isWithinTimeWindow, timestampOf } from '../protocol/proposal';
import { eventOf } from './chaincodeEvents';
import type { ChannelView, PeerNode } from './channelView';
import { asServiceError, RpcError } from './rpcError';
import { write } from './streamWriter';
import { Cancellation } from './cancellation';

type Call = ServerDuplexStream<common.Envelope, peer.DeliverResponse>;
type Convert = (block: common.Block, channel: ChannelView) => peer.DeliverResponse;
type Status = common.StatusMap[keyof common.StatusMap];

const { DeliverService } = peer;
const onWire = {
  requestDeserialize: (bytes: Buffer) => common.Envelope.deserializeBinary(new Uint8Array(bytes)),
  responseSerialize: (response: peer.DeliverResponse) => Buffer.from(response.serializeBinary()),
};

/**
 * `protos.Deliver` on the wire. A process may hold two copies of the generated classes, one of them the
 * chaincode library's; the generated definition refuses messages of the other copy.
 */
export const DELIVER_SERVICE = {
  deliver: { ...DeliverService.deliver, ...onWire },
  deliverFiltered: { ...DeliverService.deliverFiltered, ...onWire },
  deliverWithPrivateData: { ...DeliverService.deliverWithPrivateData, ...onWire },
} as const;

/**
 * `protos.Deliver`: full and filtered blocks from a position on. Private data are not delivered: the request
 * is UNIMPLEMENTED.
 */
export function deliverService(node: PeerNode): UntypedServiceImplementation {
  return { deliver: stream(node, fullBlock), deliverFiltered: stream(node, filteredBlock) };
}

function fullBlock(block: common.Block): peer.DeliverResponse {
  const response = new peer.DeliverResponse();
  response.setBlock(block);
  return response;
}

function stream(node: PeerNode, convert: Convert): (call: Call) => void {
  return (call) => {
    const cancellation = new Cancellation();
    call.on('cancelled', () => {
      cancellation.cancel();
    });
    let work = Promise.resolve();
    call.on('data', (envelope: common.Envelope) => {
      work = work
        .then(() => deliver(node, envelope, convert, call, cancellation))
        .then(async (result) => {
          if (cancellation.cancelled) {
            return;
          }
          const response = new peer.DeliverResponse();
          response.setStatus(result);
          await write(call, response, cancellation);
          if (result !== common.Status.SUCCESS) {
            call.end();
          }
        })
        .catch((error: unknown) => {
          if (cancellation.cancelled) {
            return;
          }
          const reason = asServiceError(error, (line) => {
            node.log(line);
          });
          call.emit('error', reason);
        });
    });
    call.on('end', () => {
      void work.then(() => {
        call.end();
      });
    });
  };
}

async function deliver(
  node: PeerNode,
  envelope: common.Envelope,
  convert: Convert,
  call: Call,
  cancellation: Cancellation,
): Promise<Status> {
  const request = requestOf(node, envelope);
  if (typeof request === 'number') {
    return request;
  }
  const { channel, seek, start, stop, hasExpired } = request;
  const wait = seek.getBehavior() === orderer.SeekInfo.SeekBehavior.BLOCK_UNTIL_READY;
  // As a peer does, the stream ends with the block that is its stop: one that is never reached does not end
  // it.
  for (let number = start; ; number += 1) {
    if (!wait && number >= channel.feed.height) {
      return common.Status.NOT_FOUND;
    }
    const bytes = await channel.feed.block(number, cancellation);
    // A peer that stops does not end its streams, it breaks them.
    if (!bytes) {
      throw new RpcError(status.UNAVAILABLE, 'the ledger is closing');
    }
    if (hasExpired()) {
      return common.Status.FORBIDDEN;
    }
    await write(call, convert(contentOf(bytes, seek), channel), cancellation);
    if (number === stop) {
      return common.Status.SUCCESS;
    }
  }
}

interface Request {
  channel: ChannelView;
  seek: orderer.SeekInfo;
  start: number;
  stop: number;
  hasExpired: () => boolean;
}

/** What is asked for, checked in a peer's order; else the status that refuses it. */
function requestOf({ channels, clock }: PeerNode, envelope: common.Envelope): Request | Status {
  const parts = openEnvelope(envelope.serializeBinary());
  if (!parts || !isTimely(parts.channelHeader, clock())) {
    return common.Status.BAD_REQUEST;
  }
  const channel = channels.get(parts.channelHeader.getChannelId())?.view;
  if (!channel) {
    return common.Status.NOT_FOUND;
  }
  const seek = seekInfo(parts.payload.getData_asU8());
  if (!seek) {
    return common.Status.BAD_REQUEST;
  }
  const identity = parts.signatureHeader.getCreator_asU8();
  const signed = { data: parts.payloadBytes, identity, signature: parts.signature };
  const hasExpired = (): boolean => channel.membership.hasExpired(identity, clock());
  if (hasExpired() || channel.access.refusalOfSigned(channel.membership, signed, 'Readers') !== undefined) {
    return common.Status.FORBIDDEN;
  }
  const range = rangeOf(seek, channel.feed.height);
  return typeof range === 'number' ? range : { channel, seek, ...range, hasExpired };
}

function rangeOf(seek: orderer.SeekInfo, height: number): { start: number; stop: number } | Status {
  const [from, to] = [seek.getStart(), seek.getStop()];
  if (!from || !to) {
    return common.Status.BAD_REQUEST;
  }
  const start = startOf(from, height);
  const stop = stopOf(from, to, start ?? 0, height);
  if (stop === undefined) {
    return common.Status.BAD_REQUEST;
  }
  return start === undefined ? common.Status.NOT_FOUND : { start, stop };
}

function isTimely(header: common.ChannelHeader, now: number): boolean {
  return header.hasTimestamp() && isWithinTimeWindow(timestampOf(header), now);
}

function seekInfo(bytes: Uint8Array): orderer.SeekInfo | undefined {
  try {
    return orderer.SeekInfo.deserializeBinary(bytes);
  } catch {
    return undefined; // not protobuf: the caller answers BAD_REQUEST
  }
}

/** Number of the first block; undefined for a place beyond the next block, and for none. */
function startOf(position: orderer.SeekPosition, height: number): number | undefined {
  if (position.hasOldest()) {
    return 0;
  }
  if (position.hasNewest()) {
    return height - 1;
  }
  if (position.hasNextCommit()) {
    return height;
  }
  const number = position.getSpecified()?.getNumber();
  return number === undefined || number > height ? undefined : number;
}

/** Number of the last block; undefined when it lies before the first. */
function stopOf(
  from: orderer.SeekPosition,
  to: orderer.SeekPosition,
  start: number,
  height: number,
): number | undefined {
  // The oldest block of a stream is its own first one.
  if (to.hasOldest()) {
    return start;
  }
  if (to.hasNewest()) {
    return from.hasNewest() ? start : height - 1;
  }
  const number = to.getSpecified()?.getNumber();
  if (number !== undefined) {
    return number < start ? undefined : number;
  }
  return 0;
}

/** The block, without its transactions if only headers are wanted; configurations are always whole. */
function contentOf(bytes: Uint8Array, seek: orderer.SeekInfo): common.Block {
  const block = common.Block.deserializeBinary(bytes);
  if (seek.getContentType() !== orderer.SeekInfo.SeekContentType.HEADER_WITH_SIG) {
    return block;
  }
  const [first = new Uint8Array()] = block.getData()?.getDataList_asU8() ?? [];
  const type = openEnvelope(first)?.channelHeader.getType();
  if (type !== common.HeaderType.CONFIG) {
    block.clearData();
  }
  return block;
}

function filteredBlock(block: common.Block, { channelId }: ChannelView): peer.DeliverResponse {
  const codes = validationCodes(block);
  const filtered = new peer.FilteredBlock();
  filtered.setNumber(block.getHeader()?.getNumber() ?? 0);
  const data = block.getData()?.getDataList_asU8() ?? [];
  // A peer reads the name in the transactions: without any there is none.
  if (data.length > 0) {
    filtered.setChannelId(channelId);
  }
  filtered.setFilteredTransactionsList(
    data.map((bytesOfOne, i) => filteredTransaction(bytesOfOne, codes[i] ?? 0)),
  );
  const response = new peer.DeliverResponse();
  response.setFilteredBlock(filtered);
  return response;
}

/** Id, type, validation code and, of an endorsed transaction, the event without its payload. */
function filteredTransaction(data: Uint8Array, code: number): peer.FilteredTransaction {
  const header = openEnvelope(data)?.channelHeader;
  const filtered = new peer.FilteredTransaction();
  filtered.setTxid(header?.getTxId() ?? '');
  filtered.setType((header?.getType() ?? 0) as common.HeaderTypeMap[keyof common.HeaderTypeMap]);
  filtered.setTxValidationCode(code as peer.TxValidationCodeMap[keyof peer.TxValidationCodeMap]);
  if (header?.getType() !== common.HeaderType.ENDORSER_TRANSACTION) {
    return filtered;
  }
  const actions = new peer.FilteredTransactionActions();
  const event = eventOf(data);
  if (event) {
    event.setPayload(new Uint8Array());
    const action = new peer.FilteredChaincodeAction();
    action.setChaincodeEvent(event);
    actions.setChaincodeActionsList([action]);
  }
  filtered.setTransactionActions(actions);
  return filtered;
}
