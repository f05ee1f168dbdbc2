// SPDX-License-Identifier: Apache-2.0
import { PARTS, type Parts } from 'virtual:languages';

/** @throws Error for a language that the portal does not have. */
export function wordParts(tag: string): Parts {
  const parts = PARTS[tag];
  if (parts === undefined) {
    throw new Error(`no words for ${tag}`);
  }
  return parts;
}

export type { Parts };
