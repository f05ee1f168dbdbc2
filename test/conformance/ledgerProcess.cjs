// SPDX-License-Identifier: Apache-2.0
'use strict';
// A ledger in a process of its own, to be killed: commits transactions without pause and writes each key to
// standard output after its commit was acknowledged. node ledgerProcess.cjs DATA_DIR CHAINCODE_DIR RUN
const { createPrivateKey, randomBytes } = require('node:crypto');
const fs = require('node:fs');
const grpc = require('@grpc/grpc-js');
const { connect, signers } = require('@hyperledger/fabric-gateway');
const { startEmbeddedLedger } = require('../../gateway/dist/embedded');

const [, , dataDir, module_, run] = process.argv;
const IN_FLIGHT = 6;
const ORGANISATIONS = ['Org1MSP', 'Org2MSP', 'Org3MSP'];

async function main() {
  const ledger = await startEmbeddedLedger({
    dataDir,
    channel: 'access',
    organisations: ORGANISATIONS.map((mspId) => ({ mspId })),
    chaincode: {
      name: 'oracle',
      module: module_,
      endorsementPolicy: "AND('Org2MSP.peer', OR('Org1MSP.peer','Org3MSP.peer'))",
    },
  });
  const { endpoint, users } = ledger.organisation('Org1MSP');
  const client = new grpc.Client(endpoint, grpc.credentials.createInsecure());
  const gateway = connect({
    client,
    identity: { mspId: 'Org1MSP', credentials: Buffer.from(users.User1.certificatePem) },
    signer: signers.newPrivateKeySigner(createPrivateKey(fs.readFileSync(users.User1.privateKeyPath))),
  });
  const contract = gateway.getNetwork('access').getContract('oracle');
  fs.writeSync(1, 'ready\n');
  let next = 0;
  const work = async () => {
    for (;;) {
      const key = `${run}-${next++}`;
      await contract.submit('both', {
        arguments: [key],
        transientData: { v: randomBytes(2000).toString('hex') },
        endorsingOrganizations: ['Org1MSP', 'Org2MSP'],
      });
      fs.writeSync(1, `${key}\n`);
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, work));
}

main().catch((error) => {
  fs.writeSync(2, `${error.stack}\n`);
  process.exit(1);
});
