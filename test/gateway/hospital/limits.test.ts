// SPDX-License-Identifier: Apache-2.0
import { AppError } from '../../../gateway/src/errors';
import type { FhirResource } from '../../../gateway/src/fhir/resource';
import { observation, patient } from '../fhir/fakeFhirServer';
import { bundleOf, createHospital, FHIR, outcomeCode } from './hospitalFixture';
import { pagedSource } from './support/pagedSource';

// Charts of 20,000 resources, on machines that do other things as well.
jest.setTimeout(60_000);

const MIB = 1024 * 1024;
const EMERGENCY = { 'break-glass-reason': 'unconscious, no allergy list' };
const many = (count: number): FhirResource[] => [
  patient('a', '111'),
  ...Array.from({ length: count }, (_value, number) =>
    observation(`o${String(number)}`, 'a', {
      effectiveDateTime: new Date(number * 86_400_000).toISOString(),
    }),
  ),
];
const large = many(20_000);

test('the latest value of a large chart costs one page of the size asked for', async () => {
  const { upstream, calls } = pagedSource(large);
  const hospital = await createHospital({ upstream });
  const bundle = bundleOf(await hospital.get('Observation?patient=a&_count=1&_sort=-date'));
  expect(bundle.entry?.map(({ resource }) => resource.id)).toEqual(['o19999']);
  expect(calls).toEqual(['Observation?patient=a&_sort=-date&_count=4', 'Patient/a']);
  expect(hospital.recorder.requests[0]?.items).toEqual([
    { type: 'Observation', labels: [], count: 1, ids: ['o19999'], further: 1 },
  ]);
});

test('a large chart that is wholly withheld is read to its end and answers like nobody', async () => {
  const { upstream } = pagedSource(large);
  const hospital = await createHospital({ upstream });
  hospital.recorder.denyAll();
  const withheld = await hospital.get('Observation?patient=a&_count=1');
  const absent = await hospital.get('Observation?patient=b&_count=1');
  expect([withheld.status, withheld.text]).toEqual([200, absent.text.replace('patient=b', 'patient=a')]);
  expect(hospital.recorder.requests[0]?.items).toEqual([
    { type: 'Observation', labels: [], count: 1, ids: ['o0'], further: 19_999 },
  ]);
});

test('a count covers all pages', async () => {
  const hospital = await createHospital({ upstream: pagedSource(large).upstream });
  expect(bundleOf(await hospital.get('Observation?patient=a&_summary=count')).total).toBe(20_000);
  const page = bundleOf(await hospital.get('Observation?patient=a&_count=3&_total=accurate'));
  expect([page.total, page.entry?.length]).toEqual([20_000, 3]);
  expect(hospital.recorder.requests[1]?.items).toMatchObject([{ count: 3, further: 19_997 }]);
});

test('an emergency gets all of a large chart, page by page', async () => {
  const { upstream } = pagedSource(large);
  const hospital = await createHospital({ upstream });
  let url: string | undefined = 'Patient/a/$everything';
  let seen = 0;
  let pages = 0;
  while (url !== undefined) {
    const bundle = bundleOf(await hospital.get(url, { purpose: 'BTG' }, EMERGENCY));
    seen += bundle.entry?.length ?? 0;
    pages += 1;
    url = bundle.link.find(({ relation }) => relation === 'next')?.url.slice(FHIR.length + 1);
  }
  expect([seen, pages]).toEqual([20_001, 5]);
});

describe('documents of 4 MB', () => {
  const text = 'x'.repeat(4 * MIB);
  const documents = [
    patient('a', '111'),
    ...Array.from({ length: 8 }, (_value, number) => ({
      ...observation(`d${String(number)}`, 'a'),
      resourceType: 'DocumentReference',
      content: [{ attachment: { data: text } }],
    })),
  ];

  test('come in smaller pages, each within the bound of an answer', async () => {
    const { upstream } = pagedSource(documents, { maxBytes: 10 * MIB });
    const hospital = await createHospital({ upstream });
    for (const first of ['DocumentReference?patient=a', 'Patient/a/$everything']) {
      let url: string | undefined = first;
      const seen: string[] = [];
      while (url !== undefined) {
        const response = await hospital.get(url);
        expect(response.status).toBe(200);
        expect(response.text.length).toBeLessThan(17 * MIB);
        seen.push(...(bundleOf(response).entry ?? []).map(({ resource }) => resource.id));
        url = bundleOf(response)
          .link.find(({ relation }) => relation === 'next')
          ?.url.slice(FHIR.length + 1);
      }
      expect(seen.filter((id) => id.startsWith('d')).sort()).toEqual([
        'd0',
        'd1',
        'd2',
        'd3',
        'd4',
        'd5',
        'd6',
        'd7',
      ]);
    }
  });
});

test('the deadline answers 503, and an emergency gets what was found until then', async () => {
  let asked = 0;
  const slow = pagedSource(many(600), {
    maxCount: 50,
    before: (call) => {
      asked += call.startsWith('Observation') ? 1 : 0;
      return asked > 2 ? new Promise<void>(() => undefined) : undefined;
    },
  });
  const hospital = await createHospital({
    upstream: {
      ...slow.upstream,
      within: () => ({
        ...slow.upstream,
        page: (next, signal) => Promise.race([slow.upstream.page(next, signal), failedBy(signal)]),
      }),
    },
    settings: { limits: { deadlineMs: 500 } },
  });
  const ordinary = await hospital.get('Observation?patient=a&_count=500');
  expect([ordinary.status, outcomeCode(ordinary)]).toEqual([503, 'OVERLOADED']);
  expect(ordinary.headers['retry-after']).toBeDefined();
  asked = 0;
  const emergency = bundleOf(
    await hospital.get('Observation?patient=a&_count=500', { purpose: 'BTG' }, EMERGENCY),
  );
  expect(emergency.entry?.length).toBe(100);
  expect(emergency.link.map(({ relation }) => relation)).toEqual(['self', 'next']);
});

async function failedBy(signal: AbortSignal): Promise<never> {
  await new Promise((resolve) => {
    signal.addEventListener('abort', resolve, { once: true });
  });
  throw new AppError('UPSTREAM_FAILED', 'TimeoutError');
}
