// SPDX-License-Identifier: Apache-2.0
import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import fc from 'fast-check';
import { createHttpUpstream } from '../../gateway/src/fhir/sources/httpUpstream';
import type { FhirResource } from '../../gateway/src/fhir/resource';
import { label, observation, patient, searchset, startFakeFhirServer } from '../gateway/fhir/fakeFhirServer';
import { bundleOf, createHospital, outcomeCode } from '../gateway/hospital/hospitalFixture';
import {
  type Answer,
  type Full,
  idsOf,
  KIB,
  type Kind,
  MIB,
  nextOf,
  open,
  outcomesOf,
  sized,
  sorted,
  visible,
} from '../gateway/hospital/support/fullMemory';

// Who takes in a large answer slowly holds a place in memory. What he asks for meanwhile must not tell what
// is denied from what is absent.

// Megabytes are made, written and compared.
jest.setTimeout(60_000);

const several = (count: number, bytes: number): readonly FhirResource[] =>
  Array.from({ length: count }, (_value, number) => sized(`o${String(number)}`, bytes));
const CHARTS: Readonly<Record<string, readonly FhirResource[]>> = {
  small: several(10, KIB),
  'of 6 MiB': several(40, 150 * KIB),
  'with single large resources': [
    ...several(5, KIB),
    sized('middle', 300 * KIB),
    sized('large', 5 * MIB),
    sized('last', KIB),
  ],
};
const PATHS = ['Patient/p', 'Observation/o1', 'Observation?patient=p', 'Patient/p/$everything'];
const situations = Object.keys(CHARTS).flatMap((chart) =>
  (['large', 'large and middle'] as const).flatMap((full) =>
    (['ordinary', 'emergency'] as const).map((kind) => [chart, full, kind] as const),
  ),
);

test.each(situations)('chart %s, %s place full, %s: denied like absent', async (name, full, kind) => {
  const chart = CHARTS[name] ?? [];
  const denied = await open([patient('p', '111'), ...chart], () => false);
  const absent = await open([]);
  await denied.fill(full, kind);
  await absent.fill(full, kind);
  const singles = name.startsWith('with') ? ['Observation/middle', 'Observation/large'] : [];
  for (const path of [...PATHS, ...singles]) {
    const [one, other] = [await denied.get(path, kind), await absent.get(path, kind)];
    expect({ path, ...visible(one) }).toEqual({ path, ...visible(other) });
  }
  // Recorded it is.
  expect(denied.hospital.recorder.requests.filter(({ subject }) => subject !== '').length).toBeGreaterThan(
    PATHS.length,
  );
  await denied.free();
  await absent.free();
});

test.each(situations.filter(([chart]) => !chart.startsWith('with')))(
  'twin: chart %s, %s place full, %s: who may read it gets all of it, page by page',
  async (name, full, kind) => {
    const { get, fill, free } = await open([patient('p', '111'), ...(CHARTS[name] ?? [])]);
    await fill(full, kind);
    const most = full === 'large' ? 4 * MIB : 256 * KIB;
    const seen: string[] = [];
    let pages = 0;
    for (let path: string | undefined = 'Patient/p/$everything'; path !== undefined;) {
      const response: Answer = await get(path, kind);
      expect([response.status, outcomesOf(response)]).toEqual([200, 0]);
      expect(response.text.length).toBeLessThan(most + 8 * KIB);
      seen.push(...idsOf(response));
      pages += 1;
      path = nextOf(response);
    }
    await free();
    expect(sorted(seen)).toEqual(sorted(['p', ...(CHARTS[name] ?? []).map(({ id }) => id ?? '')]));
    expect(pages > 1).toBe(name !== 'small');
  },
);

