// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import pino from 'pino';
import type { Response } from 'supertest';
import type { FhirResource } from '../../../gateway/src/fhir/resource';
import { hospitalOf } from '../../../gateway/src/fhir/sources/sampleHospital';
import { observation, patient } from '../fhir/fakeFhirServer';
import { bundleOf, createHospital, type Hospital } from './hospitalFixture';

const records = JSON.parse(
  readFileSync(join(__dirname, '../../vectors/fhir/14-patient-without-identifier.json'), 'utf8'),
) as FhirResource[];
const PATHS = [
  'Patient/p-nobody',
  'Observation/of-nobody',
  'Observation?patient=p-nobody',
  'Patient/p-nobody/$everything',
];
let hospital: Hospital;
let findings: unknown[];

function hospitalWith(more: readonly FhirResource[] = []): Promise<Hospital> {
  const sink = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      const { finding } = JSON.parse(chunk.toString()) as { finding?: unknown };
      findings.push(...(finding === undefined ? [] : [finding]));
      done();
    },
  });
  return createHospital({
    upstream: hospitalOf([...records, ...more]),
    log: pino({ level: 'trace' }, sink),
  });
}

function inEmergency(path: string): Promise<Response> {
  return hospital.get(path, { purpose: 'BTG' }, { 'break-glass-reason': 'unconscious after a fall' });
}

beforeEach(async () => {
  findings = [];
  hospital = await hospitalWith();
});

test('an ordinary request looks absent, and the operator is told', async () => {
  for (const path of PATHS) {
    const [asked, absent] = [
      await hospital.get(path),
      await hospital.get(path.replace(/(p|of)-nobody/, 'not-there')),
    ];
    expect(asked.status).toBe(absent.status);
    expect(asked.text.replaceAll(/(p|of)-nobody/g, 'not-there')).toBe(absent.text);
  }
  expect(hospital.recorder.requests).toEqual([]);
  expect(findings).toEqual(PATHS.map(() => 'unidentified'));
});

test('an emergency is released, and recorded under one pseudonym of holder and local id', async () => {
  for (const path of PATHS) {
    expect((await inEmergency(path)).status).toBe(200);
  }
  const { requests } = hospital.recorder;
  expect(requests).toHaveLength(PATHS.length);
  expect(new Set(requests.map(({ subject }) => subject)).size).toBe(1);
  expect(requests[0]?.subject).toMatch(/^[\w-]{43}$/);
  expect(requests.flatMap(({ items }) => items.flatMap(({ ids }) => ids))).toEqual([
    'p-nobody',
    'of-nobody',
    'of-nobody',
    'p-nobody',
    'of-nobody',
  ]);
  expect(findings).toEqual(PATHS.map(() => 'unidentifiedEmergency'));
});

test('what the ledger withholds is withheld here as well', async () => {
  hospital.recorder.denyAll();
  for (const path of PATHS.slice(0, 2)) {
    expect((await inEmergency(path)).status).toBe(404);
  }
  expect(bundleOf(await inEmergency('Observation?patient=p-nobody')).entry).toBeUndefined();
});

test('two unidentified patients are two subjects', async () => {
  hospital = await hospitalWith([
    patient('p-other', '', { identifier: [] }),
    observation('of-other', 'p-other'),
  ]);
  await inEmergency('Observation/of-nobody');
  await inEmergency('Observation/of-other');
  const [one, other] = hospital.recorder.requests;
  expect(one?.subject).not.toBe(other?.subject);
});
