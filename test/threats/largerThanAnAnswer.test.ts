// SPDX-License-Identifier: Apache-2.0
import { EVERY_LABEL } from '@chartwitness/chaincode/domain';
import pino from 'pino';
import type { FhirResource } from '../../gateway/src/fhir/resource';
import { sourceFailed } from '../../gateway/src/fhir/sources/sourceFailed';
import { createHttpUpstream } from '../../gateway/src/fhir/sources/httpUpstream';
import { label, observation, patient, searchset, startFakeFhirServer } from '../gateway/fhir/fakeFhirServer';
import {
  bundleOf,
  createHospital,
  FHIR,
  type Hospital,
  outcomeCode,
} from '../gateway/hospital/hospitalFixture';
import { pagedSource, type PagedSourceOptions } from '../gateway/hospital/support/pagedSource';

// One resource is larger than an answer of the source may be. Where it is withheld, that must not show; nor
// keep the rest away.

const BOUND = 4_000;
const LONG = { note: [{ text: 'x'.repeat(BOUND) }] };
const EMERGENCY = { 'break-glass-reason': 'unconscious, no allergy list' };
const condition = (id: string, more: Record<string, unknown> = {}): FhirResource => ({
  ...observation(id, 'a', more),
  resourceType: 'Condition',
});
const small = [
  patient('a', '111'),
  condition('c1'),
  ...Array.from({ length: 30 }, (_value, number) => observation(`o${String(number)}`, 'a')),
  condition('c3'),
];
const large = condition('c2', { ...LONG, ...label('PSY') });
const withLarge = [...small.slice(0, 20), large, ...small.slice(20)];

interface Opened {
  readonly hospital: Hospital;
  readonly calls: readonly string[];
  readonly logged: readonly string[];
}

async function open(
  records: readonly FhirResource[],
  options: PagedSourceOptions = {},
  limits: Record<string, number> = {},
): Promise<Opened> {
  const logged: string[] = [];
  const { upstream, calls } = pagedSource(records, { maxBytes: BOUND, ...options });
  const hospital = await createHospital({
    upstream,
    settings: { limits: { sourceBytes: BOUND, ...limits } },
    log: pino({ level: 'warn' }, { write: (line: string) => logged.push(line) }),
  });
  return { hospital, calls, logged };
}

type Answer = Awaited<ReturnType<Hospital['get']>>;
const given = (response: Answer): string[] =>
  (bundleOf(response).entry ?? [])
    .filter(({ search }) => search.mode !== 'outcome')
    .map(({ resource }) => resource.id);
const outcomes = (response: Answer): unknown[] =>
  (bundleOf(response).entry ?? [])
    .filter(({ search }) => search.mode === 'outcome')
    .map(({ resource }) => resource);
const OMITTED = [
  {
    resourceType: 'OperationOutcome',
    issue: [expect.objectContaining({ severity: 'warning', code: 'incomplete' })],
  },
];
const denyLabels = ({ recorder }: Hospital): void => {
  recorder.permitWhere(({ labels }) => !labels.includes('PSY') && !labels.includes(EVERY_LABEL));
};
const PATHS = ['Condition?patient=a', 'Patient/a/$everything', 'Condition?patient=a&_include=*'];
const sorted = (ids: readonly string[]): string[] => [...ids].sort();

test.each(PATHS)('%s: it is stepped over, the rest is given, and the answer says so', async (path) => {
  const { hospital, logged } = await open(withLarge);
  const response = await hospital.get(path);
  const whole = await (await open(small)).hospital.get(path);
  expect(response.status).toBe(200);
  expect(sorted(given(response))).toEqual(sorted(given(whole)));
  expect([outcomes(response), bundleOf(response).total]).toEqual([OMITTED, undefined]);
  const items = hospital.recorder.requests.flatMap((one) => one.items);
  expect(items).toContainEqual({ type: 'Condition', labels: [EVERY_LABEL], count: 0, ids: [], further: 1 });
  expect(logged.join('')).toContain('UPSTREAM_ANSWER_MIB');
  expect(logged.join('')).not.toContain('c2');
});

test.each([
  ...PATHS,
  'Condition?patient=a&_summary=count',
  'Condition?patient=a&_total=accurate',
  'Condition/c2',
])('%s: where a rule about labels withholds it, it looks absent', async (path) => {
  const [withheld, absent] = [await open(withLarge), await open(small)];
  denyLabels(withheld.hospital);
  denyLabels(absent.hospital);
  const [one, other] = [await withheld.hospital.get(path), await absent.hospital.get(path)];
  expect([one.status, one.text]).toEqual([other.status, other.text]);
});

