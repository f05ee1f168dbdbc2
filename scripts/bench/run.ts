// SPDX-License-Identifier: Apache-2.0
/**
 * Measures the product on the embedded ledger and prints a table:
 *   npm run bench -- [--events 1000000] [--seconds 15] [--connections 256] [--only
 *   ledger,http,single,memory,history,denied] [--pairs 1000]
 *     [--kinds read,search] [--absence-waits no] [--limits JSON] [--profile DIR]
 * With `--fabric`, `--portal` or `--slow-readers` the benchmark of that name instead. README.md has what each
 * line means and the last results.
 */
import { readFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import type { RecorderLimits } from '../../gateway/dist/recorder/limits';
import { runMain } from '../load/runMain';
import { startChild } from './child';
import { measureDenied } from './denied';
import type { HistoryQuestions } from './history';
import { type ClientKey, newClientKey } from './keys';
import { type Duration, loadGateway } from './load';
import { watchOthers } from './otherLoad';
import { ownCpuMs } from './processorTime';
import type { Product, ProductArgument, Variant } from './product';

interface Options {
  readonly events: number;
  readonly seconds: number;
  readonly connections: number;
  readonly pairs: number;
  readonly kinds: readonly string[];
  readonly absenceWaits: boolean;
  readonly wanted: ReadonlySet<string>;
  readonly limits: Partial<RecorderLimits>;
  /** Where processes leave CPU profiles. */
  readonly profile: string | undefined;
}

function readOptions(): Options {
  const { values } = parseArgs({
    options: {
      events: { type: 'string', default: '1000000' },
      seconds: { type: 'string', default: '15' },
      connections: { type: 'string', default: '256' },
      pairs: { type: 'string', default: '1000' },
      kinds: { type: 'string', default: '' },
      'absence-waits': { type: 'string', default: 'yes' },
      only: { type: 'string', default: 'ledger,http,single,memory,history,denied' },
      profile: { type: 'string' },
      limits: { type: 'string', default: '{}' },
    },
  });
  return {
    events: Number(values.events),
    seconds: Number(values.seconds),
    connections: Number(values.connections),
    pairs: Number(values.pairs),
    kinds: values.kinds.split(','),
    absenceWaits: values['absence-waits'] !== 'no',
    wanted: new Set(values.only.split(',')),
    limits: JSON.parse(values.limits) as Partial<RecorderLimits>,
    profile: values.profile,
  };
}

/** Lines that are printed as they come, with the goal of each. */
class Lines {
  readonly verdicts = { met: 0, missed: 0 };

  atMost(what: string, value: number, unit: string, goal: number): void {
    this.#line(what, value, unit, `≤ ${String(goal)}`, value <= goal);
  }

  atLeast(what: string, value: number, unit: string, goal: number): void {
    this.#line(what, value, unit, `≥ ${String(goal)}`, value >= goal);
  }

  plain(what: string, value: number, unit: string): void {
    this.#line(what, value, unit, '', undefined);
  }

  #line(what: string, value: number, unit: string, goal: string, isMet: boolean | undefined): void {
    if (isMet !== undefined) {
      this.verdicts[isMet ? 'met' : 'missed'] += 1;
    }
    const verdict = isMet === undefined ? '' : isMet ? 'met' : 'MISSED';
    const shown = value.toFixed(value < 100 ? 1 : 0);
    process.stdout.write(
      `${what.padEnd(66)} ${shown.padStart(9)} ${unit.padEnd(5)} ${goal.padEnd(9)} ${verdict}\n`,
    );
  }
}

/** A process that tells its processor time. */
interface Watched {
  ask(question: 'cpu'): Promise<{ readonly milliseconds: number }>;
}

/** The parts of the benchmark, one after the other. */
class Bench {
  readonly lines = new Lines();
  readonly #options: Options;
  readonly #key: ClientKey;

  constructor(options: Options, key: ClientKey) {
    this.#options = options;
    this.#key = key;
  }

  async run(): Promise<void> {
    const { wanted } = this.#options;
    if (['ledger', 'http', 'single'].some((part) => wanted.has(part))) {
      await this.#product();
    }
    if (wanted.has('memory')) {
      await this.#memory();
    }
    if (wanted.has('history')) {
      await this.#history();
    }
    if (wanted.has('denied')) {
      await this.#telling();
    }
  }

