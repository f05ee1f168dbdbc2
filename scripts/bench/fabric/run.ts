// SPDX-License-Identifier: Apache-2.0
/**
 * Measures the product on a native Fabric network of its own and prints tables:
 *   npm run bench -- --fabric [--only compare,lag,disk,lanes,subjects,history] [--seconds 6] [--callers
 *   1,16,64,256] [--subjects 10000]
 * Needs Fabric's programs. README.md beside the folder has what each line means and the last results.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { RecorderLimits } from '../../../gateway/dist/recorder/limits';
import { binariesIfPresent } from '../../network/binaries';
import { startChild } from '../child';
import { type ClientKey, newClientKey } from '../keys';
import { NORTH } from '../network';
import { watchOthers } from '../otherLoad';
import { ownCpuMs } from '../processorTime';
import { openBenchNetwork } from './benchNetwork';
import { checkDecisions } from './checkDecisions';
import { compare, VARIANTS } from './compare';
import { measureDisk } from './disk';
import type { FabricGateway, FabricGatewayArgument } from './gateway';
import type { FabricGround, FabricOptions, Level, VariantKey } from './ground';
import { growLanes, growSubjects } from './growth';
import { measureMongoHistory } from './historyPages';
import { measureLag } from './lag';
import { cpuMsOf } from './processors';
import { createReport, type Report } from './report';

const PARTS = ['compare', 'lag', 'disk', 'lanes', 'subjects', 'history'];
/** `seed` only writes consents, for a network that is kept (`--data`). */
const ON_THE_LEDGER = ['compare', 'lag', 'disk', 'lanes', 'subjects', 'seed'];
/** Patients of the hospital's source of data, for the load over HTTP. */
const PATIENTS = 1_000;
const numbers = (text: string): readonly number[] => text.split(',').map(Number);
const isVariant = (text: string): text is VariantKey => Object.hasOwn(VARIANTS, text);
const isLevel = (text: string): text is Level => text === 'ledger' || text === 'http';

/** @param args the command line, `--fabric` among it */
export async function benchFabric(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      fabric: { type: 'boolean' },
      only: { type: 'string', default: PARTS.join(',') },
      seconds: { type: 'string', default: '6' },
      'disk-seconds': { type: 'string', default: '60' },
      callers: { type: 'string', default: '1,16,64,256' },
      subjects: { type: 'string', default: '10000' },
      events: { type: 'string', default: '1000000' },
      pages: { type: 'string', default: '400' },
      variants: { type: 'string', default: 'a,b,c' },
      levels: { type: 'string', default: 'ledger,http' },
      limits: { type: 'string', default: '{}' },
      data: { type: 'string' },
      profile: { type: 'string' },
    },
  });
  const wanted = new Set(values.only.split(','));
  const options: FabricOptions = {
    seconds: Number(values.seconds),
    diskSeconds: Number(values['disk-seconds']),
    callers: numbers(values.callers),
    subjects: numbers(values.subjects),
    events: Number(values.events),
    pages: Number(values.pages),
    variants: values.variants.split(',').filter(isVariant),
    levels: values.levels.split(',').filter(isLevel),
    limits: JSON.parse(values.limits) as Partial<RecorderLimits>,
    profile: values.profile,
    data: values.data,
  };
  const say = (line: string): void => void process.stdout.write(`${line}\n`);
  const binaries = binariesIfPresent(process.env);
  if (binaries === undefined) {
    say('Fabric: not run (no binaries)');
    return;
  }
  const report = createReport(say);
  const [cpu] = cpus();
  say(
    `Node ${process.version}, Fabric ${binaries.version}, ${String(cpus().length)} × ${cpu?.model.trim() ?? 'unknown processor'}, ` +
      `load of the machine before: ${loadavg()[0]?.toFixed(1) ?? '?'}\n`,
  );
  if (ON_THE_LEDGER.some((part) => wanted.has(part))) {
    await onNetwork(report, await newClientKey(), options, wanted);
  }
  if (wanted.has('history')) {
    await measureMongoHistory(report, options);
  }
  const { met, missed } = report.verdicts();
  say(`${String(met)} goals met, ${String(missed)} missed`);
}

async function onNetwork(
  report: Report,
  { privateJwk, publicJwk }: ClientKey,
  options: FabricOptions,
  wanted: ReadonlySet<string>,
): Promise<void> {
  const ownDir = mkdtempSync(join(tmpdir(), 'chartwitness-bench-fabric-'));
  const bench = await openBenchNetwork({
    dataDir: options.data,
    ownDir,
    say: (line) => {
      report.say(line);
    },
  });
  const ground: FabricGround = {
    bench,
    report,
    privateJwk,
    options,
    register: () => bench.register(publicJwk),
  };
  const gateways = (
    count: number,
    work: (started: readonly FabricGateway[]) => Promise<void>,
  ): Promise<void> => withGateways(ground, count, work);
  const oneGateway = (
    measure: (ground: FabricGround, gateway: FabricGateway) => Promise<void>,
  ): Promise<void> =>
    gateways(1, async ([gateway]) => {
      if (gateway !== undefined) {
        await measure(ground, gateway);
      }
    });
  process.once('SIGINT', () => void bench.close().then(() => process.exit(130)));
  try {
    const [first = 0] = options.subjects;
    if (['compare', 'lag', 'disk', 'lanes'].some((part) => wanted.has(part))) {
      const { added, seconds } = await bench.seedTo(first);
      report.plain(`seconds to write ${added.toLocaleString('en-US')} consents`, seconds, 's');
      await ground.register();
    }
    if (wanted.has('compare')) {
      await oneGateway(compare);
    }
    if (wanted.has('lag')) {
      await oneGateway(measureLag);
    }
    if (wanted.has('disk')) {
      await oneGateway(measureDisk);
    }
    if (wanted.has('lanes')) {
      await growLanes(ground, gateways);
    }
    if (wanted.has('subjects')) {
      await growSubjects(ground, gateways);
    }
    if (wanted.has('seed')) {
      const { added, seconds } = await bench.seedTo(Math.max(...options.subjects));
      report.plain(`seconds to write ${added.toLocaleString('en-US')} consents`, seconds, 's');
    }
  } finally {
    await bench.close();
    rmSync(ownDir, { recursive: true, force: true });
  }
}

/**
 * Gateways of the hospital, each a process with a lane of its own, while `work` runs; says how much of the
 * machine others took.
 */
async function withGateways(
  { bench, report, options }: FabricGround,
  count: number,
  work: (gateways: readonly FabricGateway[]) => Promise<void>,
): Promise<void> {
  const gateways: FabricGateway[] = [];
  const given: FabricGatewayArgument = {
    environment: bench.environment(NORTH),
    people: bench.seeded,
    patients: PATIENTS,
    limits: options.limits,
  };
  try {
    for (let index = 0; index < count; index += 1) {
      gateways.push(await startChild('fabric/gateway', given, options.profile));
    }
    const others = await watchOthers(() => {
      const product = Object.values(bench.cpu()).reduce((sum, ms) => sum + ms, 0);
      return Promise.resolve(
        gateways.reduce((sum, { ready }) => sum + cpuMsOf(ready.pid), product + ownCpuMs()),
      );
    });
    const [first] = gateways;
    if (first !== undefined) {
      await checkDecisions(first, bench.seeded);
    }
    await work(gateways);
    const share = await others();
    if (share !== undefined) {
      report.plain('processor time of other programs meanwhile', share * 100, '%');
    }
  } finally {
    await Promise.all(gateways.map((gateway) => gateway.stop()));
  }
}
