// SPDX-License-Identifier: Apache-2.0
/** What the patient's API says of late releases, amendments and requests of several parts. */
import type { AccessEvent, AccessRequest } from '@chartwitness/chaincode/domain';
import { accessEntry, type AccessEntry, accessList } from '../../../../gateway/src/api/schemas';
import { accessRequest } from '../../../support/accessRequests';
import { Browser } from '../browser';
import { subjectOf } from '../subjects';
import { ALICE, type Harness, LANE, startTrustee } from '../trusteeHarness';

const alice = subjectOf(ALICE.value);
const EMERGENCY = { purpose: 'BTG', emergency: { reason: 'unconscious on arrival' } } as const;
const idOf = (number: number): string => `NorthHospitalMSP~main~${String(number)}`;

let harness: Harness;
let browser: Browser;
beforeEach(async () => {
  harness = await startTrustee();
  browser = new Browser(harness.baseUrl);
  await browser.signIn(ALICE.username, ALICE.password);
});
afterEach(async () => {
  await harness.close();
});
const record = (...requests: Partial<AccessRequest>[]): readonly AccessEvent[] =>
  harness.ledger.record(
    LANE,
    requests.map((request) => accessRequest({ subject: alice, ...request })),
  );
const list = async (query = ''): Promise<readonly AccessEntry[]> => {
  await harness.projected();
  return accessList.parse(JSON.parse((await browser.api(`accesses${query}`)).text)).items;
};
const one = async (id: string): Promise<AccessEntry> =>
  accessEntry.parse(JSON.parse((await browser.api(`accesses/${id}`)).text));
/** "Nobody, not even in an emergency". */
const denyAll = (): Promise<unknown> =>
  harness.ledger.putConsent(
    alice,
    { rules: [{ id: 'nobody', effect: 'deny', holdsInEmergency: true }], default: 'deny' },
    0,
  );
const observations = { type: 'Observation', labels: [], count: 2, ids: ['o-1', 'o-2'] };
const claims = { type: 'Claim', labels: [], count: 1, ids: ['c-1'] };
const amends = (event: AccessEvent | undefined, number: number, why: 'releasedLate' | 'nothingGiven') => ({
  amends: { lane: LANE, number, id: event?.id ?? '', why },
});

it('says of a late release what left, and what the rules say of it', async () => {
  await denyAll();
  record({
    ...EMERGENCY,
    late: true,
    lateBasis: 'ownPeer',
    items: [
      { ...observations, released: true },
      { ...claims, released: false },
    ],
  });
  const [entry] = await list();
  expect(entry).toMatchObject({ outcome: 'partial', ruled: 'deny', late: true, lateBasis: 'ownPeer' });
  expect(entry?.items.map(({ decision, released }) => [decision, released])).toEqual([
    ['deny', true],
    ['deny', false],
  ]);
  expect(entry?.corrected).toBeUndefined();
});

it('says when the data of a late release left; order and periods go by the record, which nobody can date back', async () => {
  record({ items: [observations] });
  const requestedAt = '2026-02-27T23:58:00.000Z';
  record({
    ...EMERGENCY,
    late: true,
    lateBasis: 'deployment',
    requestedAt,
    items: [{ ...observations, released: true }],
  });
  const [late, inTime, ...more] = await list();
  expect(more).toEqual([]);
  expect(late).toMatchObject({ id: idOf(1), at: '2026-03-01T08:00:02.000Z', requestedAt });
  expect(inTime).toMatchObject({ id: idOf(0), at: '2026-03-01T08:00:01.000Z' });
  expect(inTime).not.toHaveProperty('requestedAt');
  expect((await one(idOf(1))).requestedAt).toBe(requestedAt);
  expect(await list('?from=2026-03-01T08:00:02Z')).toHaveLength(1);
  expect(await list('?to=2026-02-28T00:00:00Z')).toEqual([]);
});

it('shows an entry that an amendment corrects once, as corrected, with what it said before', async () => {
  await denyAll();
  const [refused] = record({ ...EMERGENCY, items: [observations] });
  expect((await list())[0]).toMatchObject({ id: idOf(0), outcome: 'deny', late: false });
  const [amendment] = record({
    ...EMERGENCY,
    ...amends(refused, 0, 'releasedLate'),
    lateBasis: 'ownPeer',
    items: [{ ...observations, released: true }],
  });
  const entries = await list();
  expect(entries).toHaveLength(1);
  const [entry] = entries;
  expect(entry).toMatchObject({
    id: idOf(0),
    at: refused?.at,
    outcome: 'permit',
    ruled: 'deny',
    late: true,
    lateBasis: 'ownPeer',
    items: [{ type: 'Observation', decision: 'deny', released: true }],
    corrected: {
      at: amendment?.at,
      why: 'releasedLate',
      id: idOf(1),
      before: { outcome: 'deny', late: false, items: [{ decision: 'deny' }] },
    },
  });
  expect(entry?.corrected?.before.items[0]?.released).toBeUndefined();
  expect(await one(idOf(0))).toEqual(entry);
  expect(await list('?outcome=deny')).toEqual([]);
  expect(await list('?outcome=permit')).toEqual([entry]);
  // The amendment itself is reached by its own address, and says what it corrects.
  expect(await one(idOf(1))).toMatchObject({
    id: idOf(1),
    at: amendment?.at,
    amends: { id: idOf(0), why: 'releasedLate' },
    ledger: { number: 1, seq: 1, index: 0 },
  });
});

