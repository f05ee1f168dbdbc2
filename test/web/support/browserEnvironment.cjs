// SPDX-License-Identifier: Apache-2.0
'use strict';
const { TestEnvironment } = require('jest-environment-jsdom');

/** jsdom with what every browser has and jsdom has not. */
module.exports = class extends TestEnvironment {
  async setup() {
    await super.setup();
    this.global.TextEncoder = TextEncoder;
    this.global.TextDecoder = TextDecoder;
  }
};
