// SPDX-License-Identifier: Apache-2.0
/**
 * How long a break-glass token and its access take together while the hospital's own peer is away, in each way to be away, on a native Fabric network:
 *   node scripts/crash/emergencies.mjs [--tries 20] [--further 3] [--further-ms 1500] [--only hanging,revoked]
 * A try: all is well (an ordinary access was just released), the peer goes away, a person who was not seen before breaks the glass; then further
 * persons; beside the first of every fifth try, an ordinary request. Prints a table. Ends with 1 when a first took more than 5 s, a further one more than 1.5 s, an ordinary
 * one more than the deadline allows, or any had another answer than it should. Needs Fabric's programs and `npm run build`.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { binariesIfPresent } from '../../dist/network/binaries.js';
import { readDescription } from '../../dist/network/description.js';
import { usage, wholeNumber } from './usage.mjs';
import { waysAway } from './waysAway.mjs';

const require = createRequire(import.meta.url);
const { startFabricDemo } = require('../../gateway/dist/demo/fabricDemo.js');
const { HospitalClient } = require('../../gateway/dist/demo/hospitalClient.js');

const MSP_ID = 'NorthHospitalMSP';
const FIRST_LIMIT_MS = 5_000;
/** The recorder's deadline for an ordinary access, and what a token may take before it. */
const ORDINARY_LIMIT_MS = 13_000;
const WELL_WITHIN_MS = 60_000;
/** An ordinary request waits for its whole deadline, so only every so many tries have one. */
const ORDINARY_EVERY = 5;

const { values } = parseArgs({
  options: {
    tries: { type: 'string', default: '20' },
    further: { type: 'string', default: '3' },
    'further-ms': { type: 'string', default: '1500' },
    only: { type: 'string' },
  },
});
const tries = wholeNumber(values, 'tries');
const further = wholeNumber(values, 'further');
const furtherLimitMs = wholeNumber(values, 'further-ms');
const only = (values.only ?? '').split(',');
const wanted = waysAway().filter(({ name }) => only.some((part) => name.includes(part)));
if (wanted.length === 0)
  usage(
    `--only must be part of one of: ${waysAway()
      .map(({ name }) => name)
      .join(', ')}`,
  );

const binaries = binariesIfPresent(process.env);
if (binaries === undefined) {
  console.log('Fabric: not run (no binaries): emergencies');
  process.exit(0);
}

const dataDir = mkdtempSync(join(tmpdir(), 'chartwitness-emergencies-'));
const demo = await startFabricDemo({
  dataDir,
  demoFile: join(dataDir, 'demo.json'),
  port: 0,
  networkPort: 0,
  logLevel: 'warn',
  say: () => undefined,
});
const network = readDescription({ dataDir: demo.network.dataDir, portBase: demo.network.portBase });
const organisation = network.organisations.find(({ mspId }) => mspId === MSP_ID);
const hospital = demo.file.hospitals.find(({ mspId }) => mspId === MSP_ID);
const { patientId } = demo.file.patients.find(({ hospital: at }) => at === MSP_ID);
let persons = 0;

/** A person's token and access together. @returns {Promise<{status: number, ms: number}>} */
async function timed(purpose, reason) {
  persons += 1;
  const id = `urn:emergencies:${String(persons)}`;
  const errand = {
    practitioner: { id, name: `Person ${'abcdefghij'[persons % 10]}`, role: 'doctor' },
    purpose,
    ...(reason === undefined ? {} : { reason }),
  };
  const client = new HospitalClient(hospital, hospital.clients[0]);
  const began = performance.now();
  const status = await client.get(`Condition?patient=${patientId}`, errand).then(
    (answer) => answer.status,
    (error) => (error.name === 'TokenRefused' ? error.status : 0),
  );
  return { status, ms: performance.now() - began };
}

const emergency = () => timed('BTG', 'Unconscious on arrival after a fall');
const ordinary = () => timed('TREAT');

/** Until ordinary accesses are released: at once, one after the other, so that nothing is left over from the try before. */
async function answers() {
  const until = performance.now() + WELL_WITHIN_MS;
  for (let good = 0; good < 2;) {
    const { status } = await ordinary();
    good = status === 200 ? good + 1 : 0;
    if (status === 200) continue;
    if (performance.now() > until)
      throw new Error(`an ordinary access is answered ${String(status)} for a minute`);
    await wait(200);
  }
}

const ground = { network, binaries, organisation, role: demo.role(MSP_ID), answers, dataDir };

/** @param {import('./waysAway.mjs').Way} way */
async function play(way) {
  const seen = { first: [], further: [], ordinary: [] };
  const restore = await way.prepare?.(ground);
  for (let number = 0; number < tries; number += 1) {
    await answers();
    await way.breaks(ground);
    try {
      const beside = number % ORDINARY_EVERY === 0 ? [ordinary()] : [];
      seen.first.push(await emergency());
      for (let one = 0; one < further; one += 1) seen.further.push(await emergency());
      seen.ordinary.push(...(await Promise.all(beside)));
    } finally {
      await way.mends(ground);
    }
  }
  await answers();
  await restore?.();
  return seen;
}

const seconds = (ms) => `${(ms / 1000).toFixed(2)} s`;
const slowest = (list) => Math.max(...list.map(({ ms }) => ms));
function median(list) {
  const sorted = list.map(({ ms }) => ms).sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}

function isGood({ first, further: later, ordinary: beside }) {
  return (
    slowest(first) <= FIRST_LIMIT_MS &&
    slowest(later) <= furtherLimitMs &&
    slowest(beside) <= ORDINARY_LIMIT_MS &&
    [...first, ...later].every(({ status }) => status === 200) &&
    beside.every(({ status }) => status === 503)
  );
}

let bad = 0;
console.log(
  `Fabric ${binaries.version}, ${new Date().toISOString().slice(0, 10)}, ${String(tries)} tries each`,
);
console.log(
  '| way | first, median | first, slowest | further, median | further, slowest | ordinary, slowest | answers |',
);
console.log('| --- | --- | --- | --- | --- | --- | --- |');
try {
  for (const way of wanted) {
    const seen = await play(way);
    const statuses = (list) => [...new Set(list.map(({ status }) => status))].join('/');
    const cells = [
      way.name,
      seconds(median(seen.first)),
      seconds(slowest(seen.first)),
      seconds(median(seen.further)),
      seconds(slowest(seen.further)),
      seconds(slowest(seen.ordinary)),
      `${statuses(seen.first)}, ${statuses(seen.further)}; ${statuses(seen.ordinary)}`,
    ];
    if (!isGood(seen)) bad += 1;
    console.log(`| ${cells.join(' | ')} |${isGood(seen) ? '' : ' MISSED'}`);
  }
} finally {
  await demo.close();
}
console.log(`${String(wanted.length)} ways, ${String(tries)} tries each, missed ${String(bad)}`);
if (bad === 0) rmSync(dataDir, { recursive: true, force: true });
else console.log(`what it left: ${dataDir}`);
process.exitCode = bad === 0 ? 0 : 1;
