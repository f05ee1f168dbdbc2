// SPDX-License-Identifier: Apache-2.0
/** What can break, and how it is mended. Each breaks under load and says when the part was back. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { spawn } from 'node:child_process';
import { setTimeout as wait } from 'node:timers/promises';
import { startLoad } from './accessLoad.mjs';
import { startOne, status, stopOne } from '../network/network.mjs';
import { takeFreePort } from './freePort.mjs';

const PROGRAM = new URL('../../gateway/bin/chartwitness.cjs', import.meta.url).pathname;

/**
 * @typedef {object} Ground
 * @property {import('../network/network.mjs').Network} network
 * @property {import('../network/network.mjs').Binaries} binaries
 * @property {any} demo the running demonstration
 * @property {string} dataDir
 */
/**
 * @typedef {object} Fault
 * @property {string} name
 * @property {string[]} gateways names of the roles that may answer 503 meanwhile
 * @property {boolean} cutsConnections whether one of them may also be unreachable
 * @property {(ground: Ground, outageMs: number, round: number) => Promise<{backAt: number, extra?: import('./accessLoad.mjs').Load}>} run
 */

const BOTH = ['hospital.north', 'hospital.south'];

/** @returns {Fault} */
const killed = (name, gateways, prefix) => ({
  name,
  gateways,
  cutsConnections: false,
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

/** @type {Fault[]} */
export const FAULTS = [
  killed('orderer killed', BOTH, 'orderer'),
  killed('trustee’s peer killed', BOTH, 'peer.trustee'),
  killed('holder’s peer killed', ['hospital.north'], 'peer.north'),
  killed('holder’s chaincode killed', ['hospital.north'], 'chaincode.north'),
  killed('trustee’s chaincode killed', BOTH, 'chaincode.trustee'),
  {
    name: 'gateway kill -9',
    gateways: ['hospital.north'],
    cutsConnections: true,
    run: async ({ demo }, outageMs) => {
      const role = demo.role('NorthHospitalMSP');
      await role.stop('SIGKILL');
      await wait(outageMs);
      await role.start();
      return { backAt: performance.now() };
    },
  },
  {
    name: 'trustee kill -9',
    gateways: [],
    cutsConnections: false,
    run: async ({ demo }, outageMs) => {
      const role = demo.role('TrusteeMSP');
      await role.stop('SIGKILL');
      await wait(outageMs);
      await role.start();
      return { backAt: performance.now() };
    },
  },
  {
    name: 'second gateway on the lane',
    gateways: ['hospital.north'],
    cutsConnections: true,
    run: secondGateway,
  },
];

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
  const fenced = await untilFenced([role.url, second.url]);
  await wait(outageMs);
  await extra.stop();
  await second.kill();
  if (fenced.includes(role.url)) {
    await role.stop();
    writeFileSync(role.configFile, settings.replace(/^GATEWAY_NAME=.*$/m, `GATEWAY_NAME='main-${round}'`));
    await role.start();
  }
  return { backAt: performance.now(), extra };
}

async function startSecond(settings, dataDir) {
  const port = await takeFreePort();
  const url = `http://127.0.0.1:${port}`;
  const file = `${dataDir}.env`;
  const own = { PORT: port, BASE_URL: url, DATA_DIR: dataDir };
  const text = Object.entries(own).reduce(
    (current, [name, value]) => current.replace(new RegExp(`^${name}=.*$`, 'm'), `${name}='${value}'`),
    settings,
  );
  writeFileSync(file, text, { mode: 0o600 });
  const child = spawn(process.execPath, [`--env-file=${file}`, PROGRAM, 'serve', '--role', 'hospital'], {
    stdio: 'ignore',
  });
  const exited = new Promise((resolve) => child.once('exit', resolve));
  await untilAnswers(url);
  return {
    url,
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

/** The gateways that say that another one writes in their lane. */
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
