// SPDX-License-Identifier: Apache-2.0
/**
 * Breaks one part after another of the product on a native Fabric network, under load from two gateways, and looks at what it left:
 *   node scripts/crash/faultRounds.mjs [--rounds 1] [--only orderer] [--seed N]
 *     [--shortest-ms 500] [--longest-ms 12000]
 * A round plays every fault once. After each: every released answer has its one record, every acknowledged consent is on file, nothing is
 * recorded twice, every refusal meanwhile was a 503 with Retry-After, accesses, consents and lists succeed again within 10 s of the part's return, the
 * list then shows what was released since, and the read model equals what the ledger derives. Needs Fabric's programs and `npm run build`. Prints the seed; the same seed plays the same outages.
 */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { binariesIfPresent } from '../../dist/network/binaries.js';
import { readDescription } from '../../dist/network/description.js';
import {
  consentVersion,
  startConsents,
  startLoad,
  startReads,
  untilAllListed,
  untilListed,
} from './accessLoad.mjs';
import { FAULTS } from './faults.mjs';
import { usage, wholeNumber } from './usage.mjs';

const require = createRequire(import.meta.url);
const { startFabricDemo } = require('../../gateway/dist/demo/fabricDemo.js');

const WORKERS = 4;
const WARM_UP_MS = 1_000;
const RECOVERY_LIMIT_MS = 10_000;
/** Longer than the limit, so that a slow recovery is measured instead of cut off. */
const GIVE_UP_MS = 60_000;
const PROGRAM = new URL('../../gateway/bin/chartwitness.cjs', import.meta.url).pathname;
const COLUMNS = [
  'rounds',
  'sent',
  'released',
  'refused',
  'lost',
  'twice',
  'wrong',
  'slow',
  'consents',
  'lostConsents',
  'reads',
];

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '1' },
    only: { type: 'string' },
    seed: { type: 'string' },
    'shortest-ms': { type: 'string', default: '500' },
    'longest-ms': { type: 'string', default: '12000' },
  },
});
const rounds = wholeNumber(values, 'rounds');
const shortestMs = wholeNumber(values, 'shortest-ms');
const longestMs = wholeNumber(values, 'longest-ms');
const wanted = FAULTS.filter(({ name }) => values.only === undefined || name.includes(values.only));
if (wanted.length === 0) usage(`--only must be part of one of: ${FAULTS.map(({ name }) => name).join(', ')}`);
const seed = values.seed ?? String(Date.now());

/** A number in [0, 1) that depends on the seed and the place only. */
function chance(place) {
  return createHash('sha256').update(`${seed}/${place}`).digest().readUInt32BE() / 2 ** 32;
}

const binaries = binariesIfPresent(process.env);
if (binaries === undefined) {
  console.log('Fabric: not run (no binaries): faults');
  process.exit(0);
}

const faults = wanted.filter(({ name, absent }) => {
  const reason = absent?.();
  if (reason !== undefined) console.log(`${name}: not run (${reason})`);
  return reason === undefined;
});

const dataDir = mkdtempSync(join(tmpdir(), 'chartwitness-faults-'));
const totals = new Map(faults.map(({ name }) => [name, newTotals()]));
/** Entries in the read model of each network, at its last check. */
const entries = new Map();

function newTotals() {
  return {
    ...Object.fromEntries(COLUMNS.map((column) => [column, 0])),
    differences: 0,
    slowestMs: 0,
  };
}

