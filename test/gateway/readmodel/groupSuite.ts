// SPDX-License-Identifier: Apache-2.0
import type { AccessEvent, AccessRequest } from '@chartwitness/chaincode/domain';
import fc from 'fast-check';
import type {
  AccessStore,
  Checkpoint,
  ShownEntry,
  StoredEntry,
  VerifiedBatch,
} from '../../../gateway/src/readmodel/accessStore';
import { EntryGroups } from '../../../gateway/src/readmodel/entryGroups';
import { entriesOf, shownEntry } from '../../../gateway/src/readmodel/shownEntry';
import { accessRequest } from '../../support/accessRequests';
import { FakeProvenanceLedger } from '../../support/fakeProvenanceLedger';
import { alice, bob, type StoreUnderTest } from './accessStoreSuite';

const LANE = 'NorthHospitalMSP/main';

/** An event as the ledger makes it of a request, permitted or refused whatever it asks. */
function eventOf(change: Partial<AccessRequest>, allow = true, lane = LANE): AccessEvent {
  const ledger = new FakeProvenanceLedger();
  ledger.networkSettings = {
    trustee: 'TrusteeMSP',
    defaultPolicy: allow
      ? { rules: [], default: 'permit' }
      : { rules: [{ id: 'nobody', effect: 'deny', holdsInEmergency: true }], default: 'deny' },
    identifierSystems: [],
  };
  const [event] = ledger.record(lane, [accessRequest(change)]);
  if (event === undefined) {
    throw new Error('no event');
  }
  return event;
}

const request = (number: string): Pick<AccessRequest, 'subject'> & { readonly id: string } => ({
  subject: alice,
  id: number.padEnd(22, 'A'),
});
const EMERGENCY = { purpose: 'BTG', emergency: { reason: 'unconscious on arrival' } } as const;
const item = { type: 'Observation', labels: [], count: 1, ids: ['o-1'] };

/** An amendment of the access at `number`, which repeats its request. */
function amendmentOf(
  access: AccessEvent,
  number: number,
  change: Partial<AccessRequest> = {},
  lane = LANE,
): AccessEvent {
  const { requester, purpose, action, emergency, subject } = access;
  return eventOf(
    {
      requester,
      purpose,
      action,
      emergency,
      subject,
      ...(access.part === undefined ? {} : { part: access.part }),
      lateBasis: 'ownPeer',
      amends: { lane, number, id: access.id, why: 'releasedLate' },
      items: access.items.map(({ type, labels, count, ids }) => ({
        type,
        labels,
        count,
        ids,
        released: true,
      })),
      ...change,
    },
    false,
    lane,
  );
}

/** A lane's events, committed in batches in the order of `order`; positions follow from it. */
function batchesOf(
  events: readonly AccessEvent[],
  order: readonly number[] = events.map((_, at) => at),
  lane = LANE,
  before = { position: 0, block: 0 },
): readonly { batch: VerifiedBatch; checkpoint: Checkpoint }[] {
  let entries = before.position;
  return order.map((number, at) => {
    const event = events[number];
    if (event === undefined) {
      throw new Error('no such event');
    }
    const block = before.block + at;
    const transactionId = String(block).padStart(64, '0');
    const batch = {
      lane,
      seq: number,
      start: number,
      block,
      transactionId,
      firstPosition: entries + 1,
      events: [event],
    };
    entries += 1;
    return { batch, checkpoint: { events: block + 1, block, transactionId, entries, lanes: {} } };
  });
}

/** What a patient's list must be, from all events at once. */
function expectedList(batches: readonly VerifiedBatch[], subject: string): readonly ShownEntry[] {
  const entries: readonly StoredEntry[] = batches.flatMap(entriesOf);
  return new EntryGroups(entries)
    .groups()
    .map(shownEntry)
    .filter(({ event }) => event.subject === subject)
    .sort((one, other) => other.position - one.position);
}

