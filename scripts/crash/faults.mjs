// SPDX-License-Identifier: Apache-2.0
/** What can break, and how it is mended. Each breaks under load and says when the part was back. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { setTimeout as wait } from 'node:timers/promises';
import { startLoad, untilUpToDate } from './accessLoad.mjs';
import { freePorts } from '../dev/ports.mjs';
import { findFerretDb, startMongo } from '../../test/support/ferretdb/mongoServer.mjs';
import { startOne, status, stopOne } from '../../dist/network/commands.js';
import { running } from '../../dist/network/processes.js';

const UP_TO_DATE_MS = 60_000;
const PROGRAM = new URL('../../gateway/bin/chartwitness.cjs', import.meta.url).pathname;

/**
 * @typedef {object} Ground
 * @property {import('../../dist/network/commands.js').Network} network
 * @property {import('../../dist/network/commands.js').Binaries} binaries
 * @property {any} demo the running demonstration
 * @property {string} dataDir
 * @property {import('../../test/support/ferretdb/mongoServer.mjs').MongoServer} [mongo] while the read model lies on one
 */
/**
 * @typedef {object} Fault
 * @property {string} name
 * @property {string[]} refuses who may answer 503 meanwhile: roles' names, `consents`, `reads` (of the patients' lists)
 * @property {string[]} cuts who may be unreachable meanwhile
 * @property {(ground: Ground, outageMs: number, place: string) => Promise<{backAt: number, extra?: import('./accessLoad.mjs').Load}>} run
 * @property {number} [stock] tokens to ask for before anything is broken
 * @property {() => string | undefined} [absent] why it cannot be played on this machine
 * @property {(ground: Ground) => Promise<() => Promise<void>>} [prepare] before the load starts; returns what takes it back
 */

const EVERYBODY = ['hospital.north', 'hospital.south', 'consents'];

/** @returns {Fault} */
const killed = (name, refuses, prefix) => ({
  name,
  refuses,
  cuts: [],
  run: async ({ network, binaries }, outageMs) => {
    const { parts } = await status(network, undefined);
    const found = parts.find(({ part }) => part === prefix || part.startsWith(`${prefix}.`));
    if (found?.pid === undefined) throw new Error(`${prefix} does not run`);
    await stopOne(network, found.part, 'SIGKILL');
    await wait(outageMs);
    await startOne(network, binaries, found.part);
    return { backAt: performance.now() };
  },
});

/** @returns {Fault} */
const roleKilled = (name, mspId, sides) => ({
  name,
  ...sides,
  run: async ({ demo }, outageMs) => {
    const role = demo.role(mspId);
    await role.stop('SIGKILL');
    await wait(outageMs);
    await role.start();
    return { backAt: performance.now() };
  },
});

/**
 * From one moment on nothing that the role's process writes reaches a file: its stores, its log. (Linux's limit on the size of files, set from
 * outside; the process sees write errors as on a broken or full disk.)
 * @returns {Fault}
 */
const diskFull = (name, mspId, refuses) => ({
  name,
  refuses,
  cuts: [],
  stock: 200,
  absent: () => (spawnSync('prlimit', ['--version']).status === 0 ? undefined : 'no prlimit'),
  run: async ({ demo, dataDir }, outageMs) => {
    const { pid } = running({ dataDir: join(dataDir, 'processes') }, demo.role(mspId).name) ?? {};
    if (pid === undefined) throw new Error(`${mspId}’s role does not run`);
    limitFiles(pid, '0');
    await wait(outageMs);
    limitFiles(pid, 'unlimited');
    return { backAt: performance.now() };
  },
});

function limitFiles(pid, bytes) {
  // The soft limit alone, which anybody may raise again.
  execFileSync('prlimit', ['--pid', String(pid), `--fsize=${bytes}:`]);
}

/** @type {Fault[]} */
export const FAULTS = [
  killed('orderer killed', EVERYBODY, 'orderer'),
  killed('trustee’s peer killed', EVERYBODY, 'peer.trustee'),
  killed('holder’s peer killed', ['hospital.north'], 'peer.north'),
  killed('holder’s chaincode killed', ['hospital.north'], 'chaincode.north'),
  killed('trustee’s chaincode killed', EVERYBODY, 'chaincode.trustee'),
  roleKilled('gateway kill -9', 'NorthHospitalMSP', {
    refuses: ['hospital.north'],
    cuts: ['hospital.north'],
  }),
  // While it starts it answers 503 already, so that nobody else can take its port.
  roleKilled('trustee kill -9', 'TrusteeMSP', {
    refuses: ['consents', 'reads'],
    cuts: ['consents', 'reads'],
  }),
  diskFull('gateway’s disk full', 'NorthHospitalMSP', ['hospital.north']),
  diskFull('trustee’s disk full', 'TrusteeMSP', ['reads']),
  {
    name: 'read model’s MongoDB killed',
    refuses: ['reads'],
    cuts: [],
    absent: () => {
      const found = findFerretDb();
      return found.kind === 'absent' ? found.reason : undefined;
    },
    prepare: moveToMongo,
    run: async ({ mongo }, outageMs) => {
      await mongo.crash();
      await wait(outageMs);
      await mongo.restart();
      return { backAt: performance.now() };
    },
  },
  {
    name: 'second gateway on the lane',
    refuses: ['hospital.north'],
    cuts: ['hospital.north'],
    run: secondGateway,
  },
];

