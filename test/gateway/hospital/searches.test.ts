// SPDX-License-Identifier: Apache-2.0
import type { Response } from 'supertest';
import request from 'supertest';
import {
  type Bundle,
  bundleOf,
  createHospital,
  FHIR,
  type Hospital,
  outcomeCode,
  patientId,
} from './hospitalFixture';

let hospital: Hospital;
let ned: string;
beforeEach(async () => {
  hospital = await createHospital();
  ned = patientId(hospital, 'Hintz');
});

const SSN = 'http://hl7.org/fhir/sid/us-ssn';
const idsOf = (bundle: Bundle): string[] => (bundle.entry ?? []).map(({ resource }) => resource.id);
const linkOf = (bundle: Bundle, relation: string): string | undefined =>
  bundle.link.find((link) => link.relation === relation)?.url;

function visible(response: Response): unknown {
  const own = new Set(['x-request-id', 'date']);
  const headers = Object.entries(response.headers as Record<string, string>).filter(
    ([name]) => !own.has(name),
  );
  return { status: response.status, headers, body: response.text };
}

test.each([
  'patient={id}',
  'patient=Patient/{id}',
  'subject=Patient/{id}',
  'subject:Patient={id}',
  `patient=${FHIR}/Patient/{id}`,
  'patient={id}&subject=Patient/{id}',
])('a search bound by %s', async (query) => {
  const bundle = bundleOf(await hospital.get(`Observation?${query.replaceAll('{id}', ned)}`));
  expect(bundle.total).toBe(35);
  expect(bundle.entry).toHaveLength(35);
  expect(hospital.recorder.requests).toHaveLength(1);
});

test.each([
  'Observation',
  'Observation?code=8302-2',
  'Observation?patient=',
  'Observation?patient=a,b',
  'Observation?patient=a&patient=b',
  'Observation?patient=a&subject=Patient/b',
  'Observation?patient:not=a',
  'Observation?patient:missing=false',
  'Observation?patient:identifier=x|1',
  'Observation?subject=Group/a',
  'Observation?subject=https://other.example.org/fhir/Patient/a',
  'Observation?patient=Patient/a/_history/1',
  'Observation?_id=x',
  'Patient',
  'Patient?name=Conn',
  'Patient?identifier=999-32-7438',
  `Patient?identifier=${SSN}|`,
  `Patient?identifier=${SSN}|1,${SSN}|2`,
  `Patient?identifier=${SSN}|1&identifier=${SSN}|2`,
  'Patient?_id=a,b',
  'Practitioner?name=x',
  'Observation?Patient=a',
  'Observation?patient=a&SUBJECT=b',
  'Observation?patient=.',
  'Observation?patient=Patient/..',
  'Patient?_id=..',
])('%s is not bound to one patient', async (path) => {
  const response = await hospital.get(path);
  expect([response.status, outcomeCode(response)]).toEqual([400, 'UNBOUND_SEARCH']);
  expect((JSON.parse(response.text) as { issue: { diagnostics: string }[] }).issue[0]?.diagnostics).toMatch(
    /./,
  );
  expect(hospital.recorder.requests).toEqual([]);
});

test.each([
  'patient.name=Conn',
  'encounter.reason-code=x',
  '_has:Condition:patient:code=x',
  '_filter=code eq 1',
  '_query=x',
  '_list=x',
  '_HAS:Condition:patient:code=x',
  '_Filter=code eq 1',
  '_unknown=x',
  '_getpages=1',
  '_type=Observation',
  'code%00=x',
  'code=%00',
  '_count=-1',
  '_count=x',
  '_offset=1',
  '_cursor=x',
  '_total=all',
])(
  'a bound search with %s is refused, since it would tell what other resources hold or is malformed',
  async (query) => {
    const response = await hospital.get(`Observation?patient=${ned}&${query}`);
    expect([response.status, outcomeCode(response)]).toEqual([400, 'BAD_REQUEST']);
    expect(hospital.recorder.requests).toEqual([]);
  },
);

