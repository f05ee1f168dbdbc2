// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { FOLDER_VARIABLE } from './sharedNetwork';

/** Once, before the first suite: a folder for the networks that suites share. None is started yet. */
export default function setUp(): void {
  process.env[FOLDER_VARIABLE] = mkdtempSync(path.join(tmpdir(), 'chartwitness-shared-'));
}
