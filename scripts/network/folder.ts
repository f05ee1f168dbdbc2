// SPDX-License-Identifier: Apache-2.0
import path from 'node:path';

/**
 * The repository's folder: as far above `scripts/network` as above `dist/network`, to which it is compiled.
 */
const REPOSITORY = path.resolve(__dirname, '../..');

/** Where what is not compiled lies: descriptions, templates, the builder that peers run. */
export const NETWORK_FOLDER = path.join(REPOSITORY, 'scripts', 'network');
/** Default for all that a network makes. */
export const DEFAULT_DATA_DIR = path.join(REPOSITORY, '.data', 'network');
