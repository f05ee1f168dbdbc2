// SPDX-License-Identifier: Apache-2.0
'use strict';
const { Contract } = require('fabric-contract-api');

/**
 * A chaincode for tests of the network: it writes exactly what the arguments say, so that each endorsement
 * rule can be met alone.
 */
class Policy extends Contract {
  constructor() {
    super('policy');
  }

  /** @param {string} targets JSON list of `public`, `event` or the name of a collection */
  async write(ctx, key, targets) {
    for (const target of JSON.parse(targets)) {
      if (target === 'public') await ctx.stub.putState(key, Buffer.from(key));
      else if (target === 'event') ctx.stub.setEvent('Written', Buffer.from(key));
      else await ctx.stub.putPrivateData(target, key, ctx.stub.getTransient().get('value'));
    }
    return key;
  }

  async read(ctx, key) {
    return (await ctx.stub.getState(key)).toString();
  }

  async readPrivate(ctx, collection, key) {
    return (await ctx.stub.getPrivateData(collection, key)).toString();
  }

  /** Whose process answers, and what the caller's certificate says. */
  async who(ctx) {
    return JSON.stringify({
      peer: ctx.stub.getMspID(),
      caller: ctx.clientIdentity.getMSPID(),
      role: ctx.clientIdentity.getAttributeValue('chartwitness.role'),
    });
  }
}

module.exports.contracts = [Policy];