test.each(['Foo?patient=a', 'Group?_id=x', 'Binary?patient=a', 'List?patient=a'])(
  '%s is of a type that is not served',
  async (path) => {
    const response = await hospital.get(path);
    expect([response.status, outcomeCode(response)]).toEqual([404, 'NOT_FOUND']);
  },
);

test('other parameters are passed to the source', async () => {
  const bundle = bundleOf(
    await hospital.get(`Observation?patient=${ned}&code=http://loinc.org|8302-2&_sort=-date`),
  );
  const dates = bundle.entry?.map(({ resource }) => String(resource['effectiveDateTime'])) ?? [];
  expect(dates.length).toBeGreaterThan(1);
  expect(dates).toEqual([...dates].sort().reverse());
});

test('withheld, absent and unknown look the same', async () => {
  hospital.recorder.denyAll();
  const withheld = await hospital.get(`Observation?patient=${ned}`);
  expect(hospital.recorder.requests).toHaveLength(1);
  const nobody = '0'.repeat(ned.length);
  const unknown = await hospital.get(`Observation?patient=${nobody}`);
  expect(hospital.recorder.requests).toHaveLength(1);
  expect(JSON.stringify(visible(unknown)).replaceAll(nobody, ned)).toBe(JSON.stringify(visible(withheld)));
  expect(bundleOf(withheld)).toEqual({
    resourceType: 'Bundle',
    type: 'searchset',
    total: 0,
    link: [{ relation: 'self', url: `${FHIR}/Observation?patient=${ned}` }],
  });
});

test('a search that finds nothing is recorded as asked', async () => {
  const response = await hospital.get(`AllergyIntolerance?patient=${ned}`);
  expect(bundleOf(response).total).toBe(0);
  expect(hospital.recorder.requests[0]?.items).toEqual([
    { type: 'AllergyIntolerance', labels: [], count: 0, ids: [] },
  ]);
});

test('total, pages and links count what is permitted only', async () => {
  hospital.recorder.permitWhere(({ labels }) => !labels.includes('ETH'));
  const seen: string[] = [];
  const counted = bundleOf(await hospital.get(`Observation?patient=${ned}&_count=10&_total=accurate`));
  expect([counted.total, counted.entry?.length]).toEqual([31, 10]);
  // The page that has the number says so; the next one does not count again.
  expect(linkOf(counted, 'self')).toBe(`${FHIR}/Observation?patient=${ned}&_count=10&_total=accurate`);
  expect(linkOf(counted, 'next')).not.toContain('_total');
  const uncounted = bundleOf(await hospital.get(linkOf(counted, 'next')?.slice(FHIR.length + 1) ?? ''));
  expect([uncounted.total, linkOf(uncounted, 'self')]).toEqual([undefined, linkOf(counted, 'next')]);
  hospital.recorder.requests.length = 0;
  let url: string | undefined = `Observation?patient=${ned}&_count=10`;
  let pages = 0;
  while (url !== undefined) {
    const bundle = bundleOf(await hospital.get(url));
    expect(bundle.total).toBeUndefined();
    expect(linkOf(bundle, 'self')).toBe(`${FHIR}/${url}`);
    seen.push(...idsOf(bundle));
    expect(bundle.entry).toHaveLength(pages < 3 ? 10 : 1);
    url = linkOf(bundle, 'next')?.slice(FHIR.length + 1);
    pages += 1;
  }
  expect(pages).toBe(4);
  expect(new Set(seen).size).toBe(31);
  // Each page is an access of its own: consent may have changed between them.
  expect(hospital.recorder.requests).toHaveLength(4);
});

test('a consent that changes between two pages is obeyed by the second', async () => {
  const first = bundleOf(await hospital.get(`Observation?patient=${ned}&_count=10`));
  hospital.recorder.denyAll();
  const second = bundleOf(await hospital.get(linkOf(first, 'next')?.slice(FHIR.length + 1) ?? ''));
  expect(second.entry).toBeUndefined();
  expect(linkOf(second, 'next')).toBeUndefined();
});

