// SPDX-License-Identifier: Apache-2.0
import { EVERY_LABEL } from '@chartwitness/chaincode/domain';
import {
  type FakeFhirServer,
  label,
  observation,
  patient,
  searchset,
  startFakeFhirServer,
} from '../fhir/fakeFhirServer';
import { bundleOf, type Hospital, outcomeCode } from './hospitalFixture';
import { hospitalBefore } from './support/hospitalBefore';

// With labels that are trusted in reads alone, one resource that cannot be read again must not keep an
// emergency from the others.

const EMERGENCY = { 'break-glass-reason': 'unconscious, no allergy list' };
const PATHS = ['Observation?patient=p1', 'Patient/p1/$everything'];

let source: FakeFhirServer;
beforeEach(async () => {
  source = await startFakeFhirServer();
  const found = searchset([observation('good', 'p1'), observation('bad', 'p1')]);
  source.answers = {
    metadata: { resourceType: 'CapabilityStatement' },
    'Patient/p1': patient('p1', '111'),
    Observation: found,
    'Patient/p1/$everything': found,
    'Observation/good': observation('good', 'p1', label('ETH')),
    'Observation/bad': (response) => response.writeHead(500).end(),
  };
});
afterEach(() => source.close());

const hospitalWith = (limits: { emergencyPageMs?: number; sourceBytes?: number } = {}): Promise<Hospital> =>
  hospitalBefore(source, { labels: 'reads' }, { settings: { limits } });

const emergency = (hospital: Hospital, path: string): ReturnType<Hospital['get']> =>
  hospital.get(path, { purpose: 'BTG' }, EMERGENCY);

const idsIn = (response: Awaited<ReturnType<Hospital['get']>>): unknown[] =>
  (bundleOf(response).entry ?? []).map(({ resource }) => resource.id);

test.each(PATHS)(
  '%s: what cannot be read again counts as carrying every label, and is given',
  async (path) => {
    const hospital = await hospitalWith();
    const response = await emergency(hospital, path);
    expect([response.status, idsIn(response)]).toEqual([200, ['good', 'bad']]);
    expect(hospital.recorder.requests[0]?.items).toEqual([
      { type: 'Observation', labels: ['ETH'], count: 1, ids: ['good'] },
      { type: 'Observation', labels: [EVERY_LABEL], count: 1, ids: ['bad'] },
    ]);
    // As the search found it, without anything of ours in it.
    expect(bundleOf(response).entry?.[1]?.resource).toEqual(observation('bad', 'p1'));
  },
);

test.each(PATHS)('%s: where a rule about labels holds in an emergency, it is withheld', async (path) => {
  const hospital = await hospitalWith();
  hospital.recorder.permitWhere(({ labels }) => !labels.includes(EVERY_LABEL));
  expect(idsIn(await emergency(hospital, path))).toEqual(['good']);
});

test.each(PATHS)(
  '%s: twin, an ordinary request is given nothing whose labels are not known',
  async (path) => {
    const hospital = await hospitalWith();
    const response = await hospital.get(path);
    expect([response.status, outcomeCode(response)]).toEqual([502, 'UPSTREAM_FAILED']);
    expect(hospital.recorder.requests).toEqual([]);
  },
);

test.each(PATHS)('%s: second reads end with the time of an emergency', async (path) => {
  source.answers['Observation/bad'] = () => undefined;
  const hospital = await hospitalWith({ emergencyPageMs: 500 });
  const from = performance.now();
  expect(idsIn(await emergency(hospital, path))).toEqual(['good', 'bad']);
  expect(performance.now() - from).toBeLessThan(5_000);
});

test('what is deleted meanwhile is left out', async () => {
  delete source.answers['Observation/bad'];
  expect(idsIn(await emergency(await hospitalWith(), 'Observation?patient=p1'))).toEqual(['good']);
});

test('what a page holds after it was read again is bounded as one answer is', async () => {
  const long = { note: [{ text: 'x'.repeat(1_500) }] };
  const ids = ['1', '2', '3', '4'];
  for (const id of ids) {
    source.answers[`Observation/${id}`] = observation(id, 'p1', long);
  }
  source.answers['Observation'] = (response, request) => {
    const asked = new URL(request.url ?? '', source.baseUrl).searchParams;
    const [count, from] = [Number(asked.get('_count')), Number(asked.get('from') ?? 0)];
    const next = `Observation?patient=p1&_count=${String(count)}&from=${String(from + count)}`;
    const link = from + count < ids.length ? [{ relation: 'next', url: `${source.baseUrl}/${next}` }] : [];
    const here = ids.slice(from, from + count).map((id) => observation(id, 'p1'));
    response.writeHead(200).end(JSON.stringify(searchset(here, { link })));
  };
  const hospital = await hospitalWith({ sourceBytes: 4_000 });
  expect(idsIn(await hospital.get('Observation?patient=p1'))).toEqual(ids);
  expect(source.requests.filter((one) => one.includes('_count=1&'))).not.toEqual([]);
  expect(idsIn(await emergency(hospital, 'Observation?patient=p1'))).toEqual(ids);
});
