// SPDX-License-Identifier: Apache-2.0
// Reads of many keys in one message, which peers offer since Fabric 3.1 and fabric-shim does not know.
const { createRequire } = require('node:module');
const { BinaryReader, BinaryWriter } = require('google-protobuf');

// The message must be made of the shim's own classes.
const shim = createRequire(require.resolve('fabric-shim/package.json'));
const { ChaincodeMessageHandler } = shim('./lib/handler');
const { ChaincodeMessage } = shim('@hyperledger/fabric-protos').peer;

const GET_STATE_MULTIPLE = 25;
const USE_GET_MULTIPLE_KEYS = 3;
let isOffered = false;

const { chat } = ChaincodeMessageHandler.prototype;
ChaincodeMessageHandler.prototype.chat = function noticeOffer(register) {
  this._stream.on('data', (message) => {
    if (message.getType() === ChaincodeMessage.Type.READY) {
      isOffered = fieldsOf(message.getPayload_asU8(), (reader) => reader.readUint32()).some(
        ([field, value]) => field === USE_GET_MULTIPLE_KEYS && value === 1,
      );
    }
  });
  chat.call(this, register);
};

function fieldsOf(bytes, read) {
  const reader = new BinaryReader(bytes);
  const fields = [];
  while (reader.nextField()) {
    fields.push([reader.getFieldNumber(), read(reader)]);
  }
  return fields;
}

/** The values under the keys of a collection, of the public state when that is empty. */
module.exports = async function readMany(stub, collection, keys) {
  if (!isOffered) {
    return 'not offered';
  }
  const request = new BinaryWriter();
  for (const key of keys) {
    request.writeString(1, key);
  }
  request.writeString(2, collection);
  const message = new ChaincodeMessage();
  message.setType(GET_STATE_MULTIPLE);
  message.setPayload(request.getResultBuffer());
  message.setTxid(stub.getTxID());
  message.setChannelId(stub.getChannelID());
  const answer = await stub.handler._askPeerAndListen(message, 'GetState');
  return fieldsOf(answer, (reader) => Buffer.from(reader.readBytes()).toString()).map(([, value]) => value);
};
