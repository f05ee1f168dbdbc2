// SPDX-License-Identifier: Apache-2.0
import pino from 'pino';
import {
  type FakeFhirServer,
  observation,
  patient,
  searchset,
  startFakeFhirServer,
} from '../fhir/fakeFhirServer';
import { bundleOf, type Hospital, outcomeCode } from './hospitalFixture';
import { hospitalBefore } from './support/hospitalBefore';

// Each page is empty, and names another next one.

const EMERGENCY = { 'break-glass-reason': 'unconscious, no allergy list' };

let source: FakeFhirServer;
let logged: string[];
/** Pages before the last, which holds something. */
let emptyPages: number;
beforeEach(async () => {
  logged = [];
  emptyPages = Infinity;
  source = await startFakeFhirServer();
  source.answers = {
    'Patient/p1': patient('p1', '111'),
    Observation: (response, request) => {
      const at = Number(new URL(request.url ?? '', source.baseUrl).searchParams.get('at') ?? 0);
      const url = `${source.baseUrl}/Observation?patient=p1&at=${String(at + 1)}`;
      const page =
        at < emptyPages
          ? searchset([], { link: [{ relation: 'next', url }] })
          : searchset([observation('last', 'p1')]);
      response.writeHead(200).end(JSON.stringify(page));
    },
  };
});
afterEach(() => source.close());

const hospitalWith = (emergencyPageMs = 10_000): Promise<Hospital> =>
  hospitalBefore(
    source,
    {},
    {
      settings: { limits: { emergencyPageMs } },
      log: pino({ level: 'info' }, { write: (line: string) => logged.push(line) }),
    },
  );

test('pages that do not end are the source’s fault, by name, after a hundred empty ones', async () => {
  const hospital = await hospitalWith();
  const response = await hospital.get('Observation?patient=p1');
  expect([response.status, outcomeCode(response)]).toEqual([502, 'UPSTREAM_FAILED']);
  expect(source.requests.filter((one) => one.includes('Observation'))).toHaveLength(100);
  expect(logged.join('')).toContain('100 in a row hold nothing');
});

test('an emergency waits for them no longer than for a page that holds something', async () => {
  const answer = source.answers['Observation'] as (...of: unknown[]) => void;
  source.answers['Observation'] = (response, request) => {
    setTimeout(() => {
      answer(response, request);
    }, 50);
  };
  const response = await (
    await hospitalWith(500)
  ).get('Observation?patient=p1', { purpose: 'BTG' }, EMERGENCY);
  expect([response.status, outcomeCode(response)]).toEqual([502, 'UPSTREAM_FAILED']);
  expect(source.requests.length).toBeLessThan(50);
  expect(logged.join('')).toContain('longer than an emergency waits');
});

test('twin: fewer empty pages are passed by', async () => {
  emptyPages = 99;
  const { entry } = bundleOf(await (await hospitalWith()).get('Observation?patient=p1'));
  expect(entry?.map(({ resource }) => resource.id)).toEqual(['last']);
});
