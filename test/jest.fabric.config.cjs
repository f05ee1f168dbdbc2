'use strict';
// What needs Hyperledger Fabric's programs; without them each suite says by name that it did not run. With
// them, the suites of the facade, the recorder, the commands and the whole product, which `npm test` runs on
// the embedded ledger, run again on a native network.
const { binariesIfPresent } = require('../dist/network/binaries.js');
const base = require('./jest.config.cjs');

process.env.CHARTWITNESS_LEDGER = 'fabric';

const OWN = ['<rootDir>/test/scripts/network/fabric*.test.ts', '<rootDir>/test/fabric/**/*.test.ts'];
const ON_BOTH_LEDGERS = [
  ...[
    'across',
    'acrossBlocks',
    'blocks',
    'conflicts',
    'endorsement',
    'events',
    'identities',
    'privateData',
    'requests',
    'seek',
    'simulation',
  ].map((name) => `<rootDir>/test/conformance/${name}.test.ts`),
  '<rootDir>/test/endToEnd/*.test.ts',
  '<rootDir>/test/gateway/ledger/fabricLedger.test.ts',
  '<rootDir>/test/gateway/ledger/ownOrganisation.test.ts',
  '<rootDir>/test/gateway/registry/registryCache.test.ts',
  '<rootDir>/test/gateway/compose/startedWithoutLedger.test.ts',
  '<rootDir>/test/gateway/ledger/hsmSignerSoftHsm.test.ts',
  '<rootDir>/test/gateway/recorder/recorderOnLedger.test.ts',
  '<rootDir>/test/gateway/commands/registry.test.ts',
  '<rootDir>/test/gateway/projection/ledger.test.ts',
];
const hasFabric = binariesIfPresent(process.env) !== undefined;
if (!hasFabric) {
  for (const suite of ON_BOTH_LEDGERS) {
    process.stdout.write(`Fabric: not run (no binaries): ${suite.replace('<rootDir>/', '')}\n`);
  }
}

/** @type {import('jest').Config} */
module.exports = {
  ...base,
  // One after the other: suites share networks.
  maxWorkers: 1,
  globalSetup: '<rootDir>/test/fabric/sharedNetworks.setup.ts',
  globalTeardown: '<rootDir>/test/fabric/sharedNetworks.teardown.ts',
  setupFilesAfterEnv: ['<rootDir>/test/support/retryOnce.ts'],
  testMatch: hasFabric ? [...OWN, ...ON_BOTH_LEDGERS] : OWN,
  testPathIgnorePatterns: [],
  testTimeout: 300_000,
};
