// SPDX-License-Identifier: Apache-2.0
import type { ServerDuplexStream, UntypedServiceImplementation } from '@grpc/grpc-js';
import { common, orderer, peer } from '@hyperledger/fabric-protos';
import { validationCodes } from '../protocol/block';
import { openEnvelope } from '../protocol/preparedTransaction';
import { checkSignedData } from './accessControl';
import { eventOf } from './chaincodeEvents';
import type { ChannelView } from './channelView';
import { write } from './streamWriter';
import { Cancellation } from './cancellation';

type Call = ServerDuplexStream<common.Envelope, peer.DeliverResponse>;
type Convert = (block: Uint8Array) => peer.DeliverResponse;
type Status = common.StatusMap[keyof common.StatusMap];

/**
 * `protos.Deliver`: full and filtered blocks from a position on. Private data are not delivered: the request is
 * UNIMPLEMENTED.
 */
export function deliverService(channel: ChannelView): UntypedServiceImplementation {
  return { deliver: stream(channel, fullBlock), deliverFiltered: stream(channel, filteredBlock(channel)) };
}

function fullBlock(block: Uint8Array): peer.DeliverResponse {
  const response = new peer.DeliverResponse();
  response.setBlock(common.Block.deserializeBinary(block));
  return response;
}

function stream(channel: ChannelView, convert: Convert): (call: Call) => void {
  return (call) => {
    const cancellation = new Cancellation();
    call.on('cancelled', () => {
      cancellation.cancel();
    });
    let work = Promise.resolve();
    call.on('data', (envelope: common.Envelope) => {
      work = work
        .then(() => deliver(channel, envelope, convert, call, cancellation))
        .then(async (result) => {
          if (cancellation.cancelled) return;
          const response = new peer.DeliverResponse();
          response.setStatus(result);
          await write(call, response, cancellation);
          if (result !== common.Status.SUCCESS) call.end();
        })
        .catch((error: unknown) => {
          channel.log(
            `internal error: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
          );
          call.end();
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
  channel: ChannelView,
  envelope: common.Envelope,
  convert: Convert,
  call: Call,
  cancellation: Cancellation,
): Promise<Status> {
  const parts = openEnvelope(envelope.serializeBinary());
  if (!parts) return common.Status.BAD_REQUEST;
  if (parts.channelHeader.getChannelId() !== channel.channelId) return common.Status.NOT_FOUND;
  const identity = parts.signatureHeader.getCreator_asU8();
  const signed = { data: parts.payloadBytes, identity, signature: parts.signature };
  const hasExpired = (): boolean => channel.membership.hasExpired(identity, channel.clock());
  if (hasExpired() || checkSignedData(channel.membership, signed, 'Readers') !== undefined)
    return common.Status.FORBIDDEN;
  const seek = orderer.SeekInfo.deserializeBinary(parts.payload.getData_asU8());
  const range = rangeOf(seek, channel.feed.height);
  if (!range) return common.Status.BAD_REQUEST;
  const wait = seek.getBehavior() === orderer.SeekInfo.SeekBehavior.BLOCK_UNTIL_READY;
  for (let number = range.start; number <= range.stop; number += 1) {
    if (!wait && number >= channel.feed.height) return common.Status.NOT_FOUND;
    const block = await channel.feed.block(number, cancellation);
    if (!block) return common.Status.SERVICE_UNAVAILABLE;
    if (hasExpired()) return common.Status.FORBIDDEN;
    await write(call, convert(block), cancellation);
  }
  return common.Status.SUCCESS;
}

function rangeOf(seek: orderer.SeekInfo, height: number): { start: number; stop: number } | undefined {
  const start = position(seek.getStart(), height);
  const stop = position(seek.getStop(), height);
  return start === undefined || stop === undefined || stop < start ? undefined : { start, stop };
}

function position(seek: orderer.SeekPosition | undefined, height: number): number | undefined {
  if (seek?.hasOldest()) return 0;
  if (seek?.hasNewest()) return height - 1;
  if (seek?.hasNextCommit()) return height;
  return seek?.getSpecified()?.getNumber();
}

function filteredBlock(channel: ChannelView): Convert {
  return (bytes) => {
    const block = common.Block.deserializeBinary(bytes);
    const codes = validationCodes(block);
    const filtered = new peer.FilteredBlock();
    filtered.setChannelId(channel.channelId);
    filtered.setNumber(block.getHeader()?.getNumber() ?? 0);
    const data = block.getData()?.getDataList_asU8() ?? [];
    filtered.setFilteredTransactionsList(
      data.map((bytesOfOne, i) => filteredTransaction(bytesOfOne, codes[i] ?? 0)),
    );
    const response = new peer.DeliverResponse();
    response.setFilteredBlock(filtered);
    return response;
  };
}

/** Id, type, validation code and the event without its payload. */
function filteredTransaction(data: Uint8Array, code: number): peer.FilteredTransaction {
  const header = openEnvelope(data)?.channelHeader;
  const filtered = new peer.FilteredTransaction();
  filtered.setTxid(header?.getTxId() ?? '');
  filtered.setType((header?.getType() ?? 0) as common.HeaderTypeMap[keyof common.HeaderTypeMap]);
  filtered.setTxValidationCode(code as peer.TxValidationCodeMap[keyof peer.TxValidationCodeMap]);
  const event = eventOf(data);
  if (event) {
    event.setPayload(new Uint8Array());
    const action = new peer.FilteredChaincodeAction();
    action.setChaincodeEvent(event);
    const actions = new peer.FilteredTransactionActions();
    actions.setChaincodeActionsList([action]);
    filtered.setTransactionActions(actions);
  }
  return filtered;
}
