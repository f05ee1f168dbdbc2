// SPDX-License-Identifier: Apache-2.0
import { readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import type { Network } from '../../network/description';
import { ledgerDir } from '../../network/layout';

/**
 * Where each kind of data lies in the folder of a peer (or of the orderer, which has blocks and its own log
 * only).
 */
const KINDS = [
  ['blocks', /blockfile_\d+$/],
  ['private data', /\/pvtdataStore\//],
  ['state', /\/stateLeveldb\//],
  ['history', /\/historyLeveldb\//],
] as const;

export const PARTS_OF_A_LEDGER = ['blocks', 'private data', 'state', 'history', 'other', 'all'] as const;

/** Bytes by kind; `all` together. */
export type LedgerSize = Record<(typeof PARTS_OF_A_LEDGER)[number], number>;

/**
 * Bytes that a part keeps, by kind. Block files hold every transaction for good. The databases are rewritten
 * by compaction, so that a short run sees their size in steps; the orderer's log is cut again and again and
 * counts with `other`.
 */
export function ledgerSize(network: Pick<Network, 'dataDir'>, part: string): LedgerSize {
  const sizes: LedgerSize = { blocks: 0, 'private data': 0, state: 0, history: 0, other: 0, all: 0 };
  for (const { file, size } of filesBelow(ledgerDir(network, part))) {
    const kind = KINDS.find(([, pattern]) => pattern.test(file))?.[0] ?? 'other';
    sizes[kind] += size;
    sizes.all += size;
  }
  return sizes;
}

/** A database replaces files while it runs: what has gone by the time it is looked at counts nothing. */
function filesBelow(folder: string): readonly { readonly file: string; readonly size: number }[] {
  return ignoringAbsent(() => readdirSync(folder, { withFileTypes: true }), []).flatMap((entry) => {
    const file = path.join(folder, entry.name);
    if (entry.isDirectory()) {
      return filesBelow(file);
    }
    return [{ file, size: ignoringAbsent(() => statSync(file).size, 0) }];
  });
}

function ignoringAbsent<T>(look: () => T, absent: T): T {
  try {
    return look();
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') {
      return absent;
    }
    throw cause;
  }
}