/** Two gateways' load, the fault in the middle of it, and what is to be seen afterwards. */
async function playFault(ground, fault, round) {
  const { demo } = ground;
  const { portalUrl } = demo.file;
  const total = totals.get(fault.name);
  const place = `${round}:${fault.name.replace(/[^a-z]+/gi, '-')}`;
  const takeBack = await fault.prepare?.(ground);
  const people = ['NorthHospitalMSP', 'SouthClinicMSP'].map((mspId) => ({
    role: demo.role(mspId).name,
    patient: demo.file.patients.find(({ hospital }) => hospital === mspId),
    hospital: demo.file.hospitals.find((hospital) => hospital.mspId === mspId),
    prefix: `urn:fault:${place}:${mspId}:`,
  }));
  const loads = people.map(({ hospital, patient, prefix }) =>
    startLoad({ hospital, patientId: patient.patientId, prefix, workers: WORKERS, stock: fault.stock ?? 0 }),
  );
  const writer = demo.file.patients.find(({ username }) => username === 'buster');
  const consents = startConsents({ portalUrl, patient: writer, rule: `r${round}` });
  const reads = startReads({ portalUrl, patient: people[0].patient });
  const streams = [...loads, consents, reads];
  const started = performance.now();
  // Nothing is broken before everybody has been served.
  for (const served of streams) {
    if ((await untilAnswered(served, started)) === GIVE_UP_MS) throw new Error('the product does not answer');
  }
  await wait(WARM_UP_MS);
  const brokenAt = performance.now();
  const outageMs = Math.round(shortestMs + chance(place) * Math.max(0, longestMs - shortestMs));
  const { backAt, extra } = await fault.run(ground, outageMs, place);
  const recoveries = await Promise.all([
    ...streams.map((each) => untilAnswered(each, backAt)),
    ...people.map(({ patient }, index) => untilShown(loads[index], patient, portalUrl, backAt)),
  ]);
  await Promise.all(streams.map((stream) => stream.stop()));

  total.rounds += 1;
  const slowest = Math.max(...recoveries);
  total.slowestMs = Math.max(total.slowestMs, slowest);
  if (slowest > RECOVERY_LIMIT_MS) total.slow += 1;
  for (const [index, load] of loads.entries()) {
    judgeAnswers(total, load, fault, people[index].role);
    await judgeList(total, demo, people[index], load);
  }
  if (extra !== undefined) {
    judgeAnswers(total, extra, fault, people[0].role);
    await judgeList(total, demo, { patient: people[0].patient, prefix: `urn:fault:${place}:second:` }, extra);
  }
  judgeStream(total, consents, fault, 'consents');
  judgeStream(total, reads, fault, 'reads');
  total.consents += consents.acknowledged.length;
  total.reads += reads.answers.filter(({ status }) => status === 200).length;
  const version = await consentVersion({ portalUrl, patient: writer });
  total.lostConsents += Math.max(0, Math.max(0, ...consents.acknowledged) - version);
  const differs = await differences(demo);
  total.differences += differs;
  await takeBack?.();
  const during = streams.map((stream) => tally(stream.answers.filter(({ at }) => at >= brokenAt)));
  console.log(
    `  ${fault.name}: away ${outageMs} ms; back in ${recoveries.map((ms) => Math.round(ms)).join(', ')} ms; ` +
      `answers since ${JSON.stringify(during)}`,
  );
}

/** Milliseconds from `backAt` to the first success after it; 0 when requests went on succeeding. */
async function untilAnswered(stream, backAt) {
  for (;;) {
    const good = stream.answers.find(({ at, status }) => at >= backAt && status === 200);
    if (good !== undefined) return good.at - backAt;
    if (performance.now() - backAt > GIVE_UP_MS) return GIVE_UP_MS;
    await wait(20);
  }
}

/** Milliseconds from `backAt` until the patient's list shows an access that was released after it. */
async function untilShown(load, patient, portalUrl, backAt) {
  await untilAnswered(load, backAt);
  const first = load.answers.find(({ at, id }) => at >= backAt && id !== undefined);
  if (first === undefined) return GIVE_UP_MS;
  const isShown = await untilListed({ portalUrl, patient, id: first.id, withinMs: GIVE_UP_MS });
  return isShown ? performance.now() - backAt : GIVE_UP_MS;
}

function judgeAnswers(total, load, fault, who) {
  total.sent += load.sent;
  total.released += load.released.size;
  judgeStream(total, load, fault, who);
}

/** Meanwhile everybody answers 200, or, if the fault concerns it, 503 with the time to come back. */
function judgeStream(total, { answers }, { refuses, cuts }, who) {
  for (const { status, retryAfter } of answers) {
    if (status === 200) continue;
    total.refused += 1;
    const isRight =
      (status === 503 && retryAfter && refuses.includes(who)) ||
      (status === 'unreachable' && cuts.includes(who)) ||
      // A change whose acknowledgement was lost is on file when the next one names the version before.
      (status === 412 && who === 'consents');
    if (!isRight) {
      total.wrong += 1;
      console.log(`  wrong: ${who} answered ${status}${retryAfter ? ' with Retry-After' : ''}`);
    }
  }
}

