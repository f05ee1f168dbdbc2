// SPDX-License-Identifier: Apache-2.0
import { setTimeout as wait } from 'node:timers/promises';
import { markdownTable } from './report.mjs';
import { ledgerSize, PARTS_OF_A_LEDGER } from './ledgerSize.mjs';
import { measure } from './measure.mjs';
import { peerPart } from '../../network/layout.mjs';

const CALLERS = 1024;
/** A peer's databases write what they hold in memory within this time when nothing more comes. */
const SETTLE_MS = 10_000;

/**
 * What an access costs on each party's disk: growth of everything that a part keeps over many accesses, by kind of store. One run of group
 * commit, long enough that the databases' own rewriting does not matter.
 */
export async function measureDisk({ bench, gateway, report, privateJwk, options }) {
  const parts = ['orderer', ...bench.network.organisations.map(peerPart)];
  const sizes = () => parts.map((part) => ledgerSize(bench.network, part));
  const load = { recorder: 'grouped', level: 'ledger', callers: CALLERS, privateJwk };
  await measure(bench, [gateway], { ...load, seconds: 2 });
  await wait(SETTLE_MS);
  const before = sizes();
  const { events, perBatch } = await measure(bench, [gateway], { ...load, seconds: options.diskSeconds });
  await wait(SETTLE_MS);
  const after = sizes();
  report.plain('accesses recorded for the disk', events, '');
  report.plain('the same, in a transaction', perBatch, '');
  const rows = parts.map((part, index) => [
    part,
    ...PARTS_OF_A_LEDGER.map((kind) => (after[index][kind] - before[index][kind]) / events),
  ]);
  report.say(`\nBytes for an access:\n\n${markdownTable(['', ...PARTS_OF_A_LEDGER], rows)}\n`);
}
