// SPDX-License-Identifier: Apache-2.0
'use strict';
/*
 * node ledgerThatGoes.cjs DATA_DIR PORT Starts a demonstration that was set up before, without traffic;
 * prints "ready". On SIGUSR2 its ledger's peer is closed while hospitals, trustee and portal go on; prints
 * "the ledger is away". Ends on SIGTERM.
 */
const { join } = require('node:path');
const { pino } = require('pino');
const { startDemo } = require('../../../gateway/dist/demo/startDemo.js');

async function main() {
  const [dataDir, port] = process.argv.slice(2);
  const demoFile = join(dataDir, 'demo.json');
  const demo = await startDemo({ dataDir, demoFile, port: Number(port), log: pino({ level: 'error' }) });
  process.once('SIGTERM', () => process.exit(0));
  process.once('SIGUSR2', () => {
    void demo.network.close().then(() => process.stdout.write('the ledger is away\n'));
  });
  process.stdout.write('ready\n');
}

main().catch((error) => {
  process.stderr.write(`${error.stack}\n`);
  process.exit(1);
});
