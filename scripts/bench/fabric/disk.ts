// SPDX-License-Identifier: Apache-2.0
import { setTimeout as wait } from 'node:timers/promises';
import { peerPart } from '../../network/layout';
import type { FabricGateway } from './gateway';
import type { FabricGround } from './ground';
import { ledgerSize, type LedgerSize, PARTS_OF_A_LEDGER } from './ledgerSize';
import { measure } from './measure';
import { cpuMsOf } from './processors';
import { markdownTable } from './report';

const CALLERS = 1024;
/** A peer's databases write what they hold in memory within this time when nothing more comes. */
const SETTLE_MS = 10_000;

/**
 * What an access costs each party: growth of everything that a part keeps over many accesses, by kind of
 * store, and processor time. One run of group commit, long enough that the databases' own rewriting does not
 * matter.
 */
export async function measureDisk(
  { bench, report, privateJwk, options }: FabricGround,
  gateway: FabricGateway,
): Promise<void> {
  const parts = ['orderer', ...bench.network.organisations.map(peerPart)];
  const sizes = (): ReadonlyMap<string, LedgerSize> =>
    new Map(parts.map((part) => [part, ledgerSize(bench.network, part)]));
  const cpuMs = (): ReadonlyMap<string, number> =>
    new Map(bench.running().map(({ part, pid }) => [part, cpuMsOf(pid)]));
  const load = { recorder: 'grouped', level: 'ledger', callers: CALLERS, privateJwk } as const;
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
  const rows = parts.map((part) => [
    part,
    ...PARTS_OF_A_LEDGER.map(
      (kind) => ((after.get(part)?.[kind] ?? 0) - (before.get(part)?.[kind] ?? 0)) / events,
    ),
  ]);
  report.say(`\nBytes for an access:\n\n${markdownTable(['', ...PARTS_OF_A_LEDGER], rows)}\n`);
  const spent = [...cpuAfter].map(([part, ms]) => [
    part.replace(/\.\d+$/, ''),
    (ms - (cpuBefore.get(part) ?? 0)) / events,
  ]);
  report.say(`Processor time for an access, ms:\n\n${markdownTable(['', 'CPU ms'], spent)}\n`);
}
