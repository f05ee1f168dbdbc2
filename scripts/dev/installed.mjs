// SPDX-License-Identifier: Apache-2.0
// @ts-check
/*
 * node installed.mjs Says what to do where the packages are not installed, before a command fails for want of
 * one of them. Exit code 1 then.
 */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const COMPILER = fileURLToPath(new URL('../../node_modules/typescript/package.json', import.meta.url));

if (!existsSync(COMPILER)) {
  process.stderr.write('The packages are not installed. Run this first: npm ci\n');
  process.exit(1);
}