/** The trustee's read model moves to a server of its own, where it is built anew from the ledger, and back afterwards. */
async function moveToMongo(ground) {
  const role = ground.demo.role('TrusteeMSP');
  const settings = readFileSync(role.configFile, 'utf8');
  const mongo = await startMongo(findFerretDb());
  ground.mongo = mongo;
  writeFileSync(role.configFile, `${settings}MONGODB_URI='${mongo.database()}'\n`, { mode: 0o600 });
  await role.stop();
  for (const command of ['indexes', 'rebuild']) {
    execFileSync(process.execPath, [`--env-file=${role.configFile}`, PROGRAM, 'readmodel', command]);
  }
  await role.start();
  return async () => {
    writeFileSync(role.configFile, settings, { mode: 0o600 });
    await role.stop();
    await role.start();
    ground.mongo = undefined;
    await mongo.close();
    const { portalUrl, patients } = ground.demo.file;
    await untilUpToDate({ portalUrl, patient: patients[0], withinMs: UP_TO_DATE_MS });
  };
}

/**
 * Another process with the same lane and a store of its own. Within moments one of the two must be fenced; the operator gives that one
 * another name, or stops it, and goes on.
 */
async function secondGateway({ demo, dataDir }, outageMs, round) {
  const role = demo.role('NorthHospitalMSP');
  const settings = readFileSync(role.configFile, 'utf8');
  const second = await startSecond(settings, join(dataDir, `second-${round}`));
  const hospital = demo.file.hospitals.find(({ mspId }) => mspId === role.mspId);
  const { patientId } = demo.file.patients.find(({ hospital: at }) => at === role.mspId);
  const extra = startLoad({
    hospital: { ...hospital, fhirBaseUrl: `${second.url}/fhir`, tokenEndpoint: `${second.url}/oauth/token` },
    patientId,
    prefix: `urn:fault:${round}:second:`,
    workers: 3,
  });
  const ownOperations = `http://127.0.0.1:${settings.match(/^OPERATIONS_PORT='?(\d+)/m)?.[1]}`;
  const fenced = await untilFenced([ownOperations, second.operationsUrl]);
  await wait(outageMs);
  await extra.stop();
  await second.kill();
  if (fenced.includes(ownOperations)) {
    await role.stop();
    writeFileSync(role.configFile, settings.replace(/^GATEWAY_NAME=.*$/m, `GATEWAY_NAME='main-${round}'`));
    await role.start();
  }
  return { backAt: performance.now(), extra };
}

async function startSecond(settings, dataDir) {
  const port = await freePorts(2);
  const operationsPort = port + 1;
  const url = `http://127.0.0.1:${port}`;
  const file = `${dataDir}.env`;
  const own = { PORT: port, BASE_URL: url, OPERATIONS_PORT: operationsPort, DATA_DIR: dataDir };
  const text = Object.entries(own).reduce(
    (current, [name, value]) => current.replace(new RegExp(`^${name}=.*$`, 'm'), `${name}='${value}'`),
    settings,
  );
  writeFileSync(file, text, { mode: 0o600 });
  const child = spawn(process.execPath, [`--env-file=${file}`, PROGRAM, 'serve', '--role', 'hospital'], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text) => {
    // The last words are enough to say why it ended.
    said = (said + text).slice(-2_000);
  });
  const exited = new Promise((resolve) => child.once('exit', resolve));
  const ended = exited.then((code) => {
    throw new Error(`the second gateway ended with ${String(code)}: ${said}`);
  });
  // Also where it is killed on purpose, later.
  ended.catch(() => undefined);
  await Promise.race([untilAnswers(url), ended]);
  return {
    url,
    operationsUrl: `http://127.0.0.1:${operationsPort}`,
    kill: async () => {
      child.kill('SIGKILL');
      await exited;
    },
  };
}

async function untilAnswers(url) {
  const deadline = performance.now() + 30_000;
  for (;;) {
    const answer = await fetch(`${url}/readyz`).catch(() => undefined);
    await answer?.arrayBuffer();
    if (answer?.ok) return;
    if (performance.now() > deadline) throw new Error('the second gateway did not start');
    await wait(100);
  }
}

/** The gateways that say that another one writes in their lane. Asked where operators ask: callers are not told why. */
async function untilFenced(urls) {
  const deadline = performance.now() + 20_000;
  for (;;) {
    const states = await Promise.all(
      urls.map((url) => fetch(`${url}/readyz`).then((answer) => answer.text())),
    );
    const fenced = urls.filter((_url, index) => states[index]?.includes('Another gateway writes in lane'));
    if (fenced.length > 0) return fenced;
    if (performance.now() > deadline) throw new Error(`no gateway was fenced: ${states.join(' ')}`);
    await wait(100);
  }
}
