// SPDX-License-Identifier: Apache-2.0
/* A FHIR server with two patients: `large` has one document of so many MiB, `small` an observation. run.mjs starts it. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { answerQuestions } from '../answerQuestions.mjs';

const { mib } = JSON.parse(process.argv[2] ?? '{}');
const SSN = 'http://hl7.org/fhir/sid/us-ssn';

const patient = (id, value) => ({ resourceType: 'Patient', id, identifier: [{ system: SSN, value }] });
const subject = (id) => ({ subject: { reference: `Patient/${id}` } });
const searchset = (resource) => ({
  resourceType: 'Bundle',
  type: 'searchset',
  entry: [{ resource, search: { mode: 'match' } }],
});
const document = {
  resourceType: 'DocumentReference',
  id: 'd',
  status: 'current',
  ...subject('large'),
  content: [{ attachment: { contentType: 'application/pdf', data: 'A'.repeat(mib * 1024 * 1024) } }],
};
const observation = { resourceType: 'Observation', id: 'o', status: 'final', ...subject('small') };
const answers = new Map(
  Object.entries({
    metadata: { resourceType: 'CapabilityStatement' },
    'Patient/large': patient('large', '111-22-3333'),
    'Patient/small': patient('small', '111-22-4444'),
    DocumentReference: searchset(document),
    Observation: searchset(observation),
  }).map(([path, answer]) => [path, Buffer.from(JSON.stringify(answer))]),
);
const ABSENT = Buffer.from(JSON.stringify({ resourceType: 'OperationOutcome', issue: [] }));

const server = createServer((request, response) => {
  const path = new URL(request.url, 'http://source').pathname.replace('/fhir/', '');
  const answer = answers.get(path);
  response.writeHead(answer === undefined ? 404 : 200, { 'content-type': 'application/fhir+json' });
  response.end(answer ?? ABSENT);
}).listen(0, '127.0.0.1');
await once(server, 'listening');
answerQuestions(
  {},
  {
    dataDir: mkdtempSync(join(tmpdir(), 'chartwitness-bench-')),
    baseUrl: `http://127.0.0.1:${String(server.address().port)}/fhir`,
  },
);
