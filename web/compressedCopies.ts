// SPDX-License-Identifier: Apache-2.0
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import type { Plugin } from 'vite';

/** Below this, a second file costs more than it saves. */
const LEAST_BYTES = 1000;
const BEST_BROTLI = { params: { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY } };

/**
 * Writes `NAME.br` and `NAME.gz` beside every script and style sheet, so that the server sends them
 * compressed, and at the best that either can, without compressing each time. Works on what was written:
 * earlier, other plugins still change it.
 */
export function compressedCopies(): Plugin {
  return {
    name: 'compressed-copies',
    apply: 'build',
    writeBundle({ dir = '' }, bundle) {
      for (const output of Object.values(bundle)) {
        const content = output.type === 'chunk' ? output.code : output.source;
        if (!/\.(js|css)$/.test(output.fileName) || content.length < LEAST_BYTES) {
          continue;
        }
        writeFileSync(join(dir, `${output.fileName}.gz`), gzipSync(content, { level: 9 }));
        writeFileSync(join(dir, `${output.fileName}.br`), brotliCompressSync(content, BEST_BROTLI));
      }
    },
  };
}
