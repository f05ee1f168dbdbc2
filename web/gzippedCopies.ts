// SPDX-License-Identifier: Apache-2.0
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Plugin } from 'vite';

/** Below this, a second file costs more than it saves. */
const LEAST_BYTES = 1000;

/**
 * Writes `NAME.gz` beside every script and style sheet, so that the server sends them compressed without compressing each time. Works on
 * what was written: earlier, other plugins still change it.
 */
export function gzippedCopies(): Plugin {
  return {
    name: 'gzipped-copies',
    apply: 'build',
    writeBundle({ dir = '' }, bundle) {
      for (const output of Object.values(bundle)) {
        const content = output.type === 'chunk' ? output.code : output.source;
        if (!/\.(js|css)$/.test(output.fileName) || content.length < LEAST_BYTES) continue;
        writeFileSync(join(dir, `${output.fileName}.gz`), gzipSync(content, { level: 9 }));
      }
    },
  };
}
