// SPDX-License-Identifier: Apache-2.0
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { DemoFileHospital, DemoFilePatient } from '../../gateway/dist/demo/demoFile';
import type { RunningFabricDemo } from '../../gateway/dist/demo/fabricDemo';
import { type Load, startLoad } from '../load/accessLoad';
import { PROGRAM } from '../load/program';
import { freePorts } from '../network/freePorts';

const WORKERS = 3;
/** A busy machine is no fault of what is tested. */
const START_MS = 60_000;
const FENCED_MS = 20_000;
const LOOK_EVERY_MS = 100;
/** The last words are enough to say why it ended. */
const LAST_WORDS = 2_000;

interface SecondGateway {
  readonly url: string;
  readonly operationsUrl: string;
  kill(): Promise<void>;
}

/**
 * Another process with the same lane and a store of its own. Within moments one of the two must be fenced;
 * the operator gives that one another name, or stops it, and goes on.
 */
export async function secondGateway(
  { demo, dataDir }: { readonly demo: RunningFabricDemo; readonly dataDir: string },
  { hospital, patient }: { readonly hospital: DemoFileHospital; readonly patient: DemoFilePatient },
  outageMs: number,
  place: string,
): Promise<{ readonly backAt: number; readonly extra: Load }> {
  const role = demo.role(hospital.mspId);
  const settings = readFileSync(role.configFile, 'utf8');
  const second = await startSecond(settings, path.join(dataDir, `second-${place}`));
  const extra = startLoad({
    hospital: { ...hospital, fhirBaseUrl: `${second.url}/fhir`, tokenEndpoint: `${second.url}/oauth/token` },
    patientId: patient.patientId,
    prefix: `urn:fault:${place}:second:`,
    workers: WORKERS,
  });
  let fenced: readonly string[];
  try {
    fenced = await untilFenced([role.operationsUrl, second.operationsUrl]);
    await wait(outageMs);
    await extra.stop();
  } finally {
    await second.kill();
  }
  if (fenced.includes(role.operationsUrl)) {
    await role.stop();
    writeFileSync(role.configFile, settings.replace(/^GATEWAY_NAME=.*$/m, `GATEWAY_NAME='main-${place}'`));
    await role.start();
  }
  return { backAt: performance.now(), extra };
}

async function startSecond(settings: string, dataDir: string): Promise<SecondGateway> {
  const port = await freePorts(2);
  const operationsPort = port + 1;
  const url = `http://127.0.0.1:${String(port)}`;
  const operationsUrl = `http://127.0.0.1:${String(operationsPort)}`;
  const file = `${dataDir}.env`;
  const own = { PORT: port, BASE_URL: url, OPERATIONS_PORT: operationsPort, DATA_DIR: dataDir };
  const text = Object.entries(own).reduce(
    (current, [name, value]) =>
      current.replace(new RegExp(`^${name}=.*$`, 'm'), `${name}='${String(value)}'`),
    settings,
  );
  writeFileSync(file, text, { mode: 0o600 });
  const child = spawn(process.execPath, [`--env-file=${file}`, PROGRAM, 'serve', '--role', 'hospital'], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (words: string) => {
    said = (said + words).slice(-LAST_WORDS);
  });
  const exited = once(child, 'exit');
  const ended = exited.then(([code]) => {
    throw new Error(`the second gateway ended with ${String(code)}: ${said}`);
  });
  // Also where it is killed on purpose, later.
  ended.catch(() => undefined);
  const kill = async (): Promise<void> => {
    child.kill('SIGKILL');
    await exited;
  };
  try {
    await Promise.race([untilReady(operationsUrl), ended]);
  } catch (error) {
    await kill();
    throw error;
  }
  return { url, operationsUrl, kill };
}

/** Asks where operators ask: there it says what it waits for. */
async function untilReady(operationsUrl: string): Promise<void> {
  const deadline = performance.now() + START_MS;
  for (;;) {
    const answer = await fetch(`${operationsUrl}/readyz`).catch(() => undefined);
    const said = (await answer?.text()) ?? 'no answer';
    if (answer?.ok === true) {
      return;
    }
    if (performance.now() > deadline) {
      throw new Error(`the second gateway did not start: ${said}`);
    }
    await wait(LOOK_EVERY_MS);
  }
}

/**
 * The gateways that say that another one writes in their lane. Asked where operators ask: callers are not
 * told why.
 */
async function untilFenced(urls: readonly string[]): Promise<readonly string[]> {
  const deadline = performance.now() + FENCED_MS;
  for (;;) {
    const states = await Promise.all(
      urls.map((url) => fetch(`${url}/readyz`).then((answer) => answer.text())),
    );
    const fenced = urls.filter((_url, at) => states[at]?.includes('Another gateway writes in lane') === true);
    if (fenced.length > 0) {
      return fenced;
    }
    if (performance.now() > deadline) {
      throw new Error(`no gateway was fenced: ${states.join(' ')}`);
    }
    await wait(LOOK_EVERY_MS);
  }
}
