// SPDX-License-Identifier: Apache-2.0
import { readdirSync } from 'node:fs';
import path from 'node:path';

/** The one file of a folder, as Fabric's tools leave keys and certificates under names of their own. */
export function onlyFile(directory: string): string {
  const [name, ...others] = readdirSync(directory);
  if (name === undefined || others.length > 0) {
    throw new Error(`${directory} does not hold one file`);
  }
  return path.join(directory, name);
}
