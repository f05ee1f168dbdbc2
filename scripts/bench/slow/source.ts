// SPDX-License-Identifier: Apache-2.0
/*
 * A FHIR server with two patients: `large` has one document of so many MiB, `small` an observation. run.ts
 * starts it.
 */
import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { runMain } from '../../load/runMain';
import { answerQuestions, argument } from '../answerQuestions';
import type { Child, Ready } from '../child';

export interface SlowSourceArgument {
  /** Size of the large document. */
  readonly mib: number;
}
export interface SlowSourceReady extends Ready {
  readonly baseUrl: string;
}
export type SlowSource = Child<object, SlowSourceReady>;

const SSN = 'http://hl7.org/fhir/sid/us-ssn';

const patient = (id: string, value: string): object => ({
  resourceType: 'Patient',
  id,
  identifier: [{ system: SSN, value }],
});
const subject = (id: string): object => ({ subject: { reference: `Patient/${id}` } });
const searchset = (resource: object): object => ({
  resourceType: 'Bundle',
  type: 'searchset',
  entry: [{ resource, search: { mode: 'match' } }],
});
const documentOf = (mib: number): object => ({
  resourceType: 'DocumentReference',
  id: 'd',
  status: 'current',
  ...subject('large'),
  content: [{ attachment: { contentType: 'application/pdf', data: 'A'.repeat(mib * 1024 * 1024) } }],
});
const OBSERVATION = { resourceType: 'Observation', id: 'o', status: 'final', ...subject('small') };
const ABSENT = Buffer.from(JSON.stringify({ resourceType: 'OperationOutcome', issue: [] }));

function answersOf(mib: number): ReadonlyMap<string, Buffer> {
  const answers = {
    metadata: { resourceType: 'CapabilityStatement' },
    'Patient/large': patient('large', '111-22-3333'),
    'Patient/small': patient('small', '111-22-4444'),
    DocumentReference: searchset(documentOf(mib)),
    Observation: searchset(OBSERVATION),
  };
  return new Map(
    Object.entries(answers).map(([name, answer]) => [name, Buffer.from(JSON.stringify(answer))]),
  );
}

if (require.main === module) {
  runMain(async () => {
    const answers = answersOf((argument() as SlowSourceArgument).mib);
    const server = createServer((request, response) => {
      const asked = new URL(request.url ?? '/', 'http://source').pathname.replace('/fhir/', '');
      const answer = answers.get(asked);
      response.writeHead(answer === undefined ? 404 : 200, { 'content-type': 'application/fhir+json' });
      response.end(answer ?? ABSENT);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const dataDir = mkdtempSync(path.join(tmpdir(), 'chartwitness-bench-'));
    const ready: SlowSourceReady = { dataDir, baseUrl: `http://127.0.0.1:${String(port)}/fhir` };
    answerQuestions({}, ready);
    return 0;
  });
}
