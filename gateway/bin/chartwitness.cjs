#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
'use strict';
const { existsSync } = require('node:fs');
const { join } = require('node:path');
const main = join(__dirname, '..', 'dist', 'main.js');
if (!existsSync(main)) {
  process.stderr.write('chartwitness is not built yet: run "npm run build" in the project folder first.\n');
  process.exit(1);
}
require(main);