/** Amendments and parts, on every store. */
export function groupSuite(underTest: StoreUnderTest, runs: number): void {
  let store: AccessStore;
  beforeEach(async () => {
    store = await underTest.open();
  });
  afterEach(async () => {
    await store.close();
    await underTest.destroy();
  });
  const apply = async (steps: ReturnType<typeof batchesOf>): Promise<void> => {
    for (const { batch, checkpoint } of steps) {
      await store.apply([batch], checkpoint);
    }
  };
  const list = async (filters = {}, subject = alice): Promise<readonly ShownEntry[]> =>
    (await store.page(subject, filters, undefined, 100)).entries;

  describe.each([
    ['after', [0, 1]],
    ['before', [1, 0]],
  ])('an amendment that comes %s its access', (_moment, order) => {
    it('corrects it: once in the list, filtered and counted by what left, the original kept', async () => {
      const original = eventOf({ ...request('a'), ...EMERGENCY, items: [item] }, false);
      expect(original.outcome).toBe('deny');
      const amendment = amendmentOf(original, 0);
      await apply(batchesOf([original, amendment], order));
      const entries = await list();
      expect(entries).toHaveLength(1);
      expect(entries[0]).toMatchObject({
        lane: LANE,
        number: 0,
        event: { id: original.id, at: original.at, outcome: 'permit', late: true, lateBasis: 'ownPeer' },
        recorded: { accesses: [{ event: original }], amendments: [{ number: 1, event: amendment }] },
      });
      expect(await store.count(alice)).toBe(1);
      expect(await list({ outcomes: ['deny'] })).toEqual([]);
      expect(await list({ outcomes: ['permit'] })).toHaveLength(1);
      // The position is the access's, wherever the amendment stands.
      expect(entries[0]?.position).toBe(order.indexOf(0) + 1);
      const found = await store.find(alice, { lane: LANE, number: 1 });
      expect(found).toMatchObject({ entry: { event: amendment }, shown: { number: 0 } });
      expect(await store.scan(1, 10)).toHaveLength(2);
    });
  });

  it('shows an amendment by itself while its access is not there, and by its access from then on', async () => {
    const access = eventOf({ ...request('a'), ...EMERGENCY, items: [item] }, false);
    const [early, late] = batchesOf([access, amendmentOf(access, 0)], [1, 0]);
    if (early === undefined || late === undefined) {
      throw new Error('two steps');
    }
    await apply([early]);
    expect((await list()).map(({ number }) => number)).toEqual([1]);
    await apply([late]);
    expect((await list()).map(({ number }) => number)).toEqual([0]);
  });

  it.each<[string, (access: AccessEvent) => Partial<AccessRequest>]>([
    ['another id', () => ({ amends: { lane: LANE, number: 0, id: 'Z'.repeat(22), why: 'nothingGiven' } })],
    ['another number', ({ id }) => ({ amends: { lane: LANE, number: 5, id, why: 'nothingGiven' } })],
    [
      'a lane of another holder',
      ({ id }) => ({ amends: { lane: 'SouthClinicMSP/main', number: 0, id, why: 'nothingGiven' } }),
    ],
    ['another patient', () => ({ subject: bob })],
    ['another purpose', () => ({ purpose: 'HPAYMT' })],
    [
      'another person',
      ({ requester }) => ({
        requester: { ...requester, person: { id: 'urn:other', name: 'Dr. Other', role: 'doctor' } },
      }),
    ],
  ])('shows an amendment that names %s by itself, and changes nothing by it', async (_what, change) => {
    const access = eventOf({ ...request('a'), items: [item] });
    const nothing = amendmentOf(access, 0, {
      lateBasis: undefined,
      amends: { lane: LANE, number: 0, id: access.id, why: 'nothingGiven' },
      ...change(access),
    } as Partial<AccessRequest>);
    await apply(batchesOf([access, nothing]));
    const all = [...(await list()), ...(await list({}, bob))];
    expect(all.map(({ number }) => number).sort()).toEqual([0, 1]);
    expect(all.find(({ number }) => number === 0)?.event).toEqual(access);
  });

  it('does not believe that nothing was given beside an amendment that says that data left', async () => {
    const access = eventOf({ ...request('a'), ...EMERGENCY, items: [item] }, false);
    const nothing = amendmentOf(access, 0, {
      lateBasis: undefined,
      amends: { lane: LANE, number: 0, id: access.id, why: 'nothingGiven' },
      items: [{ ...item, released: false }],
    } as object);
    await apply(batchesOf([access, amendmentOf(access, 0), nothing]));
    const [entry] = await list();
    expect(entry?.event).toMatchObject({ outcome: 'permit', late: true });
    expect(entry?.recorded?.amendments.map(({ number }) => number)).toEqual([1, 2]);
  });

  it.each<[string, Partial<AccessRequest>]>([
    ['another time of the request', { requestedAt: '2026-03-01T09:00:00.000Z' }],
    ['other items', { items: [{ ...item, ids: ['o-2'], released: false }] }],
    ['fewer items', { items: [{ ...item, count: 0, ids: [], released: false }] }],
  ])('shows an amendment with %s by itself', async (_what, change) => {
    const access = eventOf({ ...request('a'), items: [item] });
    const nothing = amendmentOf(access, 0, {
      lateBasis: undefined,
      amends: { lane: LANE, number: 0, id: access.id, why: 'nothingGiven' },
      items: [{ ...item, released: false }],
      ...change,
    } as object);
    await apply(batchesOf([access, nothing]));
    expect((await list()).map(({ number }) => number)).toEqual([1, 0]);
    expect((await list()).at(-1)?.event).toEqual(access);
  });

  it('does not believe that nothing was given of an entry that says that data left before it', async () => {
    const access = eventOf({
      ...request('a'),
      ...EMERGENCY,
      late: true,
      lateBasis: 'deployment',
      items: [{ ...item, released: true }],
    });
    const nothing = amendmentOf(access, 0, {
      lateBasis: undefined,
      amends: { lane: LANE, number: 0, id: access.id, why: 'nothingGiven' },
      items: [{ ...item, released: false }],
    } as object);
    await apply(batchesOf([access, nothing]));
    expect((await list()).map(({ event }) => event.outcome)).toEqual(['deny', 'permit']);
  });

  const parts = (of = 3): AccessEvent[] =>
    Array.from({ length: of }, (_, at) =>
      eventOf({
        ...request(`p${String(at + 1)}`),
        part: { request: request('p1').id, number: at + 1, of },
        items: [
          { type: ['Observation', 'Claim', 'Condition'][at] ?? 'Patient', labels: [], count: 1, ids: [] },
        ],
      }),
    );

  it.each([[[0, 1, 2]], [[2, 1, 0]], [[1, 2, 0]]])(
    'shows the parts of one request as one entry, committed in the order %j',
    async (order) => {
      await apply(batchesOf(parts(), order));
      const entries = await list();
      expect(entries).toHaveLength(1);
      expect(entries[0]).toMatchObject({ position: 1, lane: LANE, number: 0 });
      expect(entries[0]?.event.items.map(({ type }) => type)).toEqual(['Observation', 'Claim', 'Condition']);
      expect(entries[0]?.recorded?.accesses.map(({ number }) => number)).toEqual([0, 1, 2]);
      expect(await store.count(alice)).toBe(1);
      expect(await list({ types: ['Condition'] })).toHaveLength(1);
      expect((await store.find(alice, { lane: LANE, number: 2 }))?.shown.number).toBe(0);
    },
  );

  it('joins no part that names another request, person or patient', async () => {
    const [one, two, three] = parts();
    if (one === undefined || two === undefined || three === undefined) {
      throw new Error('three parts');
    }
    const person = { id: 'urn:other', name: 'Dr. Other', role: 'doctor' };
    const foreign = { ...two, requester: { ...two.requester, person } };
    await apply(batchesOf([one, foreign, { ...three, subject: bob }]));
    expect((await list()).map(({ number }) => number)).toEqual([1, 0]);
    expect((await list({}, bob)).map(({ number }) => number)).toEqual([2]);
  });

  it.each<[string, (part: AccessEvent) => AccessEvent]>([
    ['a number that is there already', (part) => numbered(part, 2)],
    ['the first number, but another id', (part) => numbered(part, 1)],
    ['another time of the request', (part) => ({ ...part, requestedAt: '2026-08-01T08:00:00.000Z' })],
    ['a later month', (part) => ({ ...part, at: '2026-08-01T08:00:01.000Z' })],
  ])('folds no later access into a request: %s', async (_what, change) => {
    const [one, two, three] = parts();
    if (one === undefined || two === undefined || three === undefined) {
      throw new Error('three parts');
    }
    await apply(batchesOf([one, two, change(three)]));
    expect((await list()).map(({ number }) => number)).toEqual([2, 0]);
    expect(await store.count(alice)).toBe(2);
  });

  it('keeps a cursor where it was when a further part or an amendment arrives', async () => {
    const [one, two] = parts(2);
    const between = eventOf(request('x'));
    if (one === undefined || two === undefined) {
      throw new Error('two parts');
    }
    const steps = batchesOf([one, between, two, amendmentOf(between, 1)]);
    await apply(steps.slice(0, 2));
    const before = (await list()).map(({ position }) => position);
    await apply(steps.slice(2));
    expect((await list()).map(({ position }) => position)).toEqual(before);
  });

  it('ends in the same list whatever the order, the portions, the repeats and the number of writers', async () => {
    await fc.assert(
      fc.asyncProperty(historyOf(), async ({ events, order, cuts, repeat }) => {
        await store.reset();
        const steps = batchesOf(events, order);
        const batches = steps.map(({ batch }) => batch);
        const portions = portionsOf(steps, cuts);
        const write = async (writer: AccessStore, from = 0): Promise<void> => {
          for (const portion of portions.slice(from)) {
            const last = portion.at(-1);
            if (last !== undefined) {
              await writer.apply(
                portion.map(({ batch }) => batch),
                last.checkpoint,
              );
            }
          }
        };
        const other = await underTest.reopen();
        try {
          await Promise.all([write(store), write(other)]);
          await write(store, repeat % portions.length);
        } finally {
          await other.close();
        }
        for (const subject of [alice, bob]) {
          const expected = expectedList(batches, subject);
          expect(await list({}, subject)).toEqual(expected);
          expect(await store.count(subject)).toBe(expected.length);
          for (const outcome of ['permit', 'deny', 'partial'] as const) {
            expect((await list({ outcomes: [outcome] }, subject)).map(({ position }) => position)).toEqual(
              expected.filter(({ event }) => event.outcome === outcome).map(({ position }) => position),
            );
          }
        }
        // Every event is shown in exactly one place.
        expect((await store.scan(1, 1000)).map(({ position }) => position)).toEqual(
          batches.map((_, at) => at + 1),
        );
      }),
      { numRuns: runs },
    );
  });
}

