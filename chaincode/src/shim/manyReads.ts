// SPDX-License-Identifier: Apache-2.0
import type { ChaincodeStub } from 'fabric-shim-api';
import { BinaryReader, BinaryWriter } from 'google-protobuf';
import { loadShimParts, type MessageHandler } from './shimParts';

/** `ChaincodeMessage.Type.GET_STATE_MULTIPLE`: peers know it since Fabric 3.1, fabric-shim 2.5.8 does not. */
const GET_STATE_MULTIPLE = 25;
/** Fields of `protos.ChaincodeAdditionalParams`, the payload of READY; empty before Fabric 3.1. */
const USE_GET_MULTIPLE_KEYS = 3;
const MAX_SIZE_GET_MULTIPLE_KEYS = 4;

const { handlers, Message } = loadShimParts();
/** How many keys the peer at the other end takes in one message; no entry: it takes none. */
const limits = new WeakMap<MessageHandler, number>();

/**
 * Has every connection notice what its peer offers when it says READY. Called once, before the shim connects.
 */
export function noticeOffers(): void {
  const { prototype } = handlers.ChaincodeMessageHandler;
  const { chat } = prototype;
  prototype.chat = function notice(this: MessageHandler, register) {
    this._stream.on('data', (message) => {
      if (message.getType() === Message.Type.READY) {
        const limit = limitOf(message.getPayload_asU8());
        if (limit > 0) {
          limits.set(this, limit);
        }
      }
    });
    chat.call(this, register);
  };
}

/**
 * The values under `keys` of a private collection, in their order, empty where there is none: in one message
 * where the peer offers it. What it records as read is what single reads record, so endorsers with and
 * without it agree. One difference: this peer may hold another version of a private value than its public
 * hash says, because the newer one has not arrived yet. Then a single read fails and this one does not. The
 * version that was read is not the committed one, so the transaction is not valid.
 * @returns undefined when the peer does not offer it, or answers for another number of keys, as one that met
 *   an error does: read singly then.
 */
export async function readMany(
  stub: ChaincodeStub,
  collection: string,
  keys: readonly string[],
): Promise<readonly Uint8Array[] | undefined> {
  const { handler } = stub as ChaincodeStub & { readonly handler?: MessageHandler };
  const limit = handler === undefined ? undefined : limits.get(handler);
  if (handler === undefined || limit === undefined) {
    return undefined;
  }
  const values: Uint8Array[] = [];
  for (let from = 0; from < keys.length; from += limit) {
    const wanted = keys.slice(from, from + limit);
    const answer = valuesOf(
      await handler._askPeerAndListen(messageOf(stub, requestOf(collection, wanted)), 'GetState'),
    );
    if (answer.length !== wanted.length) {
      return undefined;
    }
    values.push(...answer);
  }
  return values;
}

function messageOf(stub: ChaincodeStub, payload: Uint8Array) {
  const message = new Message();
  message.setType(GET_STATE_MULTIPLE);
  message.setPayload(payload);
  message.setTxid(stub.getTxID());
  message.setChannelId(stub.getChannelID());
  return message;
}

/** `protos.GetStateMultiple {repeated string keys = 1; string collection = 2}`. */
function requestOf(collection: string, keys: readonly string[]): Uint8Array {
  const writer = new BinaryWriter();
  for (const key of keys) {
    writer.writeString(1, key);
  }
  writer.writeString(2, collection);
  return writer.getResultBuffer();
}

/** `protos.GetStateMultipleResult {repeated bytes values = 1}`. */
function valuesOf(payload: Uint8Array): Uint8Array[] {
  const reader = new BinaryReader(payload);
  const values: Uint8Array[] = [];
  while (reader.nextField()) {
    if (reader.getFieldNumber() === 1) {
      values.push(reader.readBytes());
    } else {
      reader.skipField();
    }
  }
  return values;
}

function limitOf(ready: Uint8Array): number {
  const reader = new BinaryReader(ready);
  let isOffered = false;
  let limit = 0;
  while (reader.nextField()) {
    if (reader.getFieldNumber() === USE_GET_MULTIPLE_KEYS) {
      isOffered = reader.readBool();
    } else if (reader.getFieldNumber() === MAX_SIZE_GET_MULTIPLE_KEYS) {
      limit = reader.readUint32();
    } else {
      reader.skipField();
    }
  }
  return isOffered ? limit : 0;
}
