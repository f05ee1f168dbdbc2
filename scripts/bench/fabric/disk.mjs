// SPDX-License-Identifier: Apache-2.0
import { setTimeout as wait } from 'node:timers/promises';
import { markdownTable } from './report.mjs';
import { ledgerSize, PARTS_OF_A_LEDGER } from './ledgerSize.mjs';
import { measure } from './measure.mjs';
import { cpuMsOf } from './processors.mjs';
import { peerPart } from '../../../dist/network/layout.js';

const CALLERS = 1024;
/** A peer's databases write what they hold in memory within this time when nothing more comes. */
const SETTLE_MS = 10_000;

/**
 * What an access costs each party: growth of everything that a part keeps over many accesses, by kind of store, and processor time. One run of
 * group commit, long enough that the databases' own rewriting does not matter.
 */
export async function measureDisk({ bench, gateway, report, privateJwk, options }) {
  const parts = ['orderer', ...bench.network.organisations.map(peerPart)];
  const sizes = () => parts.map((part) => ledgerSize(bench.network, part));
  const cpuMs = () => new Map(bench.running().map(({ part, pid }) => [part, cpuMsOf(pid)]));
  const load = { recorder: 'grouped', level: 'ledger', callers: CALLERS, privateJwk };
  await measure(bench, [gateway], { ...load, seconds: 2 });
  await wait(SETTLE_MS);
  const before = sizes();
  const cpuBefore = cpuMs();
  const { events, perBatch } = await measure(bench, [gateway], { ...load, seconds: options.diskSeconds });
  const cpuAfter = cpuMs();
  await wait(SETTLE_MS);
  const after = sizes();
  report.plain('accesses recorded for the disk', events, '');
  report.plain('the same, in a transaction', perBatch, '');
  const rows = parts.map((part, index) => [
    part,
    ...PARTS_OF_A_LEDGER.map((kind) => (after[index][kind] - before[index][kind]) / events),
  ]);
  report.say(`\nBytes for an access:\n\n${markdownTable(['', ...PARTS_OF_A_LEDGER], rows)}\n`);
  const spent = [...cpuAfter].map(([part, ms]) => [
    part.replace(/\.\d+$/, ''),
    (ms - (cpuBefore.get(part) ?? 0)) / events,
  ]);
  report.say(`Processor time for an access, ms:\n\n${markdownTable(['', 'CPU ms'], spent)}\n`);
}