test.each(['_summary=count', '_count=0'])('%s tells the permitted number and nothing else', async (query) => {
  hospital.recorder.permitWhere(({ labels }) => !labels.includes('ETH'));
  const bundle = bundleOf(await hospital.get(`Observation?patient=${ned}&${query}`));
  expect(bundle.total).toBe(31);
  expect(bundle.entry).toBeUndefined();
  expect(linkOf(bundle, 'next')).toBeUndefined();
});

test('included resources are items of their own, and come with the page whose matches they belong to', async () => {
  hospital.recorder.permitWhere(({ type }) => type !== 'Practitioner');
  const query = `Encounter?patient=${ned}&_include=Encounter:participant&_include=Encounter:service-provider&_revinclude=Condition:encounter&_count=6`;
  const first = bundleOf(await hospital.get(query));
  const modes = (bundle: Bundle): string[] =>
    bundle.entry?.map(({ resource, search }) => `${search.mode} ${resource.resourceType}`) ?? [];
  expect(hospital.recorder.requests[0]?.items.map(({ type }) => type).sort()).toEqual([
    'Condition',
    'Encounter',
    'Organization',
    'Practitioner',
  ]);
  expect(modes(first).filter((mode) => mode === 'match Encounter')).toHaveLength(6);
  expect(modes(first)).toContain('include Organization');
  expect(modes(first)).not.toContain('include Practitioner');
  const encounters = new Set(
    first.entry
      ?.filter(({ search }) => search.mode === 'match')
      .map(({ resource }) => `Encounter/${resource.id}`),
  );
  first.entry
    ?.filter(({ resource }) => resource.resourceType === 'Condition')
    .forEach(({ resource }) => {
      expect(encounters).toContain(
        (resource as unknown as { encounter: { reference: string } }).encounter.reference,
      );
    });
});

test('a patient is found by a national identifier, and by her local id', async () => {
  const byIdentifier = await hospital.get(`Patient?identifier=${SSN}|999-32-7438`);
  expect(idsOf(bundleOf(byIdentifier))).toEqual([ned]);
  expect(idsOf(bundleOf(await hospital.get(`Patient?_id=${ned}`)))).toEqual([ned]);
  expect(hospital.recorder.requests).toHaveLength(2);
  expect(hospital.recorder.requests[0]?.subject).toBe(hospital.recorder.requests[1]?.subject);
  expect(bundleOf(await hospital.get(`Patient?identifier=${SSN}|000-00-0000`)).total).toBe(0);
  hospital.recorder.denyAll();
  expect(bundleOf(await hospital.get(`Patient?identifier=${SSN}|999-32-7438`)).entry).toBeUndefined();
  expect(hospital.recorder.requests).toHaveLength(3);
});

test('POST _search takes the parameters of body and URL, and of no other content type', async () => {
  const token = await hospital.token();
  const post = (path: string): request.Test =>
    request(hospital.app).post(`/fhir/${path}`).set('authorization', `Bearer ${token}`);
  const found = await post('Observation/_search?code=8302-2').type('form').send({ patient: ned });
  expect(bundleOf(found).total).toBe(4);
  const json = await post('Observation/_search').send({ patient: ned });
  expect([json.status, outcomeCode(json)]).toEqual([415, 'UNSUPPORTED_MEDIA_TYPE']);
  const unbound = await post('Observation/_search').type('form').send({ code: 'x' });
  expect(outcomeCode(unbound)).toBe('UNBOUND_SEARCH');
  expect(hospital.recorder.requests).toHaveLength(1);
});

test('where the deployment announces it, a search says that data were withheld, and only then', async () => {
  const open = await createHospital({ settings: { disclosure: 'announced' } });
  open.recorder.permitWhere(({ labels }) => !labels.includes('ETH'));
  const bundle = bundleOf(await open.get(`Observation?patient=${patientId(open, 'Hintz')}`));
  expect(bundle.total).toBe(31);
  expect(bundle.entry?.at(-1)).toMatchObject({
    search: { mode: 'outcome' },
    resource: { issue: [{ code: 'suppressed', severity: 'information' }] },
  });
  open.recorder.permitWhere(() => true);
  const whole = bundleOf(await open.get(`Observation?patient=${patientId(open, 'Hintz')}`));
  expect(whole.entry?.every(({ search }) => search.mode === 'match')).toBe(true);
});
