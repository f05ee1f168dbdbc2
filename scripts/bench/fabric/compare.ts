// SPDX-License-Identifier: Apache-2.0
import { setTimeout as wait } from 'node:timers/promises';
import type { BlockCutting } from './blockSettings';
import type { FabricGateway, RecorderKind } from './gateway';
import type { FabricGround, FabricOptions, Level, VariantKey } from './ground';
import { type Figures, measure, productCpu } from './measure';
import { markdownTable, type Report } from './report';

/**
 * What Fabric's own sample configuration has, what makes one transaction fast, and what this product's
 * network is set to.
 */
const DEFAULT_BLOCKS = { maxMessageCount: 500, batchTimeout: '2s' };
const ONE_EACH_BLOCKS = { maxMessageCount: 1, batchTimeout: '2s' };
const OUR_BLOCKS = { maxMessageCount: 1, batchTimeout: '50ms' };

/** With a block every two seconds, a measurement has to see some of them. */
const DEFAULT_BLOCK_ROUNDS = 4;
const DEFAULT_BLOCK_SECONDS = 8;
const WARM_UP = { callers: 64, seconds: 3 };
/** Between two ways: the peers' databases finish rewriting what the one before left. */
const SETTLE_MS = 8_000;

interface Variant {
  /** What each access is. */
  readonly name: string;
  readonly blocks: BlockCutting;
  readonly recorder: RecorderKind;
  /** Over HTTP, so many requests of each caller instead of a time. */
  readonly rounds?: number;
}

export const VARIANTS: Readonly<Record<VariantKey, Variant>> = {
  a: {
    name: 'one transaction for each access, default blocks',
    blocks: DEFAULT_BLOCKS,
    recorder: 'each',
    rounds: DEFAULT_BLOCK_ROUNDS,
  },
  b: {
    name: 'one transaction for each access, one-transaction blocks',
    blocks: ONE_EACH_BLOCKS,
    recorder: 'each',
  },
  c: { name: 'group commit', blocks: OUR_BLOCKS, recorder: 'grouped' },
};

const LEVELS = { ledger: 'at the ledger', http: 'over HTTP' };
interface Goal {
  readonly times: number;
  readonly idle: number;
  readonly p99?: number;
}
const GOALS: Readonly<Record<Level, Goal>> = {
  ledger: { times: 25, idle: 25 },
  http: { times: 15, idle: 35, p99: 1500 },
};

interface Found extends Figures {
  readonly key: VariantKey;
  readonly level: Level;
  readonly callers: number;
}

/**
 * The three ways to record accesses, one after the other on the same channel; between them the channel's
 * block settings are changed as administrators do it.
 */
export async function compare(
  { bench, report, privateJwk, options }: FabricGround,
  gateway: FabricGateway,
): Promise<void> {
  const found: Found[] = [];
  for (const key of options.variants) {
    const { blocks, recorder, rounds } = VARIANTS[key];
    await bench.cutBlocks(blocks);
    await wait(SETTLE_MS);
    const duration =
      rounds === undefined
        ? { seconds: options.seconds }
        : { seconds: Math.max(options.seconds, DEFAULT_BLOCK_SECONDS), rounds };
    for (const level of options.levels) {
      const load = { recorder, level, privateJwk };
      await measure(bench, [gateway], { ...load, ...WARM_UP });
      for (const callers of options.callers) {
        const figures = await measure(bench, [gateway], { ...load, callers, ...duration });
        found.push({ key, level, callers, ...figures });
        report.plain(`(${key}) ${LEVELS[level]}, ${String(callers)} callers`, figures.perSecond, '/s');
      }
    }
  }
  await bench.cutBlocks(OUR_BLOCKS);
  judge(found, report, options);
  report.say(`\n${table(found)}\n`);
}

function judge(found: readonly Found[], report: Report, options: FabricOptions): void {
  for (const level of options.levels) {
    for (const callers of options.callers) {
      const of = (key: VariantKey): Found | undefined =>
        found.find((one) => one.key === key && one.level === level && one.callers === callers);
      const c = of('c');
      if (c !== undefined) {
        judgeOurs(c, of('a'), of('b'), report);
      }
    }
  }
}

function judgeOurs(c: Found, a: Found | undefined, b: Found | undefined, report: Report): void {
  const goal = GOALS[c.level];
  const at = `${LEVELS[c.level]}, ${String(c.callers)} callers`;
  if (c.callers === 1) {
    report.atMost(`${at} (idle): p50`, c.p50, 'ms', goal.idle);
  }
  if (goal.p99 !== undefined) {
    report.below(`${at}: p99`, c.p99, 'ms', goal.p99);
  }
  if (a !== undefined) {
    report.atLeast(`${at}: (c) is so many times (a)`, c.perSecond / a.perSecond, '×', goal.times);
  }
  if (b !== undefined) {
    report.plain(`${at}: (c) is so many times (b)`, c.perSecond / b.perSecond, '×');
  }
}

const HEAD = [
  ...['', 'where', 'callers', 'accesses/s', 'p50 ms', 'p99 ms', 'in a transaction', 'CPU ms'],
  ...['peers', 'orderer', 'chaincode', 'gateway', 'block B', 'peer B'],
];

function table(found: readonly Found[]): string {
  return markdownTable(
    HEAD,
    found.map(({ key, level, callers, perSecond, p50, p99, perBatch, cpu, blockBytes, peerBytes }) => [
      `(${key})`,
      level === 'http' ? 'HTTP' : 'ledger',
      String(callers),
      perSecond,
      p50,
      p99,
      perBatch,
      productCpu(cpu),
      cpu.peers,
      cpu.orderer,
      cpu.chaincode,
      cpu.gateways,
      blockBytes,
      peerBytes,
    ]),
  );
}
