// SPDX-License-Identifier: Apache-2.0
import { readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { ledgerDir } from '../../../dist/network/layout.js';

/** Where each kind of data lies in the folder of a peer (or of the orderer, which has blocks and its own log only). */
const KINDS = {
  blocks: /blockfile_\d+$/,
  'private data': /\/pvtdataStore\//,
  state: /\/stateLeveldb\//,
  history: /\/historyLeveldb\//,
};

export const PARTS_OF_A_LEDGER = [...Object.keys(KINDS), 'other', 'all'];

/**
 * Bytes that a part keeps, by kind; `all` together. Block files hold every transaction for good. The databases are rewritten by compaction, so
 * that a short run sees their size in steps; the orderer's log is cut again and again and counts with `other`.
 * @returns {Record<'blocks' | 'private data' | 'state' | 'history' | 'other' | 'all', number>}
 */
export function ledgerSize(network, part) {
  const sizes = Object.fromEntries(PARTS_OF_A_LEDGER.map((kind) => [kind, 0]));
  for (const { file, size } of filesBelow(ledgerDir(network, part))) {
    const kind = Object.entries(KINDS).find(([, pattern]) => pattern.test(file))?.[0] ?? 'other';
    sizes[kind] += size;
    sizes.all += size;
  }
  return sizes;
}

/** A database replaces files while it runs: what has gone by the time it is looked at counts nothing. */
function filesBelow(folder) {
  return ignoringAbsent(() => readdirSync(folder, { withFileTypes: true }), []).flatMap((entry) => {
    const file = path.join(folder, entry.name);
    if (entry.isDirectory()) return filesBelow(file);
    return [{ file, size: ignoringAbsent(() => statSync(file).size, 0) }];
  });
}

function ignoringAbsent(look, absent) {
  try {
    return look();
  } catch (cause) {
    if (cause.code === 'ENOENT') return absent;
    throw cause;
  }
}