test.each(['of 6 MiB', 'with single large resources'])(
  'chart %s, of a source whose searches leave labels out: the same',
  async (name) => {
    const reads = { labels: 'reads' } as const;
    const chart = [patient('p', '111'), ...(CHARTS[name] ?? [])];
    const denied = await open(chart, () => false, reads);
    const absent = await open([], () => true, reads);
    const permitted = await open(chart, () => true, reads);
    for (const { fill } of [denied, absent, permitted]) {
      await fill('large and middle', 'ordinary');
    }
    for (const path of PATHS) {
      const [one, other] = [await denied.get(path), await absent.get(path)];
      expect({ path, ...visible(one) }).toEqual({ path, ...visible(other) });
    }
    expect(idsOf(await permitted.get('Observation?patient=p')).slice(0, 1)).toEqual(['o0']);
    for (const { free } of [denied, absent, permitted]) {
      await free();
    }
  },
);

test('over HTTP: a slow reader of a large answer learns nothing about another chart', async () => {
  // The answer is more than the kernel's buffers between two sockets hold.
  const limits = { sourceBytes: 32 * MIB, memoryBytes: 107 * MIB };
  const source = await startFakeFhirServer();
  const chart = [patient('p', '111'), ...(CHARTS['of 6 MiB'] ?? [])];
  const large = observation('own-large', 'own', { note: [{ text: 'x'.repeat(24 * MIB) }] });
  source.answers['Patient/p'] = patient('p', '111');
  source.answers['Patient/own'] = patient('own', '222');
  source.answers['Observation/own-large'] = large;
  source.answers['Patient/p/$everything'] = (response, request) => {
    const url = new URL(request.url ?? '', source.baseUrl);
    const [from = 0, count = 0] = ['from', '_count'].map((name) => Number(url.searchParams.get(name) ?? 0));
    const next = `${source.baseUrl}/Patient/p/$everything?_count=${String(count)}&from=${String(from + count)}`;
    const link = from + count < chart.length ? [{ relation: 'next', url: next }] : [];
    response.writeHead(200).end(JSON.stringify({ ...searchset(chart.slice(from, from + count)), link }));
  };
  const hospital = await createHospital({
    upstream: createHttpUpstream({
      baseUrl: source.baseUrl,
      labels: 'everywhere',
      maxBytes: limits.sourceBytes,
    }),
    settings: { limits },
  });
  const server = createServer(hospital.app).listen(0, '127.0.0.1');
  await once(server, 'listening');
  // Takes in nothing: the answer, and so its place, stays in memory.
  const slow = connect((server.address() as AddressInfo).port, '127.0.0.1');
  const isHeld = once(slow, 'readable');
  slow.write(
    `GET /fhir/Observation/own-large HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${await hospital.token()}\r\n\r\n`,
  );
  await isHeld;
  const first = await hospital.get('Patient/p/$everything');
  expect([first.status, first.text.length < 4 * MIB, nextOf(first) === undefined]).toEqual([
    200,
    true,
    false,
  ]);
  hospital.recorder.denyAll();
  const [denied, absent] = [
    await hospital.get('Patient/p/$everything'),
    await hospital.get('Patient/q/$everything'),
  ];
  expect(visible(denied)).toEqual(visible(absent));
  expect(denied.status).toBe(404);
  slow.destroy();
  server.closeAllConnections();
  server.close();
  await source.close();
});