it('shows that nothing was given where a permitted release never took place', async () => {
  const [permitted] = record({ items: [observations] });
  record({ ...amends(permitted, 0, 'nothingGiven'), items: [{ ...observations, released: false }] });
  const [entry, ...more] = await list();
  expect(more).toEqual([]);
  expect(entry).toMatchObject({
    outcome: 'deny',
    ruled: 'permit',
    late: false,
    corrected: { why: 'nothingGiven', before: { outcome: 'permit' } },
  });
});

it('shows an amendment whose entry is not there by itself, as one', async () => {
  const missing = { id: 'B'.repeat(21) + 'A' } as AccessEvent;
  record({
    ...EMERGENCY,
    ...amends(missing, 7, 'releasedLate'),
    lateBasis: 'deployment',
    items: [{ ...observations, released: true }],
  });
  expect(await list()).toMatchObject([
    { id: idOf(0), outcome: 'permit', amends: { id: idOf(7), why: 'releasedLate' } },
  ]);
});

describe('a request that was recorded in several parts', () => {
  const request = 'C'.repeat(21) + 'A';
  const part = (number: number) => ({ part: { request, number, of: 3 } });
  const first = { id: request, ...part(1), items: [observations, { ...claims, further: 4 }] };
  const second = {
    ...part(2),
    items: [
      // What the next one was reached from is repeated without data.
      { type: 'Observation', labels: [], count: 0, ids: [] },
      { type: 'Encounter', labels: [], count: 1, ids: ['e-1'], via: [0] },
    ],
  };
  const third = { ...part(3), items: [{ type: 'Condition', labels: [], count: 1, ids: ['d-1'] }] };

  it('is one entry with the items of all of them, each part reachable', async () => {
    record(first, second, third, {});
    const [, entry, ...more] = await list();
    expect(more).toEqual([]);
    expect(entry?.id).toBe(idOf(0));
    expect(entry?.items.map(({ type, part: of, further }) => [type, of, further])).toEqual([
      ['Observation', 1, undefined],
      ['Claim', 1, 4],
      ['Encounter', 2, undefined],
      ['Condition', 3, undefined],
    ]);
    expect(entry?.parts).toMatchObject({
      of: 3,
      recorded: [
        { number: 1, id: idOf(0), ledger: { number: 0, index: 0 } },
        { number: 2, id: idOf(1), ledger: { number: 1, index: 1 } },
        { number: 3, id: idOf(2), ledger: { number: 2, index: 2 } },
      ],
    });
    expect(await one(idOf(0))).toEqual(entry);
    const alone = await one(idOf(2));
    expect(alone).toMatchObject({ id: idOf(2), partOf: { number: 3, of: 3, id: idOf(0) } });
    expect(alone.items.map(({ type }) => type)).toEqual(['Condition']);
    expect(await list('?type=Condition')).toEqual([entry]);
  });

  it('says when a part is missing, and that nothing was given once that is amended', async () => {
    const [one1, two] = record(first, second);
    const [incomplete] = await list();
    expect(incomplete?.parts?.recorded.map(({ number }) => number)).toEqual([1, 2]);
    expect(incomplete?.parts?.of).toBe(3);
    const nothing = ({ items }: { items: AccessRequest['items'] }) => ({
      items: items.map((item) => ({ ...item, released: false })),
    });
    record(
      { ...part(1), ...amends(one1, 0, 'nothingGiven'), ...nothing(first) },
      { ...part(2), ...amends(two, 1, 'nothingGiven'), ...nothing(second) },
    );
    const [entry, ...more] = await list();
    expect(more).toEqual([]);
    expect(entry).toMatchObject({
      id: idOf(0),
      outcome: 'deny',
      ruled: 'permit',
      corrected: { why: 'nothingGiven', before: { outcome: 'permit' } },
    });
    expect(entry?.items.map(({ released }) => released)).toEqual([false, false, false]);
  });
});

it('says of a draft what the rules would have said, whatever left', async () => {
  record({
    ...EMERGENCY,
    late: true,
    lateBasis: 'ownPeer',
    items: [{ ...observations, released: true }],
  });
  await harness.projected();
  const draft = { rules: [{ id: 'nobody', effect: 'deny', holdsInEmergency: true }], default: 'deny' };
  const answer = await browser.api('consent/preview', { method: 'POST', body: JSON.stringify(draft) });
  expect(JSON.parse(answer.text)).toMatchObject({
    items: [{ standing: 'permit', outcome: 'deny', items: [{ before: 'permit', after: 'deny' }] }],
  });
});

it('tells in a preview what a mere count found: what a change refuses of it is not nothing', async () => {
  record({ items: [{ type: 'Claim', labels: [], count: 0, ids: [], further: 8 }] });
  await harness.projected();
  const draft = { rules: [{ id: 'nobody', effect: 'deny', holdsInEmergency: true }], default: 'deny' };
  const answer = await browser.api('consent/preview', { method: 'POST', body: JSON.stringify(draft) });
  expect(JSON.parse(answer.text)).toMatchObject({
    items: [{ items: [{ type: 'Claim', count: 0, further: 8, after: 'deny' }] }],
  });
});
