// SPDX-License-Identifier: Apache-2.0
import { HOSPITALS } from '../../../gateway/src/demo/cast';
import type { DemoFile } from '../../../gateway/src/demo/demoFile';
import { dayInWords, summary, type SummaryFacts } from '../../../gateway/src/demo/demoWords';

const patient = (username: string, hospital: string): DemoFile['patients'][number] => ({
  username,
  hospital,
  name: `${username} Doe`,
  password: `secret-of-${username}`,
  patientId: username,
  identifier: { system: 'urn:example', value: username },
});
const facts: SummaryFacts = {
  file: {
    portalUrl: 'http://127.0.0.1:8100',
    issuer: 'http://127.0.0.1:8100/oidc',
    apiBaseUrl: 'http://127.0.0.1:8100',
    apps: [],
    operationsUrls: ['http://127.0.0.1:8103'],
    hospitals: HOSPITALS.map(({ mspId, name, organisationId, practitioners }) => ({
      mspId,
      name,
      organisationId,
      practitioners,
      fhirBaseUrl: `http://127.0.0.1:8101/fhir`,
      tokenEndpoint: 'http://127.0.0.1:8101/oauth/token',
      clients: [],
    })),
    patients: [
      patient('chet', 'NorthHospitalMSP'),
      patient('liz', 'NorthHospitalMSP'),
      patient('liz', 'SouthClinicMSP'),
      patient('edward', 'NorthHospitalMSP'),
    ],
  },
  isNew: true,
  hasDay: true,
  elapsedMs: 12_345,
  demoFile: '.data/demo.json',
  log: '.data/demo.log',
};

test('ends with what to open first, as whom, and why', () => {
  const end = summary(facts).split('\n').slice(-6);
  expect(end[0]).toBe('Open first      http://127.0.0.1:8100');
  expect(end[1]).toBe('Sign in as      liz, password secret-of-liz');
  expect(end[2]).toMatch(/^Why her: /);
  expect(end.at(-1)).toBe('Ctrl-C stops it.');
});

test('names everybody once, in words of the portal and never by MSP id', () => {
  const text = summary(facts);
  for (const name of ['liz', 'chet', 'edward']) {
    expect(text.split(`secret-of-${name}`)).toHaveLength(2);
  }
  expect(text).not.toContain('MSP');
  expect(text).toContain('North Hospital');
});

test('claims nothing about a day that was not played', () => {
  const text = summary({ ...facts, hasDay: false });
  expect(text).not.toContain('emergency');
  expect(text).toContain('Nobody has asked yet');
});

test('a day in one line; failures are said', () => {
  const day = { consents: 5, requests: 57, refused: 16, failed: 0, emergencies: 3 };
  expect(dayInWords(day)).toBe(
    'Played a day: 5 patients set their rules, hospitals made 57 requests (3 emergencies); 16 got nothing.',
  );
  expect(dayInWords({ ...day, failed: 2 })).toContain('2 failed; the log says why');
});
