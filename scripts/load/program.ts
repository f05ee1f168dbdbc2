// SPDX-License-Identifier: Apache-2.0
import path from 'node:path';

/** The product's command line. It lies as far above `dist/load` as above `scripts/load`. */
export const PROGRAM = path.resolve(__dirname, '../../gateway/bin/chartwitness.cjs');
