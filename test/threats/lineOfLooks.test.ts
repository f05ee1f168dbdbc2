// SPDX-License-Identifier: Apache-2.0
import { label, patient } from '../gateway/fhir/fakeFhirServer';
import {
  type Answer,
  KIB,
  MIB,
  open,
  type Opened,
  type Permits,
  sized,
  visible,
} from '../gateway/hospital/support/fullMemory';

// Who holds its places in memory sends hundreds of requests for large data of its own, each of which waits to be looked at. Were a denied chart
// to wait behind all of them, its deadline (503) would tell it from an absent one (404). What is counted is turns, not milliseconds.

jest.setTimeout(60_000);

const OWN_REQUESTS = 20;
/** Of which one client alone has half. */
const AT_ONCE = 8;
const PSY = label('PSY');
const CHART = [{ ...patient('p', '111'), ...PSY }, sized('a', KIB, PSY), sized('large', 5 * MIB, PSY)];
const turn = (): Promise<void> =>
  new Promise((resolve) => {
    setImmediate(resolve);
  });

async function settle(): Promise<void> {
  for (let turns = 0; turns < 50; turns += 1) {
    await turn();
  }
}

/** After how many looks at the asker's own data the path was answered, while more of them wait than are let in. */
async function looksBefore(
  path: string,
  records: Parameters<typeof open>[0],
  permits: Permits,
): Promise<{ looks: number; answer: Answer }> {
  const gates: (() => void)[] = [];
  const isFirst = new Set<string>();
  const before = async (call: string): Promise<void> => {
    const [, own] = /^Observation\/(own-\d+)$/.exec(call) ?? [];
    if (own === undefined) {
      return;
    }
    // The first question finds no room, the second one is the look.
    if (isFirst.has(own)) {
      await new Promise<void>((resolve) => gates.push(resolve));
    }
    isFirst.add(own);
  };
  const mine = Array.from({ length: OWN_REQUESTS }, (_value, number) => ({
    ...sized(`own-${String(number)}`, 5 * MIB),
    subject: { reference: 'Patient/own' },
  }));
  const opened: Opened = await open(
    [...records, ...mine],
    permits,
    { before },
    { limits: { readingAtOnce: AT_ONCE } },
  );
  await opened.fill('large and middle', 'ordinary');
  const flood = mine.map(({ id = '' }) => opened.get(`Observation/${id}`));
  while (gates.length === 0) {
    await turn();
  }
  await settle();
  let answered: Answer | undefined;
  const asked = opened.get(path).then((answer) => {
    answered = answer;
  });
  const rest = Promise.all([asked, ...flood]);
  const flooded = { isOver: false };
  void rest.then(() => {
    flooded.isOver = true;
  });
  let looks = 0;
  while (!flooded.isOver) {
    await settle();
    looks += answered === undefined && gates.length > 0 ? 1 : 0;
    gates.shift()?.();
  }
  await opened.free();
  if (answered === undefined) {
    throw new Error('no answer');
  }
  return { looks, answer: answered };
}

test.each(['Observation?patient=p', 'Observation/large', 'Patient/p/$everything'])(
  '%s: denied waits as an absent one does, at the door',
  async (path) => {
    const isOwn: Permits = ({ labels }) => !labels.includes('PSY');
    const denied = await looksBefore(path, CHART, isOwn);
    const absent = await looksBefore(path, [], isOwn);
    expect(visible(denied.answer)).toEqual(visible(absent.answer));
    expect(Math.abs(denied.looks - absent.looks)).toBeLessThanOrEqual(AT_ONCE / 2);
  },
);
