// SPDX-License-Identifier: Apache-2.0
import { LedgerError } from '../../../gateway/src/ledger/ledgerError';
import type { LedgerEvent, LedgerPosition } from '../../../gateway/src/ledger/provenanceLedger';
import { whatHangs } from '../../../gateway/src/ledger/whatHangs';
import { connectAs } from '../../fabric/connections';
import { testSubject } from '../../support/accessRequests';
import { requestOf } from '../recorder/support/requests';
import { shiftClock } from '../../support/shiftedClock';
import { CLIENT, NORTH, SOUTH, startTestNetwork, type TestNetwork, TRUSTEE } from './network';

const LANE = `${NORTH}/ward`;
const SUBJECT = requestOf(1).subject;
let net: TestNetwork;
beforeAll(async () => {
  net = await startTestNetwork();
  await net.north.putClient(CLIENT);
}, 60_000);
afterAll(() => net.close(), 30_000);

async function failure(promise: Promise<unknown>): Promise<LedgerError> {
  const error: unknown = await promise.then(
    () => new Error('the call succeeded'),
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(LedgerError);
  return error as LedgerError;
}

async function take(
  events: AsyncIterable<LedgerEvent>,
  count: number,
  stop: AbortController,
): Promise<LedgerEvent[]> {
  const taken: LedgerEvent[] = [];
  for await (const event of events) {
    taken.push(event);
    if (taken.length === count) {
      stop.abort();
    }
  }
  return taken;
}

describe('recording', () => {
  test('a batch is committed with both organisations and can be read back', async () => {
    const batch = { start: 0, requests: [requestOf(1), requestOf(2, { purpose: 'HRESCH' })] };
    const recorded = await net.north.recordBatch(LANE, 0, batch);
    expect(recorded.permitted).toEqual([
      [true, true],
      [false, false],
    ]);
    expect(recorded.transactionId).toMatch(/^[0-9a-f]{64}$/);
    expect(await net.south.findBatch(LANE, 0)).toMatchObject({ start: 0, count: 2 });
    const { events } = await net.north.getEvents(LANE, 0);
    expect(events.map(({ id, outcome, holder }) => [id, outcome, holder])).toEqual([
      [requestOf(1).id, 'permit', NORTH],
      [requestOf(2).id, 'deny', NORTH],
    ]);
    expect((await net.trustee.getEvents(LANE, 0)).events).toEqual(events);
    expect((await net.north.getTrusteeCopy(LANE, 0)).events).toEqual(events);
    expect(await net.north.trusteeLanes()).toContain(LANE);
    expect(await net.south.trusteeLanes()).not.toContain(LANE);
    expect(await net.north.findTrusteeBatch(LANE, 0)).toEqual(await net.north.findBatch(LANE, 0));
    expect(await net.north.findTrusteeBatch(LANE, 77)).toBeUndefined();
  });

  test('a place that is taken is refused with BATCH_EXISTS', async () => {
    const error = await failure(net.north.recordBatch(LANE, 0, { start: 0, requests: [requestOf(3)] }));
    expect(error).toMatchObject({ kind: 'rejected', domainCode: 'BATCH_EXISTS' });
  });

  test("another organisation's lane cannot be written, nor its events read", async () => {
    const write = await failure(net.south.recordBatch(LANE, 9, { start: 9, requests: [requestOf(3)] }));
    expect(write).toMatchObject({ kind: 'rejected', domainCode: 'NOT_ALLOWED' });
    expect(await net.north.findBatch(LANE, 9)).toBeUndefined();
    const read = await failure(net.south.getEvents(LANE, 0));
    expect(read).toMatchObject({ kind: 'rejected', domainCode: 'NOT_ALLOWED' });
    const copy = await failure(net.south.getTrusteeCopy(LANE, 0));
    expect(copy).toMatchObject({ kind: 'rejected', domainCode: 'NOT_ALLOWED' });
  });

  test('a malformed batch is refused with the fields at fault', async () => {
    const error = await failure(
      net.north.recordBatch(LANE, 1, { start: 2, requests: [requestOf(4, { subject: 'no pseudonym' })] }),
    );
    expect(error).toMatchObject({ kind: 'rejected', domainCode: 'INVALID_INPUT' });
    expect(error.message).toContain('subject');
  });

  test('an absent batch is undefined', async () => {
    expect(await net.north.findBatch(LANE, 77)).toBeUndefined();
  });

  test('an aborted call proposes nothing', async () => {
    const error = await failure(
      net.north.recordBatch(
        LANE,
        5,
        { start: 5, requests: [requestOf(5)] },
        { signal: AbortSignal.abort(new Error('stop')) },
      ),
    );
    expect(error.kind).toBe('unavailable');
    expect(await net.north.findBatch(LANE, 5)).toBeUndefined();
  });
});

describe('the time', () => {
  afterEach(() => {
    shiftClock(0);
  });

  test.each([
    [0, true],
    [55_000, true],
    [-55_000, true],
    [65_000, false],
    [-65_000, false],
    [180_000, false],
    // Fabric 3 refuses it itself, before its chaincode is asked.
    [1_200_000, false],
    [-1_200_000, false],
  ])('of a clock that is %i ms off is taken by either peer: %s', async (offsetMs, isTaken) => {
    shiftClock(offsetMs);
    expect(await net.north.takesTime(NORTH, `${NORTH}/main`)).toBe(isTaken);
    expect(await net.north.takesTime(TRUSTEE, `${NORTH}/main`)).toBe(isTaken);
    expect(await net.trustee.takesTime(TRUSTEE)).toBe(isTaken);
    expect(await net.trustee.takesTime(NORTH)).toBe(isTaken);
  });

  test('is no answer when the question is refused for something else', async () => {
    await expect(net.north.takesTime(NORTH, `${SOUTH}/main`)).rejects.toMatchObject({
      domainCode: 'NOT_ALLOWED',
    });
    await expect(net.north.takesTime(NORTH)).rejects.toMatchObject({ domainCode: 'NOT_ALLOWED' });
  });
});

describe('consent', () => {
  const policy = {
    rules: [{ id: 'no-psy', effect: 'deny' as const, labels: ['PSY'] }],
    default: 'permit' as const,
  };

  test('versions rise by one, a stale one is refused, and the next batch obeys', async () => {
    expect(await net.trustee.findConsent(SUBJECT)).toBeUndefined();
    expect(await net.trustee.consentHistory(SUBJECT)).toEqual([]);
    expect(await net.trustee.putConsent(SUBJECT, policy, 0)).toMatchObject({ version: 1 });
    const stale = await failure(net.trustee.putConsent(SUBJECT, policy, 0));
    expect(stale).toMatchObject({ kind: 'rejected', domainCode: 'VERSION_CONFLICT' });
    const current = await net.trustee.findConsent(SUBJECT);
    expect(current?.document).toEqual({ subject: SUBJECT, version: 1, ...policy });
    const recorded = await net.north.recordBatch(LANE, 1, {
      start: 2,
      requests: [requestOf(10, { purpose: 'HRESCH' })],
    });
    expect(recorded.permitted).toEqual([[true, false]]);
    expect(await net.trustee.putConsent(SUBJECT, { rules: [], default: 'permit' }, 1)).toMatchObject({
      version: 2,
    });
    expect((await net.trustee.consentHistory(SUBJECT)).map(({ document }) => document.version)).toEqual([
      1, 2,
    ]);
  });

  test('a holder can neither write nor read one', async () => {
    expect(await failure(net.north.putConsent(SUBJECT, policy, 2))).toMatchObject({ kind: 'rejected' });
    expect(await failure(net.north.findConsent(SUBJECT))).toMatchObject({
      kind: 'rejected',
      domainCode: 'NOT_ALLOWED',
    });
  });
});

describe('registry', () => {
  test('organisations, settings and clients are read back', async () => {
    expect((await net.south.organisations()).map(({ mspId, role }) => [mspId, role])).toEqual(
      expect.arrayContaining([
        [TRUSTEE, 'trustee'],
        [NORTH, 'holder'],
        [SOUTH, 'holder'],
      ]),
    );
    expect((await net.south.findSettings())?.trustee).toBe(TRUSTEE);
    expect(await net.south.findClient(CLIENT.clientId)).toMatchObject({ org: NORTH, status: 'active' });
    expect(await net.south.findClient('nobody')).toBeUndefined();
    expect(await net.south.clients(NORTH)).toHaveLength(1);
  });

  test('only the trustee admits, only the owner changes a client', async () => {
    const admitted = await failure(
      net.north.admitOrganisation({ mspId: 'EvilMSP', role: 'holder', name: 'Evil', identifiers: [] }),
    );
    expect(admitted).toMatchObject({ kind: 'rejected', domainCode: 'NOT_ALLOWED' });
    const changed = await failure(net.south.setClientStatus(CLIENT.clientId, 'suspended'));
    expect(changed).toMatchObject({ kind: 'rejected', domainCode: 'NOT_ALLOWED' });
  });

  test('a suspended client is refused in the next batch, and works again after', async () => {
    await net.north.setClientStatus(CLIENT.clientId, 'suspended');
    const refused = await net.north.recordBatch(LANE, 2, { start: 3, requests: [requestOf(20)] });
    expect(refused.permitted).toEqual([[false, false]]);
    await net.north.setClientStatus(CLIENT.clientId, 'active');
    const again = await net.north.recordBatch(LANE, 3, { start: 4, requests: [requestOf(21)] });
    expect(again.permitted).toEqual([[true, true]]);
  });
});

describe('events', () => {
  test('arrive in ledger order, and again after any one of them', async () => {
    const stop = new AbortController();
    const all = await take(net.trustee.events(undefined, stop.signal), 12, stop);
    expect(new Set(all.map((event) => event.name))).toEqual(
      new Set(['RegistryChanged', 'AccessRecorded', 'ConsentChanged']),
    );
    const blocks = all.map((event) => event.block);
    expect(blocks).toEqual([...blocks].sort((a, b) => Number(a - b)));
    const middle = all[5];
    const again = new AbortController();
    const after: LedgerPosition = { block: middle?.block ?? 0n, transactionId: middle?.transactionId ?? '' };
    expect(await take(net.trustee.events(after, again.signal), 3, again)).toEqual(all.slice(6, 9));
  });

  test('an aborted stream ends without an error', async () => {
    const stop = new AbortController();
    const height = await net.trustee.height();
    const following = take(net.trustee.events({ block: height, transactionId: '' }, stop.signal), 1, stop);
    await net.trustee.putConsent(SUBJECT, { rules: [], default: 'deny' }, 2);
    expect((await following).map((event) => event.name)).toEqual(['ConsentChanged']);
  });
});

test('a stream that is given up while it opens ends without an error, whatever the moment', async () => {
  const height = await net.trustee.height();
  for (let turns = 0; turns < 60; turns += 1) {
    const stop = new AbortController();
    const events = net.trustee.events({ block: height, transactionId: '' }, stop.signal);
    const blocks = net.trustee.findEventBlock(height, height + 1n, stop.signal);
    const next = events[Symbol.asyncIterator]().next();
    for (let turn = 0; turn < turns; turn += 1) {
      await new Promise(setImmediate);
    }
    stop.abort();
    expect(await next).toEqual({ done: true, value: undefined });
    expect(await blocks).toBeUndefined();
  }
});

describe('blocks', () => {
  const signal = new AbortController().signal;

  test('number, hash and transactions belong together, and the hash is the one that the next block names', async () => {
    const { transactionId, block } = await net.north.recordBatch(`${NORTH}/blocks`, 0, {
      start: 0,
      requests: [requestOf(900)],
    });
    const found = await net.trustee.findBlock(block);
    expect(found?.number).toBe(block);
    expect(found?.transactionIds).toContain(transactionId);
    const { height, hash } = await net.trustee.tip();
    expect((await net.trustee.findBlock(height - 1n))?.hash).toBe(hash);
    expect(await net.trustee.height()).toBe(height);
    expect((await net.trustee.findBlock(0n))?.hash).not.toBe(hash);
  });

  test('of a ledger that works nobody hangs', async () => {
    expect(await whatHangs(net.north, LANE, () => Promise.resolve())).toBeUndefined();
  });

  test('how many there are is known by what another organisation’s peer has, too', async () => {
    const { block } = await net.trustee.putConsent(
      testSubject('known-height'),
      { rules: [], default: 'deny' },
      0,
    );
    expect(await net.north.knownHeight(5_000)).toBeGreaterThan(block);
    expect(await net.trustee.knownHeight(5_000)).toBeGreaterThan(block);
    const own = await net.north.ownHeight();
    expect(own).toBeGreaterThan(0n);
    expect(await net.north.knownHeight(5_000)).toBeGreaterThanOrEqual(own);
  });

  test('one that the peer does not have yet is absent, and is not waited for longer than a read', async () => {
    const { height } = await net.trustee.tip();
    expect(await net.trustee.findBlock(height + 5n)).toBeUndefined();
    const impatient = await connectAs(net, TRUSTEE, { evaluateMs: 300 });
    try {
      await expect(impatient.findEventBlock(height, height + 1n, signal)).rejects.toMatchObject({
        kind: 'unavailable',
        reason: 'PEER_BEHIND',
      });
    } finally {
      impatient.close();
    }
  });

  test('the first one with an event of ours is found from the blocks alone', async () => {
    const before = await net.trustee.height();
    const { block } = await net.north.recordBatch(`${NORTH}/blocks`, 1, {
      start: 1,
      requests: [requestOf(901)],
    });
    expect(await net.trustee.findEventBlock(before, block + 1n, signal)).toBe(block);
    // The channel's configuration and the chaincode's definition announce nothing.
    expect(await net.trustee.findEventBlock(0n, 1n, signal)).toBeUndefined();
    expect(await net.trustee.findEventBlock(block, block, signal)).toBeUndefined();
    const stopped = AbortSignal.abort();
    expect(await net.trustee.findEventBlock(before, block + 9n, stopped)).toBeUndefined();
  });
});
