'use strict';
// What needs Hyperledger Fabric's programs; without them each suite says by name that it did not run.
const base = require('./jest.config.cjs');
/** @type {import('jest').Config} */
module.exports = {
  ...base,
  testMatch: ['<rootDir>/test/scripts/network/fabric*.test.ts', '<rootDir>/test/fabric/**/*.test.ts'],
  testPathIgnorePatterns: [],
  testTimeout: 300_000,
};
