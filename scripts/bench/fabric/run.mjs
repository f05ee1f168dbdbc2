// SPDX-License-Identifier: Apache-2.0
/**
 * Measures the product on a native Fabric network of its own and prints tables:
 *   npm run bench -- --fabric [--only compare,lag,disk,lanes,subjects,history] [--seconds 6] [--callers 1,16,64,256] [--subjects 10000]
 * Needs Fabric's programs and `npm run build`. README.md beside the folder has what each line means and the last results.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { exportJWK, generateKeyPair } from 'jose';
import { startChild } from '../child.mjs';
import { watchOthers } from '../otherLoad.mjs';
import { NORTH } from '../network.mjs';
import { binariesIfPresent } from '../../../dist/network/binaries.js';
import { openBenchNetwork } from './benchNetwork.mjs';
import { checkDecisions } from './checkDecisions.mjs';
import { compare } from './compare.mjs';
import { measureDisk } from './disk.mjs';
import { growLanes, growSubjects } from './growth.mjs';
import { measureMongoHistory } from './historyPages.mjs';
import { measureLag } from './lag.mjs';
import { cpuMsOf } from './processors.mjs';
import { createReport } from './report.mjs';

const PARTS = ['compare', 'lag', 'disk', 'lanes', 'subjects', 'history'];
/** `seed` only writes consents, for a network that is kept (`--data`). */
const ON_THE_LEDGER = ['compare', 'lag', 'disk', 'lanes', 'subjects', 'seed'];
/** Patients of the hospital's source of data, for the load over HTTP. */
const PATIENTS = 1_000;
const numbers = (text) => text.split(',').map(Number);

/** @param {string[]} args what follows `--fabric` */
export async function benchFabric(args) {
  const { values } = parseArgs({
    args,
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
  const options = {
    seconds: Number(values.seconds),
    diskSeconds: Number(values['disk-seconds']),
    callers: numbers(values.callers),
    subjects: numbers(values.subjects),
    events: Number(values.events),
    pages: Number(values.pages),
    variants: values.variants.split(','),
    levels: values.levels.split(','),
    limits: JSON.parse(values.limits),
    profile: values.profile,
    data: values.data,
  };
  const say = (line) => process.stdout.write(`${line}\n`);
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
  const pair = await generateKeyPair('ES384', { extractable: true });
  const jwk = async (key) => ({ ...(await exportJWK(key)), kid: 'bench', alg: 'ES384' });
  const privateJwk = await jwk(pair.privateKey);
  const publicJwk = await jwk(pair.publicKey);
  if (ON_THE_LEDGER.some((part) => wanted.has(part))) {
    await onNetwork({ report, privateJwk, publicJwk, options, wanted });
  }
  if (wanted.has('history')) await measureMongoHistory({ report, options });
  const { met, missed } = report.verdicts();
  say(`${String(met)} goals met, ${String(missed)} missed`);
}

async function onNetwork({ report, privateJwk, publicJwk, options, wanted }) {
  const ownDir = mkdtempSync(join(tmpdir(), 'chartwitness-bench-fabric-'));
  const bench = await openBenchNetwork({ dataDir: options.data, ownDir, say: report.say });
  const ground = { bench, report, privateJwk, options, register: () => bench.register(publicJwk) };
  const gateways = (count, work) => withGateways(ground, count, work);
  process.once('SIGINT', () => void bench.close().then(() => process.exit(130)));
  try {
    const [first = 0] = options.subjects;
    if (['compare', 'lag', 'disk', 'lanes'].some((part) => wanted.has(part))) {
      const { added, seconds } = await bench.seedTo(first);
      report.plain(`seconds to write ${added.toLocaleString('en-US')} consents`, seconds, 's');
      await ground.register();
    }
    if (wanted.has('compare')) await gateways(1, ([gateway]) => compare({ ...ground, gateway }));
    if (wanted.has('lag')) await gateways(1, ([gateway]) => measureLag({ ...ground, gateway }));
    if (wanted.has('disk')) await gateways(1, ([gateway]) => measureDisk({ ...ground, gateway }));
    if (wanted.has('lanes')) await growLanes(ground, gateways);
    if (wanted.has('subjects')) await growSubjects(ground, gateways);
    if (wanted.has('seed')) {
      const { added, seconds } = await bench.seedTo(Math.max(...options.subjects));
      report.plain(`seconds to write ${added.toLocaleString('en-US')} consents`, seconds, 's');
    }
  } finally {
    await bench.close();
    rmSync(ownDir, { recursive: true, force: true });
  }
}

/** Gateways of the hospital, each a process with a lane of its own, while `work` runs; says how much of the machine others took. */
async function withGateways({ bench, report, options }, count, work) {
  const gateways = [];
  try {
    for (let index = 0; index < count; index += 1) {
      gateways.push(
        await startChild(
          './fabric/gateway.mjs',
          {
            environment: bench.environment(NORTH),
            people: bench.seeded(),
            patients: PATIENTS,
            limits: options.limits,
          },
          options.profile,
        ),
      );
    }
    const others = await watchOthers(async () => {
      const { user, system } = process.cpuUsage();
      const product = Object.values(bench.cpu()).reduce((sum, ms) => sum + ms, 0);
      return product + gateways.reduce((sum, { ready }) => sum + cpuMsOf(ready.pid), (user + system) / 1000);
    });
    await checkDecisions(gateways[0], bench.seeded());
    await work(gateways);
    const share = await others();
    if (share !== undefined) report.plain('processor time of other programs meanwhile', share * 100, '%');
  } finally {
    await Promise.all(gateways.map((gateway) => gateway.stop()));
  }
}
