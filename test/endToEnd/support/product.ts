// SPDX-License-Identifier: Apache-2.0
/** The running product for end-to-end tests: the built program, started as `chartwitness demo` starts it, on free ports. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { pino } from 'pino';
import { type AccessEntry, accessList, type ConsentPolicy } from '../../../gateway/src/api/schemas';
import type { DemoFilePatient } from '../../../gateway/src/demo/demoFile';
import { PatientClient } from '../../../gateway/src/demo/patientClient';
import { Hospitals } from '../../../gateway/src/demo/story';
// From the build: the chaincode runs in worker threads, which load built files.
import { type RunningDemo, startDemo } from '../../../gateway/dist/demo/startDemo';

export interface Product {
  readonly demo: RunningDemo;
  readonly hospitals: Hospitals;
  /** The record of a person at a hospital. */
  record(mspId: string, username: string): DemoFilePatient;
  patient(username: string): Promise<PatientClient>;
  close(): Promise<void>;
}

/** @param log receives every log line. */
export async function startProduct(
  log: { write(line: string): void } = { write: () => undefined },
): Promise<Product> {
  const dataDir = mkdtempSync(join(tmpdir(), 'chartwitness-test-'));
  const demo = await startDemo({
    dataDir,
    demoFile: join(dataDir, 'demo.json'),
    port: 0,
    log: pino({ level: 'trace' }, log),
  });
  const record = (mspId: string, username: string): DemoFilePatient => {
    const found = demo.file.patients.find((one) => one.hospital === mspId && one.username === username);
    if (found === undefined) {
      throw new Error(`${username} is not known at ${mspId}`);
    }
    return found;
  };
  return {
    demo,
    hospitals: new Hospitals(demo.file),
    record,
    patient: (username) => {
      const found = demo.file.patients.find((one) => one.username === username);
      return PatientClient.signIn(demo.file.portalUrl, username, found?.password ?? '');
    },
    close: async () => {
      await demo.close();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

const LOOKS = 400;
const LOOK_EVERY_MS = 25;

/** The patient's whole list once it holds `count` entries, newest first; what it holds after ten seconds otherwise. */
export async function entriesOf(patient: PatientClient, count: number): Promise<readonly AccessEntry[]> {
  for (let look = 0; ; look += 1) {
    const { items } = accessList.parse((await patient.get('accesses?limit=200')).body);
    if (items.length >= count || look === LOOKS) {
      return items;
    }
    await wait(LOOK_EVERY_MS);
  }
}

/** Replaces the patient's consent, starting from the version on file. */
export async function consent(patient: PatientClient, policy: ConsentPolicy): Promise<void> {
  const { etag } = await patient.get('consent');
  const answer = await patient.put('consent', policy, etag ?? '');
  if (answer.status !== 200) {
    throw new Error(`the consent was refused: ${JSON.stringify(answer)}`);
  }
}
