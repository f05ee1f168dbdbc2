// SPDX-License-Identifier: Apache-2.0
import { AppError } from '../../gateway/src/errors';
import type { FhirResource } from '../../gateway/src/fhir/resource';
import { label, patient } from '../gateway/fhir/fakeFhirServer';
import {
  type Answer,
  idsOf,
  KIB,
  MIB,
  open,
  type Opened,
  outcomesOf,
  type Permits,
  sized,
  visible,
} from '../gateway/hospital/support/fullMemory';

// While memory is full, and somebody else looks at a large resource for longer than an emergency waits, what
// is large is not read at all. A rule about labels then denies it, whatever it is labelled: the answer must
// not look whole, or a permitted document is lost without a word.

jest.setTimeout(60_000);

const CHART = [patient('p', '111'), sized('a', KIB), sized('large', 5 * MIB), sized('b', KIB)];
const DENIED_LABELS = new Set(['PSY', 'HIV']);
const deniesLabels: Permits = ({ labels }) =>
  labels.every((one) => !DENIED_LABELS.has(one) && !one.includes('*'));
const deniesAll: Permits = () => false;

/** Somebody looks, and nobody else can while `work` runs. */
async function whileSomebodyLooks<T>(
  chart: readonly FhirResource[],
  permits: Permits,
  work: (opened: Opened) => Promise<T>,
): Promise<T> {
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
  const opened = await open(
    [...chart, sized('other', 5 * MIB)].filter(({ id }) => id !== 'other' || chart.length > 0),
    permits,
    { before },
    { limits: { emergencyPageMs: 300 } },
  );
  await opened.fill('large and middle', 'emergency');
  const other = chart.length === 0 ? undefined : opened.get('Observation/other', 'emergency');
  if (other !== undefined) {
    await looks;
  }
  const answer = await work(opened);
  end();
  await other;
  await opened.free();
  return answer;
}

const PATHS = ['Observation?patient=p', 'Patient/p/$everything'];
const isWhole = (answer: Answer): boolean =>
  outcomesOf(answer) === 0 && answer.text.includes('"total"') && !answer.text.includes('"relation":"next"');

test.each(PATHS)(
  '%s: where a rule about labels might deny it, the answer says that something is missing',
  async (path) => {
    const answer = await whileSomebodyLooks(CHART, deniesLabels, ({ get }) => get(path, 'emergency'));
    expect(answer.status).toBe(200);
    expect(idsOf(answer)).not.toContain('large');
    expect(isWhole(answer)).toBe(false);
  },
);

test.each(['_summary=count', '_count=0', '_count=1&_total=accurate', '_count=10&_total=accurate'])(
  'a count claims nothing either: %s',
  async (asked) => {
    const answer = await whileSomebodyLooks(CHART, deniesLabels, ({ get }) =>
      get(`Observation?patient=p&${asked}`, 'emergency'),
    );
    expect([answer.status, outcomesOf(answer), answer.text.includes('"total"')]).toEqual([200, 1, false]);
  },
);

test('read by itself, it is 503 rather than absent', async () => {
  const answer = await whileSomebodyLooks(CHART, deniesLabels, ({ get }) =>
    get('Observation/large', 'emergency'),
  );
  expect(answer.status).toBe(503);
});

test.each([
  ...PATHS,
  'Observation/large',
  'Observation?patient=p&_summary=count',
  'Observation?patient=p&_total=accurate',
])('%s: who denies all looks absent', async (path) => {
  const denied = await whileSomebodyLooks(CHART, deniesAll, ({ get }) => get(path, 'emergency'));
  const absent = await whileSomebodyLooks([], deniesAll, ({ get }) => get(path, 'emergency'));
  expect(visible(denied)).toEqual(visible(absent));
});

test.each(PATHS)('%s: labelled or not makes no difference, since nobody read it', async (path) => {
  const labelled = CHART.map((one) => (one.id === 'large' ? { ...one, ...label('PSY') } : one));
  const ask = ({ get }: Opened): Promise<Answer> => get(path, 'emergency');
  const [one, other] = [
    await whileSomebodyLooks(labelled, deniesLabels, ask),
    await whileSomebodyLooks(CHART, deniesLabels, ask),
  ];
  expect(idsOf(one)).toEqual(idsOf(other));
  expect(isWhole(one)).toBe(isWhole(other));
});

test('without a word of the own peer, what is given says so too', async () => {
  const answer = await whileSomebodyLooks(CHART, deniesLabels, ({ get, hospital }) => {
    hospital.recorder.evaluate = () => Promise.reject(new AppError('LEDGER_UNAVAILABLE', 'no answer'));
    return get('Observation?patient=p', 'emergency');
  });
  expect([idsOf(answer).includes('a'), isWhole(answer)]).toEqual([true, false]);
});