function numbered(event: AccessEvent, number: number): AccessEvent {
  return event.part === undefined ? event : { ...event, part: { ...event.part, number } };
}

type Steps = ReturnType<typeof batchesOf>;

function portionsOf(steps: Steps, cuts: readonly number[]): readonly Steps[] {
  const portions: Steps[] = [];
  let from = 0;
  for (const size of cuts) {
    portions.push(steps.slice(from, from + size));
    from += size;
  }
  return [...portions, steps.slice(from)].filter((portion) => portion.length > 0);
}

interface History {
  readonly events: readonly AccessEvent[];
  readonly order: readonly number[];
  readonly cuts: readonly number[];
  readonly repeat: number;
}

/** Accesses, parts of three requests and amendments of anything, in any order of commit. */
function historyOf(): fc.Arbitrary<History> {
  const kind = fc.record({
    what: fc.constantFrom('access', 'part', 'amendment'),
    mine: fc.boolean(),
    of: fc.nat(2),
    target: fc.nat(11),
    why: fc.constantFrom('releasedLate' as const, 'nothingGiven' as const),
    allow: fc.boolean(),
  });
  return fc
    .array(kind, { minLength: 2, maxLength: 12 })
    .chain((kinds) =>
      fc.record({
        kinds: fc.constant(kinds),
        order: fc.shuffledSubarray(
          kinds.map((_, at) => at),
          { minLength: kinds.length },
        ),
        cuts: fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 4 }),
        repeat: fc.nat(5),
      }),
    )
    .map(({ kinds, order, cuts, repeat }) => {
      const idOf = (at: number): string => `e${String(at)}`.padEnd(22, 'A');
      const plain = kinds.map(({ what, mine, of, allow }, at) =>
        eventOf(
          {
            id: idOf(at),
            subject: mine ? alice : bob,
            ...EMERGENCY,
            items: [item],
            ...(what === 'part'
              ? { part: { request: `r${String(of)}`.padEnd(22, 'A'), number: (at % 3) + 1, of: 3 } }
              : {}),
          },
          allow,
        ),
      );
      const events = plain.map((event, at) => {
        const { what, target, why } = kinds[at] ?? { what: 'access', target: 0, why: 'nothingGiven' };
        const corrected = plain[target % plain.length] ?? event;
        return what === 'amendment'
          ? amendmentOf(corrected, target % plain.length, {
              id: event.id,
              lateBasis: why === 'releasedLate' ? 'ownPeer' : undefined,
              amends: { lane: LANE, number: target % plain.length, id: corrected.id, why },
              items: [{ ...item, released: why === 'releasedLate' }],
            } as Partial<AccessRequest>)
          : event;
      });
      return { events, order, cuts, repeat };
    });
}