/** How often each status. */
function tally(answers) {
  const counts = {};
  for (const { status } of answers) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
}

async function judgeList(total, demo, { patient, prefix }, load) {
  const counts = await untilAllListed({
    portalUrl: demo.file.portalUrl,
    patient,
    prefix,
    ids: load.released,
    liveWithinMs: GIVE_UP_MS,
    shownWithinMs: RECOVERY_LIMIT_MS,
  });
  total.lost += [...load.released].filter((id) => !counts.has(id)).length;
  total.twice += [...counts.values()].filter((count) => count > 1).length;
}

/** With the trustee's process down: its read model against a new derivation from the ledger, by the operator's own command. */
async function differences(demo) {
  const role = demo.role('TrusteeMSP');
  await role.stop();
  const { code, output } = await run([`--env-file=${role.configFile}`, PROGRAM, 'readmodel', 'check']);
  await role.start();
  entries.set(demo.network.dataDir, Number(/(\d+) entries/.exec(output)?.[1] ?? 0));
  if (code !== 0) console.log(output);
  return code === 0 ? 0 : 1;
}

function run(args) {
  return new Promise((resolve) => {
    execFile(process.execPath, args, (error, stdout, stderr) => {
      resolve({
        code: error === null ? 0 : (error.code ?? 1),
        output: stdout + (error === null ? '' : stderr),
      });
    });
  });
}

function print() {
  const head = ['fault', ...COLUMNS, 'differences', 'slowest ms'];
  console.log(`| ${head.join(' | ')} |\n|${head.map(() => '---').join('|')}|`);
  for (const [name, total] of totals) {
    const cells = [...COLUMNS.map((column) => total[column]), total.differences, Math.round(total.slowestMs)];
    console.log(`| ${[name, ...cells].join(' | ')} |`);
  }
}

console.log(
  `faults under load from two gateways: ${rounds} rounds, Fabric ${binaries.version}, seed ${seed}`,
);
/** Some rounds of some faults, on a network of their own; what was counted so far is printed, also for a run that is cut short later. */
async function playOnOneNetwork(own, part, from, to) {
  if (own.length === 0) return;
  const folder = join(dataDir, part);
  const demo = await startFabricDemo({
    dataDir: folder,
    demoFile: join(folder, 'demo.json'),
    port: 0,
    networkPort: 0,
    logLevel: 'warn',
    say: () => undefined,
  });
  try {
    const network = readDescription({ dataDir: demo.network.dataDir, portBase: demo.network.portBase });
    const ground = { demo, network, binaries, dataDir: folder };
    for (let round = from; round < to; round += 1) {
      console.log(`${part}, round ${round + 1}`);
      for (const fault of own) await playFault(ground, fault, round);
    }
  } finally {
    await demo.close();
  }
  print();
}

await playOnOneNetwork(
  faults.filter(({ prepare }) => prepare === undefined),
  'embedded-store',
  0,
  rounds,
);
// The tests' MongoDB-compatible server reads everything where MongoDB reads an index: each round has a ledger of its own, a short one.
for (let round = 0; round < rounds; round += 1) {
  await playOnOneNetwork(
    faults.filter(({ prepare }) => prepare !== undefined),
    `mongodb-${String(round + 1)}`,
    round,
    round + 1,
  );
}
const sum = (column) => [...totals.values()].reduce((all, total) => all + total[column], 0);
const bad = ['lost', 'twice', 'wrong', 'slow', 'lostConsents', 'differences'].reduce(
  (all, name) => all + sum(name),
  0,
);
console.log(
  `${rounds} rounds of ${faults.length} faults: ${sum('sent')} requests, ${sum('released')} released, lost ${sum('lost')}, twice ${sum('twice')}; ` +
    `${sum('refused')} refused, of these not by 503 with Retry-After ${sum('wrong')}; recoveries over 10 s ${sum('slow')}; ` +
    `${sum('consents')} consents acknowledged, lost ${sum('lostConsents')}; ${sum('reads')} lists read; ${[...entries.values()].reduce((all, count) => all + count, 0)} entries, read models that differ ${sum('differences')}`,
);
const isGood = bad === 0 && sum('released') > 0;
if (isGood) rmSync(dataDir, { recursive: true, force: true });
else console.log(`what it left: ${dataDir}`);
process.exitCode = isGood ? 0 : 1;
