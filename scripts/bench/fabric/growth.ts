// SPDX-License-Identifier: Apache-2.0
import type { FabricGround, WithGateways } from './ground';
import { type Figures, measure, productCpu } from './measure';
import { type Cell, markdownTable } from './report';

const LANES = [1, 2, 4];
/** Enough that every lane forms batches of a few hundred. */
const CALLERS = 1024;
const WARM_UP = { callers: 64, seconds: 2 };

const HEAD = ['', 'accesses/s', 'p50 ms', 'p99 ms', 'in a transaction', 'CPU ms', 'block B', 'peer B'];
const rowOf = (name: string, figures: Figures): readonly Cell[] => {
  const { perSecond, p50, p99, perBatch, cpu, blockBytes, peerBytes } = figures;
  return [name, perSecond, p50, p99, perBatch, productCpu(cpu), blockBytes, peerBytes];
};

/**
 * The same callers spread over one, two and four gateways of the hospital, each with a lane and a process of
 * its own.
 */
export async function growLanes(
  { bench, report, privateJwk, options }: FabricGround,
  withGateways: WithGateways,
): Promise<void> {
  const rows: (readonly Cell[])[] = [];
  for (const count of LANES) {
    await withGateways(count, async (gateways) => {
      const load = { recorder: 'grouped', level: 'ledger', privateJwk } as const;
      await measure(bench, gateways, { ...load, ...WARM_UP });
      const figures = await measure(bench, gateways, { ...load, callers: CALLERS, seconds: options.seconds });
      report.plain(`${String(count)} lanes, ${String(CALLERS)} callers in all`, figures.perSecond, '/s');
      rows.push(rowOf(`${String(count)} ${count === 1 ? 'lane' : 'lanes'}`, figures));
    });
  }
  report.say(`\n${markdownTable(HEAD, rows)}\n`);
}

/** More and more subjects with a consent on file, each access about any of them. */
export async function growSubjects(ground: FabricGround, withGateways: WithGateways): Promise<void> {
  const { bench, report, privateJwk, options } = ground;
  const rows: (readonly Cell[])[] = [];
  for (const count of options.subjects) {
    const { added, seconds } = await bench.seedTo(count);
    report.plain(
      `${count.toLocaleString('en-US')} subjects: seconds to write ${added.toLocaleString('en-US')} consents`,
      seconds,
      's',
    );
    await ground.register();
    await withGateways(1, async (gateways) => {
      const load = { recorder: 'grouped', level: 'ledger', privateJwk } as const;
      await measure(bench, gateways, { ...load, ...WARM_UP });
      for (const callers of [256, CALLERS]) {
        const figures = await measure(bench, gateways, { ...load, callers, seconds: options.seconds });
        report.plain(
          `${count.toLocaleString('en-US')} subjects, ${String(callers)} callers`,
          figures.perSecond,
          '/s',
        );
        rows.push(rowOf(`${count.toLocaleString('en-US')} subjects, ${String(callers)} callers`, figures));
      }
    });
  }
  report.say(`\n${markdownTable(HEAD, rows)}\n`);
}