describe('a single resource for which there is no room', () => {
  const chart = [patient('p', '111'), ...(CHARTS['with single large resources'] ?? [])];
  const FIRST = ['o0', 'o1', 'o2', 'o3', 'o4'];

  test('read by itself: 503 where it is permitted, and given when there is room again', async () => {
    const { get, fill, free } = await open(chart);
    await fill('large and middle', 'ordinary');
    for (const path of ['Observation/middle', 'Observation/large']) {
      const response = await get(path);
      expect([response.status, outcomeCode(response)]).toEqual([503, 'OVERLOADED']);
      expect(response.headers['retry-after']).toBeDefined();
    }
    await free();
    expect((await get('Observation/large')).status).toBe(200);
  });

  test.each(['given', 'refused', 'ignored'] as const)(
    'in a search: the page ends before it, and goes on when there is room (_elements %s)',
    async (elements) => {
      const { get, fill, free } = await open(chart, () => true, { elements });
      await fill('large and middle', 'ordinary');
      const first = await get('Observation?patient=p');
      expect(idsOf(first)).toEqual(FIRST);
      const next = nextOf(first) ?? '';
      const second = await get(next);
      expect([second.status, outcomeCode(second)]).toEqual([503, 'OVERLOADED']);
      await free();
      const rest: string[] = [];
      for (let path: string | undefined = next; path !== undefined;) {
        const response: Answer = await get(path);
        rest.push(...idsOf(response));
        path = nextOf(response);
      }
      expect(rest).toEqual(['middle', 'large', 'last']);
    },
  );

  test('an emergency whose own place is full too gets the others, and is told that something is missing', async () => {
    const { get, fill, free } = await open(chart);
    await fill('large and middle', 'emergency');
    const seen: string[] = [];
    let said = 0;
    for (let path: string | undefined = 'Observation?patient=p'; path !== undefined;) {
      const response: Answer = await get(path, 'emergency');
      expect(response.status).toBe(200);
      seen.push(...idsOf(response));
      said += outcomesOf(response);
      path = nextOf(response);
    }
    expect([seen, said]).toEqual([[...FIRST, 'last'], 1]);
    await free();
  });

  test('an emergency has a place of its own while the ordinary ones are full', async () => {
    const { get, fill, free } = await open(chart);
    await fill('large and middle', 'ordinary');
    const response = await get('Observation?patient=p', 'emergency');
    expect(idsOf(response)).toEqual([...FIRST, 'middle', 'large', 'last']);
    await free();
  });

  test('where its own labels do not withhold it, a rule about others does not hide it', async () => {
    const { get, fill, free } = await open(chart, ({ labels }) => labels.length === 0);
    await fill('large and middle', 'ordinary');
    expect((await get('Observation/large')).status).toBe(503);
    await free();
  });

  test('while another request looks at one, the next waits its turn: denied like absent, and nothing permitted is lost', async () => {
    let isLooking: () => void = () => undefined;
    const looks = new Promise<void>((resolve) => {
      isLooking = resolve;
    });
    let end: () => void = () => undefined;
    const hasEnded = new Promise<void>((resolve) => {
      end = resolve;
    });
    let asked = 0;
    const before = async (call: string): Promise<void> => {
      asked += call === 'Observation/other' ? 1 : 0;
      if (call === 'Observation/other' && asked === 2) {
        isLooking();
        await hasEnded;
      }
    };
    const other = sized('other', 300 * KIB);
    const denied = await open([...chart, other], () => false, { before });
    const absent = await open([]);
    for (const twin of [denied, absent]) {
      await twin.fill('large and middle', 'ordinary');
    }
    const looking = denied.get('Observation/other');
    await looks;
    const paths = [...PATHS, 'Observation/large'];
    const waiting = paths.map(async (path) => denied.get(path));
    end();
    await looking;
    for (const [place, path] of paths.entries()) {
      const [one, two] = [await waiting[place], await absent.get(path)];
      expect({ path, ...(one && visible(one)) }).toEqual({ path, ...visible(two) });
    }
    for (const twin of [denied, absent]) {
      await twin.free();
    }
  });

  test.each(['ordinary', 'emergency'] as const)(
    '%s: behind a withheld one, a permitted one is neither lost nor hidden',
    async (kind) => {
      const psy = sized('psy', 5 * MIB, label('PSY'));
      const two = [patient('p', '111'), sized('a', KIB), psy, sized('plain', 5 * MIB), sized('b', KIB)];
      const permits = ({ labels }: { readonly labels: readonly string[] }): boolean => labels.length === 0;
      // Time passes, so the client rests.
      const options = { stopwatch: (): number => performance.now() };
      const withheld = await open(two, permits, {}, options);
      const lacking = await open(
        two.filter((one) => one !== psy),
        permits,
        {},
        options,
      );
      await withheld.fill('large', kind);
      await lacking.fill('large', kind);
      for (const path of [
        'Observation?patient=p',
        'Patient/p/$everything',
        'Observation?patient=p&_include=Observation:subject',
      ]) {
        for (let round = 0; round < 2; round += 1) {
          const [one, other] = [await withheld.get(path, kind), await lacking.get(path, kind)];
          expect(visible(one)).toEqual(visible(other));
          expect(nextOf(one)).toBeDefined();
          expect(one.text).not.toContain('"total"');
        }
      }
      await withheld.free();
      await lacking.free();
    },
  );
});

