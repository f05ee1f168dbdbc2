// SPDX-License-Identifier: Apache-2.0
// Chaincode that does what a caller lists, step by step, and calls chaincode on other channels in between.
const { Contract } = require('fabric-contract-api');
const readMany = require('./manyKeys');

async function keysOf(iterator) {
  const keys = [];
  for await (const { key } of iterator) {
    keys.push(key);
  }
  return keys;
}

const STEPS = {
  get: async ({ stub }, { key }) => (await stub.getState(key)).toString(),
  put: async ({ stub }, { key, value }) => {
    await stub.putState(key, Buffer.from(value));
    return 'put';
  },
  privateGet: async ({ stub }, { collection, key }) =>
    (await stub.getPrivateData(collection, key)).toString(),
  privatePut: async ({ stub }, { collection, key, value }) => {
    await stub.putPrivateData(collection, key, Buffer.from(value));
    return 'put';
  },
  privateKeys: async ({ stub }, { collection, from, to }) =>
    keysOf(stub.getPrivateDataByRange(collection, from, to)),
  keys: async ({ stub }, { from, to }) => keysOf(stub.getStateByRange(from, to)),
  many: ({ stub }, { collection, keys }) => readMany(stub, collection, keys),
  newest: async ({ stub }, { key }) => {
    for await (const { value } of stub.getHistoryForKey(key)) {
      return value.toString();
    }
    return undefined;
  },
  event: ({ stub }, { name }) => {
    stub.setEvent(name, Buffer.from(name));
    return 'set';
  },
  see: ({ stub, clientIdentity }) => ({
    channel: stub.getChannelID(),
    transaction: stub.getTxID(),
    signedFor: stub.getSignedProposal().proposal.header.channelHeader.getChannelId(),
    time: stub.getDateTimestamp().getTime(),
    creator: clientIdentity.getID(),
    msp: clientIdentity.getMSPID(),
    transient: Object.fromEntries([...stub.getTransient()].map(([name, value]) => [name, value.toString()])),
    arguments: stub.getArgs(),
  }),
  fail: (_context, { message }) => {
    throw new Error(message);
  },
  wait: async (_context, { milliseconds }) => {
    await new Promise((resolve) => setTimeout(resolve, milliseconds));
    return 'waited';
  },
  call: async (context, step) => answerOf(context, step),
  /** Calls until the answer is another than the first: a call sees what was committed since the last one. */
  callUntilChanged: async (context, step) => {
    const first = JSON.stringify(await answerOf(context, step));
    for (;;) {
      const next = JSON.stringify(await answerOf(context, step));
      if (next !== first) {
        return 'changed';
      }
    }
  },
};

/** What a call across gives: the answer, or what the shim throws. */
async function answerOf({ stub }, { channel = '', chaincode = 'oracle', steps, secret, call, quiet }) {
  const list = secret === undefined ? JSON.stringify(steps) : stub.getTransient().get(secret).toString();
  try {
    const answer = await stub.invokeChaincode(chaincode, call ?? ['Across:run', list], channel);
    const payload = answer.payload.toString();
    return quiet ? 'answered' : { ...answer, payload: /^[[{]/.test(payload) ? JSON.parse(payload) : payload };
  } catch (error) {
    return { thrown: error.message };
  }
}

class Across extends Contract {
  constructor() {
    super('Across');
  }

  async run(context, list) {
    const answers = [];
    for (const step of JSON.parse(list)) {
      answers.push(await STEPS[step.do](context, step));
    }
    return JSON.stringify(answers);
  }
}
module.exports = Across;
