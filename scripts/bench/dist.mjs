// SPDX-License-Identifier: Apache-2.0
import { createRequire } from 'node:module';
import { join } from 'node:path';

export const require = createRequire(import.meta.url);

/** A compiled module of the gateway (`npm run build:node`). */
export const dist = (path) => require(join('../../gateway/dist', path));
