// SPDX-License-Identifier: Apache-2.0
/*
 * node dist/bench/manyEntries.js DATA_DIR PORT USERNAME COUNT: starts the demonstration without traffic and
 * records COUNT accesses to one patient's data on its ledger, each by another person, so that each is a line
 * of its own. Prints the path of demo.json when the patient's list holds them all; runs until SIGTERM.
 */
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { AccessRequest } from '@chartwitness/chaincode/domain';
import { pino } from 'pino';
import { PatientClient } from '../../gateway/dist/demo/patientClient';
import { startDemo } from '../../gateway/dist/demo/startDemo';
import { runMain } from '../load/runMain';
import { NORTH } from './network';
import { randomText } from './requests';

const BATCH = 1000;
const PURPOSES = ['TREAT', 'TREAT', 'TREAT', 'HPAYMT', 'HOPERAT', 'HRESCH'];
const TYPES = ['Observation', 'Condition', 'MedicationRequest', 'Encounter', 'Claim', 'DiagnosticReport'];
const LOOK_EVERY_MS = 200;

function request(subject: string, at: number): AccessRequest {
  const name = String(at);
  const person = {
    id: `urn:bench:${name}`,
    name: `Dr. Number ${name}`,
    role: at % 3 === 0 ? 'nurse' : 'doctor',
  };
  return {
    id: randomText(16),
    salt: randomText(16),
    subject,
    requester: { org: NORTH, clientId: 'north-ehr', person: at % 50 === 0 ? null : person },
    purpose: PURPOSES[at % PURPOSES.length] ?? 'TREAT',
    action: 'search',
    emergency: null,
    items: [
      { type: TYPES[at % TYPES.length] ?? 'Observation', labels: ['N'], count: 1 + (at % 40), ids: [] },
    ],
    requestedAt: new Date().toISOString(),
    late: false,
  };
}

/** What the patient API says of the patient and of her list. */
interface Me {
  readonly subject: string;
  readonly list: { readonly height: number | null; readonly block: number | null };
}
const meOf = async (patient: PatientClient): Promise<Me> => (await patient.get('me')).body as Me;

runMain(async () => {
  const [dataDir = '', port, username = '', wanted] = process.argv.slice(2);
  const demoFile = path.join(dataDir, 'demo.json');
  const demo = await startDemo({ dataDir, demoFile, port: Number(port), log: pino({ level: 'error' }) });
  process.once('SIGTERM', () => {
    void demo.close().then(() => process.exit(0));
  });
  const account = demo.file.patients.find((patient) => patient.username === username);
  if (account === undefined) {
    throw new Error(`the demonstration has no patient ${username}`);
  }
  const patient = await PatientClient.signIn(demo.file.portalUrl, username, account.password);
  const { subject } = await meOf(patient);
  const ledger = demo.ledger(NORTH);
  const lane = `${NORTH}/history`;
  const count = Number(wanted);
  for (let start = 0; start < count; start += BATCH) {
    const size = Math.min(BATCH, count - start);
    const requests = Array.from({ length: size }, (_, at) => request(subject, start + at));
    await ledger.recordBatch(lane, start / BATCH, { start, requests });
  }
  for (;;) {
    const { list } = await meOf(patient);
    if (list.height !== null && list.block === list.height - 1) {
      break;
    }
    await wait(LOOK_EVERY_MS);
  }
  process.stdout.write(`ready ${demoFile}\n`);
  return 0;
});
