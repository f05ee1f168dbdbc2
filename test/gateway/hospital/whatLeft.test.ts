// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import { AppError } from '../../../gateway/src/errors';
import { accessToken, type Bundle, bundleOf, createHospital, FHIR, type Hospital } from './hospitalFixture';
import { chart } from './support/charts';
import { pagedSource } from './support/pagedSource';
import { observation, patient } from '../fhir/fakeFhirServer';

const ID = 'the-patient';
const { records } = chart(ID, '111', 120);
const EMERGENCY = { 'break-glass-reason': 'unconscious, no allergy list' };

function given(bundle: Bundle): string[] {
  return (bundle.entry ?? []).map(({ resource }) => `${resource.resourceType}/${resource.id}`).sort();
}

function nextOf(bundle: Bundle): string | undefined {
  return bundle.link.find(({ relation }) => relation === 'next')?.url.slice(FHIR.length + 1);
}

/** What entries say left: of each request that was recorded, by the decisions that the ledger committed. */
function recordedAsLeft(hospital: Hospital, decisions: readonly (readonly boolean[])[]): string[] {
  return hospital.recorder.requests
    .flatMap(({ items }, request) =>
      items.flatMap(({ type, ids }, place) =>
        decisions[request]?.[place] === true ? ids.map((id) => `${type}/${id}`) : [],
      ),
    )
    .sort();
}

function numberLeft(hospital: Hospital, decisions: readonly (readonly boolean[])[]): number {
  return hospital.recorder.requests
    .flatMap(({ items }, request) => items.filter((_item, place) => decisions[request]?.[place] === true))
    .reduce((sum, { count }) => sum + count, 0);
}

const labels = fc.subarray(['PSY', 'HIV', 'ETH', 'none']);
const query = fc.constantFrom(
  'Observation?patient={id}&_count=5',
  'Observation?patient={id}&_count=20&_sort=-date',
  'Observation?patient={id}&_count=3&_include=Observation:encounter&_include:iterate=*',
  'Claim?patient={id}&_count=4&_include=Claim:encounter',
  'Encounter?patient={id}&_count=2&_include=*&_revinclude=Condition:encounter',
  'Observation?patient={id}&_summary=count',
  'Observation?patient={id}&_count=3&_total=accurate',
  'Condition?patient={id}&_count=7&_include=*',
  'Patient/{id}/$everything?_count=10',
  'Patient/{id}/$everything?_count=1',
  'Condition?patient={id}',
);

test('whatever the rules are and whenever they change, the entries say what left, and nothing else', async () => {
  await fc.assert(
    fc.asyncProperty(query, fc.array(labels, { minLength: 1, maxLength: 6 }), async (path, consents) => {
      const { upstream } = pagedSource(records);
      const hospital = await createHospital({ upstream });
      const decisions: (readonly boolean[])[] = [];
      let asked = 0;
      // A change of the consent falls anywhere, also between what was foreseen and what is recorded.
      hospital.recorder.decide = (access) => {
        const denied = consents[asked % consents.length] ?? [];
        asked += 1;
        const permitted = access.items.map(({ type, labels: own }) =>
          own.length === 0
            ? type === 'Patient' || !denied.includes('none')
            : !own.some((one) => denied.includes(one)),
        );
        return { permitted, late: false };
      };
      const { record } = hospital.recorder;
      hospital.recorder.record = async (parts) => {
        const outcomes = await record.call(hospital.recorder, parts);
        decisions.push(...outcomes.map(({ permitted }) => permitted));
        return outcomes;
      };
      let url: string | undefined = path.replace('{id}', ID);
      const left: string[] = [];
      for (let page = 0; page < 4 && url !== undefined; page += 1) {
        const response = await hospital.get(url);
        if (response.status === 404) {
          break;
        }
        expect(response.status).toBe(200);
        const onPage = given(bundleOf(response));
        expect(new Set(onPage).size).toBe(onPage.length);
        left.push(...onPage);
        url = nextOf(bundleOf(response));
        if (url !== undefined) {
          expect(given(bundleOf(response)).length).toBeGreaterThan(0);
        }
      }
      expect(left.sort()).toEqual(recordedAsLeft(hospital, decisions));
      expect(left).toHaveLength(numberLeft(hospital, decisions));
    }),
    { numRuns: 120 },
  );
}, 120_000);

test('a late page names its own resource and what it was not yet asked for', async () => {
  const hospital = await createHospital({ upstream: pagedSource(records).upstream });
  let url: string | undefined = `Condition?patient=${ID}&_count=1`;
  let last: Bundle | undefined;
  while (url !== undefined) {
    last = bundleOf(await hospital.get(url));
    url = nextOf(last);
  }
  const ids = last?.entry?.map(({ resource }) => resource.id);
  expect(ids).toHaveLength(1);
  expect(hospital.recorder.requests.at(-1)?.items.flatMap((item) => item.ids)).toEqual(ids);
  expect(hospital.recorder.requests.at(-1)?.items.some(({ further }) => further !== undefined)).toBe(false);
});

test('a mere count is recorded as such', async () => {
  const hospital = await createHospital({ upstream: pagedSource(records).upstream });
  const response = await hospital.get(`Condition?patient=${ID}&_summary=count`);
  const items = hospital.recorder.requests[0]?.items ?? [];
  expect(items.every(({ count, ids }) => count === 0 && ids.length === 0)).toBe(true);
  expect(items.reduce((sum, { further = 0 }) => sum + further, 0)).toBe(bundleOf(response).total);
});

