// SPDX-License-Identifier: Apache-2.0
import type { AccessRequest } from '@chartwitness/chaincode/domain';
import fc from 'fast-check';
import type { Response } from 'supertest';
import { identifierTable } from '../../../gateway/src/subjects/networkTable';
import { createFactsReader } from '../../../gateway/src/fhir/resourceFacts';
import type { FhirResource } from '../../../gateway/src/fhir/resource';
import { type Bundle, createHospital, FHIR, type Hospital } from './hospitalFixture';
import { chart } from './support/charts';
import { pagedSource } from './support/pagedSource';

type Item = AccessRequest['items'][number];
type Rules = (item: Pick<Item, 'type' | 'labels'>) => boolean;

const facts = createFactsReader({ upstreamBaseUrl: undefined, identifiers: identifierTable([], Date.now) });

/** Two hospitals: one whose patient withholds data, one that never had these data. */
interface Pair {
  readonly withholding: Hospital;
  readonly lacking: Hospital;
  /** What takes the place of the patient's id in the second. */
  readonly absentId: string;
  readonly ids: readonly string[];
}

const ID = 'the-patient';
const LARGE = 1_000;

/**
 * A large chart is one that exceeds every bound several times over; so bounds and chart are a twentieth of
 * what is usual.
 */
const SMALL_BOUNDS = {
  defaultCount: 10,
  maxCount: 25,
  everythingCount: 250,
  sourceCount: 40,
  answerBytes: 24 * 1024,
};

/** Read-only: each size is made once. */
const charts = new Map<number, readonly FhirResource[]>();
function recordsOf(size: number): readonly FhirResource[] {
  const records = charts.get(size) ?? chart(ID, '111', size).records;
  charts.set(size, records);
  return records;
}

async function pairOf(size: number, rules: Rules): Promise<Pair> {
  const records = recordsOf(size);
  const settings = size === LARGE ? { limits: SMALL_BOUNDS } : {};
  const isThere = (resource: FhirResource): boolean =>
    !isOwn(resource) || rules({ type: resource.resourceType, labels: facts(resource).labels });
  const left = records.filter(isThere);
  const isWhollyDenied = !left.some(isOwn);
  const withholding = await createHospital({ upstream: pagedSource(records).upstream, settings });
  withholding.recorder.permitWhere((item) => isDirectory(item.type) || rules(item));
  // Somebody whose chart is wholly withheld looks like somebody who does not exist.
  const lacking = await createHospital({
    upstream: pagedSource(isWhollyDenied ? [] : left).upstream,
    settings,
  });
  return {
    withholding,
    lacking,
    absentId: isWhollyDenied ? 'not-a-patient'.slice(0, ID.length).padEnd(ID.length, 'x') : ID,
    ids: records.map(({ resourceType, id }) => `${resourceType}/${id ?? ''}`),
  };
}

function isOwn({ resourceType }: FhirResource): boolean {
  return !isDirectory(resourceType);
}

function isDirectory(type: string): boolean {
  return ['Organization', 'Practitioner', 'Medication'].includes(type);
}

const count = fc.constantFrom(
  '',
  '&_count=1',
  '&_count=2',
  '&_count=7',
  '&_count=50',
  '&_count=500',
  '&_count=0',
);
const search = fc
  .tuple(
    fc.constantFrom(
      'Observation',
      'Encounter',
      'Claim',
      'Condition',
      'MedicationRequest',
      'AllergyIntolerance',
      'Patient',
    ),
    count,
    fc.constantFrom('', '', '&_sort=-date', '&_sort=date'),
    fc.constantFrom('', '', '', '&_summary=count', '&_total=accurate', '&_total=estimate', '&_total=none'),
    fc.constantFrom(
      '',
      '',
      '&_include=*',
      '&_include=Claim:encounter',
      '&_include=Observation:encounter&_include:iterate=Encounter:participant',
      '&_include=Encounter:service-provider&_include:iterate=Organization:partof',
      '&_include=MedicationRequest:medication',
      '&_revinclude=Observation:encounter',
      '&_revinclude=Observation:derived-from&_revinclude:iterate=Observation:derived-from',
    ),
    fc.constantFrom('', '', '', '&code=code-1'),
  )
  .map(([type, ...rest]) => `${type}?${type === 'Patient' ? '_id' : 'patient'}={id}${rest.join('')}`);