test('page by page as well: the same pages with it withheld as without it', async () => {
  const pagesOf = async (records: readonly FhirResource[]): Promise<string[][]> => {
    const { hospital } = await open(records);
    denyLabels(hospital);
    const pages: string[][] = [];
    for (let url: string | undefined = 'Patient/a/$everything?_count=4'; url !== undefined;) {
      const response: Answer = await hospital.get(url);
      pages.push(given(response));
      url = bundleOf(response)
        .link.find(({ relation }) => relation === 'next')
        ?.url.slice(FHIR.length + 1);
    }
    return pages;
  };
  expect(await pagesOf(withLarge)).toEqual(await pagesOf(small));
});

test('an emergency gets all the others, page by page', async () => {
  const { hospital } = await open(withLarge);
  const seen: string[] = [];
  let said = 0;
  for (let url: string | undefined = 'Patient/a/$everything?_count=2'; url !== undefined;) {
    const response: Answer = await hospital.get(url, { purpose: 'BTG' }, EMERGENCY);
    expect(response.status).toBe(200);
    seen.push(...given(response));
    said += outcomes(response).length;
    url = bundleOf(response)
      .link.find(({ relation }) => relation === 'next')
      ?.url.slice(FHIR.length + 1);
  }
  expect([sorted(seen), said]).toEqual([sorted(small.map(({ id }) => id ?? '')), 1]);
});

test('far into a chart names are asked for, rather than counting there one by one', async () => {
  const many = Array.from({ length: 2_000 }, (_value, number) => observation(`o${String(number)}`, 'a'));
  const records = [patient('a', '111'), ...many, observation('huge', 'a', LONG), observation('last', 'a')];
  const { hospital, calls } = await open(records, { maxBytes: 60_000 }, { sourceBytes: 60_000 });
  const huge = observation('huge', 'a', { note: [{ text: 'x'.repeat(60_000) }] });
  const opened = await open(
    [...records.slice(0, -2), huge, ...records.slice(-1)],
    { maxBytes: 60_000 },
    { sourceBytes: 60_000 },
  );
  expect(given(await hospital.get('Patient/a/$everything'))).toHaveLength(2_003);
  expect(calls.length).toBeLessThan(60);
  expect(given(await opened.hospital.get('Patient/a/$everything'))).toHaveLength(2_002);
  expect(opened.calls.filter((call) => call.includes('?')).length).toBeLessThan(100);
});

test.each(['ignored', 'refused'] as const)(
  'at a source by which _elements are %s smaller pages are asked for; what is too large alone is 502',
  async (elements) => {
    const documents = Array.from({ length: 6 }, (_value, number) =>
      condition(`d${String(number)}`, { note: [{ text: 'x'.repeat(BOUND / 2) }] }),
    );
    const { hospital } = await open([patient('a', '111'), ...documents], { elements });
    expect(given(await hospital.get('Condition?patient=a'))).toHaveLength(6);
    const response = await (await open(withLarge, { elements })).hospital.get('Condition?patient=a');
    expect([response.status, outcomeCode(response)]).toEqual([502, 'UPSTREAM_FAILED']);
  },
);

test('a read says that it is too large where it is permitted', async () => {
  const { hospital } = await open(withLarge);
  const response = await hospital.get('Condition/c2');
  expect([response.status, outcomeCode(response)]).toEqual([502, 'UPSTREAM_FAILED']);
  expect(response.text).toContain('too large');
  expect(hospital.recorder.requests[0]?.items).toEqual([
    { type: 'Condition', labels: [EVERY_LABEL], count: 0, ids: [], further: 1 },
  ]);
});

test.each(['ignored', 'refused'] as const)(
  'a read of which the source does not tell whose it is (_elements %s) looks absent',
  async (elements) => {
    const { hospital, logged } = await open(withLarge, { elements });
    expect((await hospital.get('Condition/c2')).status).toBe(404);
    expect(logged.join('')).toContain('UPSTREAM_ANSWER_MIB');
  },
);

test('one of another patient is neither recorded nor told of', async () => {
  const foreign = condition('x', { ...LONG, subject: { reference: 'Patient/b' } });
  const { upstream } = pagedSource([...small, foreign], { maxBytes: BOUND });
  const everybody = (query: URLSearchParams): URLSearchParams =>
    new URLSearchParams([...query].filter(([name]) => name !== 'patient'));
  const open: typeof upstream = {
    ...upstream,
    within: () => open,
    search: (type, query, signal) => upstream.search(type, everybody(query), signal),
  };
  const hospital = await createHospital({ upstream: open, settings: { limits: { sourceBytes: BOUND } } });
  const response = await hospital.get('Condition?patient=a');
  expect([given(response), outcomes(response)]).toEqual([['c1', 'c3'], []]);
  expect(hospital.recorder.requests[0]?.items).toEqual([
    { type: 'Condition', labels: [], count: 2, ids: ['c1', 'c3'] },
  ]);
});

