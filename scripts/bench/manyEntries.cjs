// SPDX-License-Identifier: Apache-2.0
'use strict';
/*
 * node manyEntries.cjs DATA_DIR PORT USERNAME COUNT
 * Starts the demonstration without traffic and records COUNT accesses to one patient's data on its ledger, each by another person, so
 * that each is a line of its own. Prints the path of demo.json when the patient's list holds them all; runs until SIGTERM.
 */
const { randomBytes } = require('node:crypto');
const { join } = require('node:path');
const { pino } = require('pino');
const { PatientClient } = require('../../gateway/dist/demo/patientClient.js');
const { startDemo } = require('../../gateway/dist/demo/startDemo.js');

const HOSPITAL = 'NorthHospitalMSP';
const BATCH = 1000;
const PURPOSES = ['TREAT', 'TREAT', 'TREAT', 'HPAYMT', 'HOPERAT', 'HRESCH'];
const TYPES = ['Observation', 'Condition', 'MedicationRequest', 'Encounter', 'Claim', 'DiagnosticReport'];

const id = () => randomBytes(16).toString('base64url');

function request(subject, at) {
  const count = 1 + (at % 40);
  return {
    id: id(),
    salt: id(),
    subject,
    requester: {
      org: HOSPITAL,
      clientId: 'north-ehr',
      person:
        at % 50 === 0
          ? null
          : { id: `urn:bench:${at}`, name: `Dr. Number ${at}`, role: at % 3 === 0 ? 'nurse' : 'doctor' },
    },
    purpose: PURPOSES[at % PURPOSES.length],
    action: 'search',
    emergency: null,
    items: [{ type: TYPES[at % TYPES.length], labels: ['N'], count, ids: [] }],
    requestedAt: new Date().toISOString(),
    late: false,
  };
}

async function main() {
  const [dataDir, port, username, wanted] = process.argv.slice(2);
  const demoFile = join(dataDir, 'demo.json');
  const demo = await startDemo({ dataDir, demoFile, port: Number(port), log: pino({ level: 'error' }) });
  process.once('SIGTERM', () => {
    void demo.close().then(() => process.exit(0));
  });
  const { password } = demo.file.patients.find((patient) => patient.username === username);
  const patient = await PatientClient.signIn(demo.file.portalUrl, username, password);
  const { subject } = (await patient.get('me')).body;
  const ledger = demo.ledger(HOSPITAL);
  const lane = `${HOSPITAL}/history`;
  const count = Number(wanted);
  for (let start = 0; start < count; start += BATCH) {
    const size = Math.min(BATCH, count - start);
    const requests = Array.from({ length: size }, (_, at) => request(subject, start + at));
    await ledger.recordBatch(lane, start / BATCH, { start, requests });
  }
  for (;;) {
    const { list } = (await patient.get('me')).body;
    if (list.height !== null && list.block === list.height - 1) break;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  process.stdout.write(`ready ${demoFile}\n`);
}

main().catch((error) => {
  process.stderr.write(`${error.stack}\n`);
  process.exit(1);
});