test('whatever the chart: what is withheld looks as if it were not there, nothing is given twice, and nothing is lost', async () => {
  const resource = fc.record({
    bytes: fc.constantFrom(100, KIB, 60 * KIB, 200 * KIB, 300 * KIB, 1.5 * MIB, 5 * MIB),
    isWithheld: fc.boolean(),
    encounter: fc.constantFrom(0, 1),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.array(resource, { maxLength: 14 }),
      fc.array(resource, { minLength: 2, maxLength: 2 }),
      fc.constantFrom<Full>('large', 'large and middle'),
      fc.constantFrom<Kind>('ordinary', 'emergency'),
      fc.constantFrom(
        'Observation?patient=p',
        'Observation?patient=p&_count=3',
        'Observation?patient=p&_include=Observation:encounter',
        'Observation?patient=p&_total=accurate',
        'Patient/p/$everything',
        'Patient/p/$everything?_count=2',
      ),
      async (made, encounters, full, kind, path) => {
        const chart: FhirResource[] = [
          patient('p', '111'),
          ...encounters.map(({ bytes, isWithheld }, number): FhirResource => ({
            resourceType: 'Encounter',
            id: `e${String(number)}`,
            subject: { reference: 'Patient/p' },
            text: { div: 'x'.repeat(bytes) },
            ...(isWithheld ? label('PSY') : {}),
          })),
          ...made.map(({ bytes, isWithheld, encounter }, number) =>
            sized(`o${String(number)}`, bytes, {
              encounter: { reference: `Encounter/e${String(encounter)}` },
              ...(isWithheld ? label('PSY') : {}),
            }),
          ),
        ];
        const isOpen = ({ meta }: FhirResource): boolean => meta === undefined;
        const withholding = await open(chart, ({ labels }) => !labels.includes('PSY'));
        const lacking = await open(chart.filter(isOpen));
        await withholding.fill(full, kind);
        await lacking.fill(full, kind);
        const seen: string[] = [];
        let [here, there]: (string | undefined)[] = [path, path];
        let stuckAt: string | undefined;
        let isTold = false;
        while (here !== undefined && there !== undefined) {
          const [one, other]: [Answer, Answer] = [
            await withholding.get(here, kind),
            await lacking.get(there, kind),
          ];
          const [first, second] = [visible(one), visible(other)];
          expect({ ...first, body: '' }).toEqual({ ...second, body: '' });
          expect(first['body'] === second['body']).toBe(true);
          if (one.status === 503) {
            stuckAt = here;
            break;
          }
          isTold ||= outcomesOf(one) > 0;
          seen.push(...matchesOf(one));
          [here, there] = [nextOf(one), nextOf(other)];
        }
        await withholding.free();
        await lacking.free();
        for (let rest = stuckAt; rest !== undefined;) {
          const response: Answer = await withholding.get(rest, kind);
          expect(response.status).toBe(200);
          seen.push(...matchesOf(response));
          rest = nextOf(response);
        }
        const wanted = chart
          .filter((one) => isOpen(one) && (path.startsWith('Patient') || one.resourceType === 'Observation'))
          .map(({ id }) => id ?? '');
        expect(new Set(seen).size).toBe(seen.length);
        expect(isTold ? seen.filter((id) => !wanted.includes(id)) : sorted(seen)).toEqual(
          isTold ? [] : sorted(wanted),
        );
      },
    ),
    { numRuns: 40, seed: 20261128, endOnFailure: true },
  );
}, 120_000);

function matchesOf(response: Answer): string[] {
  return (bundleOf(response).entry ?? [])
    .filter(({ search }) => search.mode === 'match')
    .map(({ resource }) => resource.id);
}