test('what is reached only from withheld claims is withheld, and listed so', async () => {
  const hospital = await createHospital({ upstream: pagedSource(records).upstream });
  hospital.recorder.permitWhere(({ type }) => type !== 'Claim');
  const response = await hospital.get(`Claim?patient=${ID}&_include=*`);
  expect(bundleOf(response).entry).toBeUndefined();
  const items = hospital.recorder.requests[0]?.items ?? [];
  expect(items.some(({ type, via }) => type === 'Encounter' && via !== undefined)).toBe(true);
  expect(items.every(({ type, via }) => type === 'Claim' || via !== undefined)).toBe(true);
});

test('with psychiatry withheld, neither its clinic nor its doctor nor its drug comes with $everything', async () => {
  for (const suffix of ['', '?_count=7']) {
    const hospital = await createHospital({ upstream: pagedSource(records).upstream });
    hospital.recorder.permitWhere(({ labels: own }) => !own.includes('PSY'));
    const texts: string[] = [];
    let url: string | undefined = `Patient/${ID}/$everything${suffix}`;
    while (url !== undefined) {
      const response = await hospital.get(url);
      texts.push(response.text);
      url = nextOf(bundleOf(response));
    }
    const all = texts.join();
    expect(all).toMatch(/"id":"drug-HIV"/);
    expect(all).toMatch(/"id":"clinic-HIV"/);
    expect(all).not.toMatch(/drug-PSY"|clinic-PSY"|doctor-PSY"/);
  }
});

test('more kinds than one event holds are recorded as parts of one request', async () => {
  const many = Array.from({ length: 150 }, (_value, number) =>
    observation(`o${String(number)}`, ID, {
      meta: { security: [{ system: 'urn:x', code: `c${String(number)}` }] },
    }),
  );
  const hospital = await createHospital({ upstream: pagedSource([patient(ID, '111'), ...many]).upstream });
  const response = await hospital.get(`Observation?patient=${ID}`);
  expect(given(bundleOf(response))).toHaveLength(150);
  const [first, second] = hospital.recorder.requests;
  expect(hospital.recorder.requests).toHaveLength(2);
  expect([first?.part, second?.part]).toEqual([
    { request: first?.id, number: 1, of: 2 },
    { request: first?.id, number: 2, of: 2 },
  ]);
});

test('an emergency is answered page by page when the own peer gives no answer', async () => {
  const hospital = await createHospital({ upstream: pagedSource(records).upstream });
  hospital.recorder.evaluate = () => Promise.reject(new AppError('LEDGER_UNAVAILABLE', 'away'));
  hospital.recorder.decide = ({ items }) => ({ permitted: items.map(() => true), late: true });
  const ordinary = await hospital.get(`Observation?patient=${ID}&_count=5`);
  expect(ordinary.status).toBe(503);
  expect(hospital.recorder.requests).toEqual([]);
  const response = await hospital.get(`Observation?patient=${ID}&_count=5`, { purpose: 'BTG' }, EMERGENCY);
  expect([response.status, response.headers['access-record']]).toEqual([200, 'late']);
  expect(given(bundleOf(response))).toHaveLength(5);
  expect(nextOf(bundleOf(response))).toBeDefined();
});

test('a read is recorded whether or not somebody waits for the answer', async () => {
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  const { upstream, calls } = pagedSource(records, { before: () => opened });
  const hospital = await createHospital({ upstream });
  const token = await accessToken(hospital.signingKey, 'ES256');
  const server = hospital.app.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  const paths = ['Patient/the-patient', `Observation?patient=${ID}`, `Patient/${ID}/$everything`];
  const recorded = new Promise<void>((resolve) => {
    const { record } = hospital.recorder;
    hospital.recorder.record = async (parts) => {
      const outcomes = await record.call(hospital.recorder, parts);
      if (hospital.recorder.requests.length === 12) {
        resolve();
      }
      return outcomes;
    };
  });
  for (let number = 0; number < 12; number += 1) {
    const before = calls.length;
    const path = `/fhir/${paths[number % paths.length] ?? ''}`;
    const sent = httpRequest({ port, path, headers: { authorization: `Bearer ${token}` } });
    sent.on('error', () => undefined);
    sent.end();
    while (calls.length === before) {
      await new Promise((resolve) => setImmediate(resolve));
    }
    sent.destroy();
  }
  open();
  await recorded;
  expect(hospital.recorder.requests).toHaveLength(12);
  await new Promise((resolve) => server.close(resolve));
});

test('an entry names every id of what left, however many they are', async () => {
  const many = Array.from({ length: 300 }, (_value, index) => observation(`o${String(index)}`, ID));
  const { upstream } = pagedSource([patient(ID, '111'), ...many]);
  const hospital = await createHospital({ upstream });
  const bundle = bundleOf(await hospital.get(`Observation?patient=${ID}&_count=300`));
  const items = hospital.recorder.requests.flatMap((access) => access.items);
  expect(items.flatMap(({ type, ids }) => ids.map((id) => `${type}/${id}`)).sort()).toEqual(given(bundle));
  expect([given(bundle).length, items.map(({ count }) => count)]).toEqual([300, [50, 50, 50, 50, 50, 50]]);
});