  #start(given: Omit<ProductArgument, 'publicJwk'>, profile?: string): Promise<Product> {
    return startChild('product', { ...given, publicJwk: this.#key.publicJwk }, profile);
  }

  /** Runs a part and says how much of the machine was not its own meanwhile. */
  async #apart(name: string, children: readonly Watched[], measure: () => Promise<void>): Promise<void> {
    const others = await watchOthers(async () => {
      const answers = await Promise.all(children.map((child) => child.ask('cpu')));
      return answers.reduce((sum, { milliseconds }) => sum + milliseconds, ownCpuMs());
    });
    await measure();
    const share = await others();
    if (share !== undefined) {
      this.lines.plain(`${name}: processor time of other programs meanwhile`, share * 100, '%');
    }
  }

  /** Loads one gateway and checks that the ledger holds as many accesses as were answered. */
  async #load(product: Product, variant: Variant, load: Duration & { readonly connections: number }) {
    const target = product.ready.gateways[variant];
    if (target === undefined) {
      throw new Error(`there is no gateway ${variant}`);
    }
    const before = await product.ask('recorded', { variant });
    const cpuBefore = await product.ask('cpu');
    const figures = await loadGateway(target, this.#key.privateJwk, load);
    const cpuAfter = await product.ask('cpu');
    const after = await product.ask('recorded', { variant });
    const events = after.events - before.events;
    // Closing connections may leave requests unanswered that were recorded; the reverse must never be.
    if (events < figures.answers) {
      throw new Error(`${String(figures.answers)} answers were released but only ${String(events)} recorded`);
    }
    return {
      ...figures,
      perBatch: events / (after.batches - before.batches),
      cpuPerEvent: (cpuAfter.milliseconds - cpuBefore.milliseconds) / events,
    };
  }

  async #product(): Promise<void> {
    const { wanted, limits, profile } = this.#options;
    const product = await this.#start({ part: 'all', limits }, profile);
    if (wanted.has('ledger')) {
      await this.#apart('ledger', [product], () => this.#ledger(product));
    }
    if (wanted.has('http')) {
      await this.#apart('HTTP', [product], () => this.#grouped(product));
    }
    if (wanted.has('single')) {
      await this.#apart('HTTP', [product], () => this.#single(product));
    }
    await product.stop();
  }

  async #ledger(product: Product): Promise<void> {
    const { lines } = this;
    const idle = await product.ask('idle', { count: 300 });
    lines.atMost('ledger: one idle access, p50', idle.p50, 'ms', 5);
    lines.plain('ledger: one idle access, p99', idle.p99, 'ms');
    lines.plain('ledger: CPU for one idle access', idle.cpuPerEvent, 'ms');
    await product.ask('throughput', { events: 10_000, size: 500, inFlight: 3 });
    const bulk = await product.ask('throughput', { events: 50_000, size: 500, inFlight: 3 });
    lines.atLeast('ledger: committed events, batches of 500, 3 in flight', bulk.perSecond, '/s', 5_000);
    lines.plain('ledger: one such batch, p50', bulk.batchP50, 'ms');
    lines.plain('ledger: CPU for 1,000 such events', bulk.cpuPerEvent * 1000, 'ms');
  }

  async #grouped(product: Product): Promise<void> {
    const { lines } = this;
    const { connections, seconds } = this.#options;
    await this.#load(product, 'grouped', { connections: 16, seconds: 3 });
    const idle = await this.#load(product, 'grouped', { connections: 1, amount: 300 });
    lines.atMost('HTTP: one idle access, p50', idle.p50, 'ms', 12);
    await product.ask('forgetPeak');
    const grouped = await this.#load(product, 'grouped', { connections, seconds });
    const what = `HTTP: recorded accesses, ${String(connections)} callers, group commit`;
    lines.atLeast(what, grouped.perSecond, '/s', 1_000);
    lines.atMost('HTTP: the same, p99', grouped.p99, 'ms', 1_000);
    lines.plain('HTTP: the same, p50', grouped.p50, 'ms');
    lines.plain('HTTP: the same, events in a batch', grouped.perBatch, '');
    lines.plain('HTTP: the same, CPU of gateway and ledger for one access', grouped.cpuPerEvent, 'ms');
    const { peakMib } = await product.ask('memory');
    lines.plain('HTTP: the same, memory of gateway and embedded ledger together', peakMib, 'MiB');
  }

  async #single(product: Product): Promise<void> {
    const { connections, seconds } = this.#options;
    await this.#load(product, 'single', { connections: 16, seconds: 2 });
    const single = await this.#load(product, 'single', { connections, seconds });
    this.lines.plain('HTTP: one transaction for each access instead, recorded', single.perSecond, '/s');
    this.lines.plain('HTTP: the same, p99', single.p99, 'ms');
    this.lines.plain('HTTP: the same, CPU of gateway and ledger for one access', single.cpuPerEvent, 'ms');
  }

  async #memory(): Promise<void> {
    const { connections, seconds, limits } = this.#options;
    const ledger = await this.#start({ part: 'ledger' });
    const { peer } = ledger.ready;
    if (peer === undefined) {
      throw new Error('the ledger names no peer');
    }
    const gateway = await this.#start({ part: 'gateway', limits, peer });
    await this.#apart('gateway alone', [ledger, gateway], async () => {
      const load = await this.#load(gateway, 'grouped', { connections, seconds });
      const { peakMib } = await gateway.ask('memory');
      this.lines.atMost('memory of a gateway under load (ledger in another process)', peakMib, 'MiB', 400);
      this.lines.plain('HTTP: recorded accesses then', load.perSecond, '/s');
      this.lines.plain('HTTP: CPU of the gateway for one access then', load.cpuPerEvent, 'ms');
    });
    await gateway.stop();
    await ledger.stop();
  }

  async #history(): Promise<void> {
    const { lines } = this;
    const { events } = this.#options;
    const history = await startChild<HistoryQuestions, { dataDir: string }>('history', {});
    await this.#apart('read model', [history], async () => {
      const fill = await history.ask('fill', { events });
      lines.plain(`read model: events stored, up to ${String(events)}`, fill.perSecond, '/s');
      lines.plain('read model: bytes on disk for one event', (fill.bytes ?? Number.NaN) / events, 'B');
      const pages = await history.ask('pages', { count: 400 });
      lines.atMost("read model: newest 50 of a patient's history, p50", pages.newest, 'ms', 10);
      lines.atMost('read model: 50 from the middle, p50', pages.older, 'ms', 10);
      lines.plain('read model: 50 from the middle by type and purpose, p50', pages.filtered, 'ms');
    });
    await history.stop();
  }

  async #telling(): Promise<void> {
    const { lines } = this;
    const { limits, absenceWaits, pairs, kinds } = this.#options;
    const product = await this.#start({ part: 'all', limits, absenceWaits });
    await this.#apart('denied and absent', [product], () =>
      measureDenied(product, this.#key.privateJwk, { rounds: pairs, kinds }, (name, found) => {
        for (const [what, [p50, p95]] of [
          ['withheld', found.hiding],
          ['absent', found.plain],
        ] as const) {
          lines.plain(`${name}: ${what}, p50`, p50, 'ms');
          lines.plain(`${name}: ${what}, p95`, p95, 'ms');
        }
        lines.plain(`${name}: withheld is slower than absent`, found.told * 100, '%');
        lines.plain(`${name}: absent is slower than absent`, found.chance * 100, '%');
      }),
    );
    await product.stop();
  }
}

