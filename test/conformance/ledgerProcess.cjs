// SPDX-License-Identifier: Apache-2.0
'use strict';
// A ledger in a process of its own, to be killed: commits transactions on two channels without pause and
// writes channel and key to standard output after the commit was acknowledged.
// node ledgerProcess.cjs DATA_DIR CHAINCODE_DIR RUN
const { createPrivateKey, randomBytes } = require('node:crypto');
const fs = require('node:fs');
const grpc = require('@grpc/grpc-js');
const { connect, signers } = require('@hyperledger/fabric-gateway');
const { startEmbeddedLedger } = require('../../gateway/dist/embedded');

const [, , dataDir, module_, run] = process.argv;
const IN_FLIGHT = 6;
const CHANNELS = ['access', 'second'];
const POLICY = "AND('Org2MSP.peer', OR('Org1MSP.peer','Org3MSP.peer'))";
const ORGANISATIONS = ['Org1MSP', 'Org2MSP', 'Org3MSP'];

async function main() {
  const ledger = await startEmbeddedLedger({
    dataDir,
    channel: CHANNELS[0],
    furtherChannels: [{ name: CHANNELS[1], chaincode: { endorsementPolicy: POLICY } }],
    organisations: ORGANISATIONS.map((mspId) => ({ mspId })),
    chaincode: {
      name: 'oracle',
      module: module_,
      endorsementPolicy: POLICY,
    },
  });
  const { endpoint, users } = ledger.organisation('Org1MSP');
  const client = new grpc.Client(endpoint, grpc.credentials.createInsecure());
  const gateway = connect({
    client,
    identity: { mspId: 'Org1MSP', credentials: Buffer.from(users.User1.certificatePem) },
    signer: signers.newPrivateKeySigner(createPrivateKey(fs.readFileSync(users.User1.privateKeyPath))),
  });
  fs.writeSync(1, 'ready\n');
  let next = 0;
  const work = async () => {
    for (;;) {
      const channel = CHANNELS[next % CHANNELS.length];
      const key = `${run}-${next++}`;
      await gateway
        .getNetwork(channel)
        .getContract('oracle')
        .submit('both', {
          arguments: [key],
          transientData: { v: randomBytes(2000).toString('hex') },
          endorsingOrganizations: ['Org1MSP', 'Org2MSP'],
        });
      fs.writeSync(1, `${channel} ${key}\n`);
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, work));
}

main().catch((error) => {
  fs.writeSync(2, `${error.stack}\n`);
  process.exit(1);
});