test('an emergency steps over what fails when read by itself; an ordinary request is 502', async () => {
  const before = (call: string): Promise<void> =>
    call === 'Observation/o25' ? Promise.reject(sourceFailed('a read failed')) : Promise.resolve();
  const { hospital } = await open(withLarge, { before });
  const emergency = await hospital.get('Patient/a/$everything', { purpose: 'BTG' }, EMERGENCY);
  expect([emergency.status, outcomes(emergency)]).toEqual([200, OMITTED]);
  expect(given(emergency)).toHaveLength(small.length - 1);
  expect((await hospital.get('Patient/a/$everything')).status).toBe(502);
});

test('over HTTP: read one by one, as many at a time as one answer may hold', async () => {
  const source = await startFakeFhirServer();
  const documents = ['1', '2', '3', '4', '5', '6'].map((id) =>
    condition(id, { note: [{ text: 'x'.repeat(id === '4' ? 2 * BOUND : 0.4 * BOUND) }] }),
  );
  for (const document of documents) {
    source.answers[`Condition/${document.id ?? ''}`] = document;
  }
  source.answers['Patient/a'] = patient('a', '111');
  source.answers['Condition'] = (response, request) => {
    const isByName = (request.url ?? '').includes('_elements=');
    const names = documents.map(({ resourceType, id, subject }) => ({ resourceType, id: id ?? '', subject }));
    response.writeHead(200).end(JSON.stringify(searchset(isByName ? names : documents)));
  };
  const hospital = await createHospital({
    upstream: createHttpUpstream({ baseUrl: source.baseUrl, labels: 'everywhere', maxBytes: BOUND }),
    settings: { limits: { sourceBytes: BOUND } },
  });
  const response = await hospital.get('Condition?patient=a');
  await source.close();
  expect([given(response), outcomes(response)]).toEqual([['1', '2', '3', '5', '6'], OMITTED]);
});

describe('a Patient that is larger than an answer', () => {
  const photo = { photo: [{ data: 'A'.repeat(BOUND) }] };
  const about = [patient('a', '111', photo), ...small.slice(1)];
  const LARGE_PATHS = ['Observation?patient=a', 'Observation/o1', 'Patient/a/$everything', 'Patient/a'];
  const twin = (path: string): string => path.replace(/=a$|o1|\/a/, (one) => `${one}-absent`);

  test.each(LARGE_PATHS.slice(0, 3))('%s: the rest is given, in an emergency too', async (path) => {
    const { hospital } = await open(about);
    const whole = given(await (await open(small)).hospital.get('Observation?patient=a'));
    for (const response of [
      await hospital.get(path),
      await hospital.get(path, { purpose: 'BTG' }, EMERGENCY),
    ]) {
      expect(response.status).toBe(200);
      if (path.startsWith('Observation?')) {
        expect(sorted(given(response))).toEqual(sorted(whole));
      } else {
        expect(response.text).toContain('"o1"');
      }
    }
    expect(hospital.recorder.requests).toHaveLength(2);
  });

  test.each(LARGE_PATHS)('%s: who denies all looks absent, in an emergency too', async (path) => {
    const { hospital } = await open(about);
    hospital.recorder.denyAll();
    const errands: readonly (readonly [Record<string, string>, Record<string, string>])[] = [
      [{}, {}],
      [{ purpose: 'BTG' }, EMERGENCY],
    ];
    for (const how of errands) {
      const [denied, absent] = [await hospital.get(path, ...how), await hospital.get(twin(path), ...how)];
      expect(denied.status).toBe(absent.status);
      expect(denied.text.replaceAll('=a"', '=a-absent"')).toBe(absent.text);
    }
    expect(hospital.recorder.requests).toHaveLength(2);
  });

  test('merged into one: an emergency goes by the surviving number', async () => {
    const old = patient('old', '222', {
      link: [{ other: { reference: 'Patient/a' }, type: 'replaced-by' }],
    });
    const { hospital } = await open([...about, old, observation('of-old', 'old')]);
    expect((await hospital.get('Observation/of-old', { purpose: 'BTG' }, EMERGENCY)).status).toBe(200);
    expect((await hospital.get('Observation/o1')).status).toBe(200);
    const [merged, own] = hospital.recorder.requests.filter(({ items }) => items[0]?.count === 1);
    expect(merged?.subject).toBe(own?.subject);
  });

  test.each(['ignored', 'refused'] as const)(
    '_elements are %s: she is not said to be absent',
    async (elements) => {
      const { hospital } = await open(about, { elements });
      expect((await hospital.get('Observation/o1')).status).toBe(502);
    },
  );
});