/** The version of the client of Fabric that the gateway is pinned to. */
function clientVersion(): string {
  const manifest = path.resolve(__dirname, '../../gateway/package.json');
  const { dependencies } = JSON.parse(readFileSync(manifest, 'utf8')) as {
    readonly dependencies: Readonly<Record<string, string>>;
  };
  return String(dependencies['@hyperledger/fabric-gateway']);
}

async function benchEmbedded(): Promise<void> {
  const options = readOptions();
  const [cpu] = cpus();
  process.stdout.write(
    `Node ${process.version}, ${String(cpus().length)} × ${cpu?.model.trim() ?? 'unknown processor'}, load of the machine before: ${loadavg()[0]?.toFixed(1) ?? '?'}\n` +
      `fabric-gateway ${clientVersion()}\n\n`,
  );
  const bench = new Bench(options, await newClientKey());
  await bench.run();
  const { met, missed } = bench.lines.verdicts;
  process.stdout.write(`\n${String(met)} goals met, ${String(missed)} missed\n`);
}

async function main(): Promise<void> {
  const args = process.argv.slice(2);
  if (args.includes('--fabric')) {
    const { benchFabric } = await import('./fabric/run.js');
    await benchFabric(args);
  } else if (args.includes('--portal')) {
    const { benchPortal } = await import('./portal/run.js');
    await benchPortal(args);
  } else if (args.includes('--slow-readers')) {
    const { benchSlowReaders } = await import('./slow/run.js');
    await benchSlowReaders(args);
  } else {
    await benchEmbedded();
  }
}

runMain(async () => {
  await main();
  return Number(process.exitCode ?? 0);
});