const everything = fc
  .tuple(
    fc.constantFrom('', '_count=1', '_count=5', '_count=40'),
    fc.constantFrom(
      '',
      '&_type=Observation,Encounter,Practitioner',
      '&_type=Condition',
      '&_type=MedicationRequest,Medication',
    ),
  )
  .map((rest) => `Patient/{id}/$everything?${rest.join('')}`);

function requests(ids: readonly string[]): fc.Arbitrary<string> {
  return fc.oneof(
    { arbitrary: search, weight: 6 },
    { arbitrary: everything, weight: 3 },
    { arbitrary: fc.constantFrom(...ids), weight: 1 },
  );
}

/** What a caller sees of an answer; the text of cursors differs by nature, their length does not. */
function visible(response: Response): Record<string, unknown> {
  const headers = Object.entries(response.headers as Record<string, string>).filter(
    ([name]) => name !== 'x-request-id' && name !== 'date',
  );
  return {
    status: response.status,
    headers: Object.fromEntries(headers),
    body: response.text.replace(/_cursor=[A-Za-z0-9_-]+/g, '_cursor=…'),
    size: response.text.length,
  };
}

function nextOf(response: Response): string | undefined {
  const { link } = JSON.parse(response.text) as Partial<Bundle>;
  return link?.find(({ relation }) => relation === 'next')?.url.slice(FHIR.length + 1);
}

/** Follows both as far as their pages go, up to `maxPages`. */
async function compare(
  { withholding, lacking, absentId }: Pair,
  path: string,
  maxPages: number,
): Promise<void> {
  let here: string | undefined = path.replaceAll('{id}', ID);
  let there: string | undefined = path.replaceAll('{id}', absentId);
  for (let page = 0; page < maxPages && here !== undefined && there !== undefined; page += 1) {
    const withheld: Response = await withholding.get(here);
    const absent: Response = await lacking.get(there);
    const [seen, expected] = [visible(withheld), visible(absent)];
    expect({ path, page, ...seen, body: '' }).toEqual({ path, page, ...expected, body: '' });
    expect(seen['body'] === String(expected['body']).replaceAll(absentId, ID)).toBe(true);
    here = nextOf(withheld);
    there = nextOf(absent);
    if (here !== undefined) {
      expect((JSON.parse(withheld.text) as Bundle).entry?.length).toBeGreaterThan(0);
    }
  }
}

const deny =
  (...labels: string[]): Rules =>
  (item) =>
    !item.labels.some((label) => labels.includes(label));

const only =
  (type: string, isOpen: (labels: readonly string[]) => boolean): Rules =>
  (item) =>
    item.type === 'Patient' || (item.type === type && isOpen(item.labels));

test.each<[string, number, Rules, number, number]>([
  ['small, partly withheld', 40, deny('PSY', 'HIV'), 80, Infinity],
  ['small, nearly all withheld', 40, only('Condition', (labels) => labels.length === 0), 30, Infinity],
  ['small, wholly withheld', 40, () => false, 40, Infinity],
  ['large, partly withheld', LARGE, deny('PSY', 'ETH'), 40, 4],
  ['large, nearly all withheld', LARGE, only('Claim', (labels) => labels.includes('HIV')), 20, 4],
  ['large, wholly withheld', LARGE, () => false, 30, 2],
  // And under the bounds as they are.
  ['of 20,000, partly withheld', 20_000, deny('PSY', 'ETH'), 3, 2],
  ['of 20,000, wholly withheld', 20_000, () => false, 3, 2],
])(
  'of a chart that is %s, what is withheld looks as if it were not there',
  async (_name, size, rules, numRuns, maxPages) => {
    const pair = await pairOf(size, rules);
    await fc.assert(
      fc.asyncProperty(requests(pair.ids), (path) => compare(pair, path, maxPages)),
      { numRuns, seed: 20261128, endOnFailure: true },
    );
    // It is recorded all the same.
    expect(pair.withholding.recorder.requests.length).toBeGreaterThanOrEqual(numRuns / 2);
  },
  60_000,
);
