// SPDX-License-Identifier: Apache-2.0
'use strict';
/*
 * Benchmark only, never part of a network that anybody uses: writes many consents in one transaction, where
 * `Consent:Put` writes one. It is the chaincode's first definition; the product's own is the next, and reads
 * what this one wrote.
 */
const { Contract } = require('fabric-contract-api');
const { CONSENTS } = require('@chartwitness/chaincode/domain');
const { storedConsent } = require('./population.cjs');

const CHANGE = 'change';

class Seeding extends Contract {
  constructor() {
    super('Seeding');
  }

  /** Consents of the persons `from` … `from + count - 1`. */
  async Fill(ctx, from, count) {
    for (let n = Number(from); n < Number(from) + Number(count); n += 1) {
      const { subject, changeId, bytes } = storedConsent(n);
      await ctx.stub.putPrivateData(CONSENTS, subject, bytes);
      await ctx.stub.putPrivateData(
        CONSENTS,
        ctx.stub.createCompositeKey(CHANGE, [subject, changeId]),
        bytes,
      );
    }
  }
}

module.exports.contracts = [Seeding];
