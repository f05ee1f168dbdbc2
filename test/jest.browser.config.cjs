'use strict';
// The portal in a real browser, against the running product.
const base = require('./jest.config.cjs');
/** @type {import('jest').Config} */
module.exports = {
  ...base,
  setupFilesAfterEnv: ['<rootDir>/test/support/retryOnce.ts'],
  testMatch: ['<rootDir>/test/browser/**/*.test.ts'],
  testPathIgnorePatterns: [],
  testTimeout: 60_000,
};
