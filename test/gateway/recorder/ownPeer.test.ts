// SPDX-License-Identifier: Apache-2.0
import type { BatchInput } from '@chartwitness/chaincode/domain';
import { LedgerError } from '../../../gateway/src/ledger/ledgerError';
import { OwnPeer, type OwnPeerOptions } from '../../../gateway/src/recorder/ownPeer';
import { ManualScheduler, settle } from './support/manualScheduler';
import { emergencyOf, requestOf } from './support/requests';

const HEIGHTS = { ownHeight: () => Promise.resolve(1n), knownHeight: () => Promise.resolve(1n) };

/** A peer that answers a call when the test says so, and then with yes. */
function hangingPeer(maxEvents: number) {
  const calls: { readonly ids: readonly string[]; readonly end: () => void }[] = [];
  const scheduler = new ManualScheduler();
  const peer = new OwnPeer({
    ledger: {
      evaluateBatch: (_lane, { requests }: BatchInput) =>
        new Promise((resolve) => {
          calls.push({
            ids: requests.map(({ id }) => id),
            end: () => {
              resolve(requests.map(({ items }) => items.map(() => true)));
            },
          });
        }),
      findBatch: () => Promise.resolve(undefined),
      ...HEIGHTS,
    },
    lane: 'NorthHospitalMSP/main',
    scheduler,
    waitMs: 1_000,
    maxEvents,
    maxBytes: 1_000_000,
    provenSeq: () => undefined,
  });
  const ask = (number: number, isEmergency: boolean): void => {
    void peer.ask(isEmergency ? emergencyOf(number) : requestOf(number), isEmergency).catch(() => undefined);
  };
  return { calls, scheduler, peer, ask };
}

test('an emergency’s question never waits behind a flood of searches', async () => {
  const { calls, ask } = hangingPeer(1);
  for (let i = 0; i < 20; i += 1) {
    ask(i, false);
  }
  await settle();
  const before = calls.length;
  ask(1, true);
  await settle();
  expect(calls.length).toBe(before + 1);
  expect(calls.at(-1)?.ids).toEqual([emergencyOf(1).id]);
});

test('the call that is kept for emergencies stays theirs when one of them is over', async () => {
  const { calls, scheduler, ask } = hangingPeer(1);
  for (let i = 0; i < 20; i += 1) {
    ask(i, false);
  }
  ask(100, true);
  await settle();
  expect(calls).toHaveLength(4);
  ask(101, true);
  // Nobody waits any longer for any of them; later ones do.
  await scheduler.advance(1_000);
  for (let i = 20; i < 40; i += 1) {
    ask(i, false);
  }
  calls[3]?.end();
  await settle();
  expect(calls).toHaveLength(4);
  ask(102, true);
  await settle();
  expect(calls).toHaveLength(5);
  expect(calls[4]?.ids).toEqual([emergencyOf(102).id]);
});

test('clients take turns, and who had none while the peer answered others was not told silence', async () => {
  const { calls, scheduler, peer } = hangingPeer(1);
  const errors: unknown[] = [];
  const ask = (number: number, clientId: string): void => {
    const request = emergencyOf(number);
    const asked = peer.ask({ ...request, requester: { ...request.requester, clientId } }, true);
    asked.catch((error: unknown) => errors.push(error));
  };
  for (let i = 0; i < 40; i += 1) {
    ask(i, 'flooder');
  }
  ask(100, 'honest');
  await settle();
  calls[0]?.end();
  calls[1]?.end();
  await settle();
  // The flooder's four were under way, and one of its own came before; the next turn is the other client's.
  expect(calls[5]?.ids).toEqual([emergencyOf(100).id]);
  calls[5]?.end();
  await scheduler.advance(1_000);
  const kinds = errors.map((error) => (error as LedgerError).kind);
  // Those that were asked got silence; those that never were got a no.
  expect(kinds.filter((kind) => kind === 'unavailable').length).toBeLessThanOrEqual(5);
  expect(kinds.filter((kind) => kind === 'rejected').length).toBeGreaterThan(30);
});

test('where the peer answers nobody, silence is what everybody is told', async () => {
  const { scheduler, peer } = hangingPeer(1);
  const asked = Array.from({ length: 10 }, (_, i) => peer.ask(emergencyOf(i), true));
  const told = Promise.allSettled(asked);
  await scheduler.advance(1_000);
  const kinds = (await told).map((one) => one.status === 'rejected' && (one.reason as LedgerError).kind);
  expect(new Set(kinds)).toEqual(new Set(['unavailable']));
});

test('an emergency’s call asks for emergencies alone', async () => {
  const { calls, ask } = hangingPeer(100);
  for (let i = 0; i < 3; i += 1) {
    ask(i, false);
    await settle();
  }
  for (let i = 3; i < 20; i += 1) {
    ask(i, false);
  }
  ask(100, true);
  await settle();
  expect(calls).toHaveLength(4);
  expect(calls[3]?.ids).toEqual([emergencyOf(100).id]);
});

describe('a refusal is an answer', () => {
  const corrupt = (): Promise<never> =>
    Promise.reject(new LedgerError('rejected', 'fake refusal', { domainCode: 'CORRUPT' }));
  const never = (): Promise<never> => new Promise(() => undefined);

  type Answers = Pick<OwnPeerOptions['ledger'], 'evaluateBatch' | 'findBatch'>;
  function peerOf(answers: Answers) {
    const ledger = { ...HEIGHTS, ...answers };
    const scheduler = new ManualScheduler();
    const lane = 'NorthHospitalMSP/main';
    const bounds = { waitMs: 1_000, maxEvents: 10, maxBytes: 1_000_000 };
    const peer = new OwnPeer({ ledger, lane, scheduler, ...bounds, provenSeq: () => 0 });
    return { peer, scheduler };
  }
  const batch = { start: 0, count: 1, batchRoot: 'A'.repeat(43) };

  test.each<[string, Answers, object]>([
    [
      'of a peer that has all batches',
      { evaluateBatch: corrupt, findBatch: () => Promise.resolve(batch) },
      { kind: 'rejected', domainCode: 'CORRUPT' },
    ],
    [
      'of a peer that does not say whether it is behind',
      { evaluateBatch: corrupt, findBatch: never },
      { kind: 'rejected', domainCode: 'CORRUPT' },
    ],
    [
      'of a peer that is behind as well: what is not understood counts as what would be withheld',
      { evaluateBatch: corrupt, findBatch: () => Promise.resolve(undefined) },
      { kind: 'rejected', domainCode: 'CORRUPT' },
    ],
    [
      'and so is an answer that does not fit',
      { evaluateBatch: () => Promise.resolve([[true]]), findBatch: () => Promise.resolve(batch) },
      { kind: 'rejected', domainCode: 'CORRUPT' },
    ],
    [
      'and so is a denial by a peer that does not say whether it is behind',
      { evaluateBatch: () => Promise.resolve([[true, false]]), findBatch: never },
      { kind: 'rejected' },
    ],
    [
      'but a permission by such a peer is no word',
      { evaluateBatch: () => Promise.resolve([[true, true]]), findBatch: never },
      { kind: 'unavailable' },
    ],
    ['and silence is none', { evaluateBatch: never, findBatch: never }, { kind: 'unavailable' }],
  ])('%s', async (_, ledger, expected) => {
    const { peer, scheduler } = peerOf(ledger);
    const told = peer.ask(emergencyOf(1), true).catch((error: unknown) => error);
    await scheduler.advance(1_000);
    expect(await told).toMatchObject(expected);
  });

  test('also to those asked together, when the time does not suffice to find out which it was', async () => {
    let release: () => void = () => undefined;
    const { peer, scheduler } = peerOf({
      // Four calls are under way at once; when the first is over, those that wait go together.
      evaluateBatch: (_, { requests }) =>
        requests.length > 1
          ? corrupt()
          : requests[0]?.id === emergencyOf(0).id
            ? new Promise((resolve) => {
                release = () => {
                  resolve([[true, true]]);
                };
              })
            : never(),
      findBatch: () => Promise.resolve(batch),
    });
    const told = [0, 1, 2, 3, 4, 5].map((number) =>
      peer.ask(emergencyOf(number), true).catch((error: unknown) => error),
    );
    await settle();
    release();
    await scheduler.advance(1_000);
    const [first, second, , , ...together] = await Promise.all(told);
    expect(first).toEqual([true, true]);
    expect(second).toMatchObject({ kind: 'unavailable' });
    for (const one of together) {
      expect(one).toMatchObject({ kind: 'rejected', domainCode: 'CORRUPT' });
    }
  });
});

describe('data leave by the word of a peer only if it has all blocks that are known', () => {
  const batch = { start: 0, count: 1, batchRoot: 'A'.repeat(43) };

  function peerWith(
    heights: Pick<OwnPeerOptions['ledger'], 'ownHeight' | 'knownHeight'>,
    isPermitted = true,
  ) {
    const scheduler = new ManualScheduler();
    const calls: string[] = [];
    const peer = new OwnPeer({
      ledger: {
        evaluateBatch: (_lane, { requests }: BatchInput) => {
          calls.push('evaluate');
          return Promise.resolve(requests.map(({ items }) => items.map(() => isPermitted)));
        },
        findBatch: () => Promise.resolve(batch),
        knownHeight: heights.knownHeight,
        ownHeight: () => {
          calls.push('height');
          return heights.ownHeight();
        },
      },
      lane: 'NorthHospitalMSP/main',
      scheduler,
      waitMs: 1_000,
      maxEvents: 10,
      maxBytes: 1_000_000,
      provenSeq: () => 0,
    });
    const told = (isRelease: boolean): Promise<unknown> =>
      peer.ask(emergencyOf(1), true, isRelease).catch((error: unknown) => error);
    return { scheduler, calls, told };
  }
  const at = (height: bigint) => (): Promise<bigint> => Promise.resolve(height);

  test.each([true, false])(
    'one block less, and its yes is no word, but its no is told (permits: %s)',
    async (isPermitted) => {
      const { scheduler, told } = peerWith({ ownHeight: at(7n), knownHeight: at(8n) }, isPermitted);
      const answer = told(true);
      await scheduler.advance(500);
      expect(await answer).toMatchObject({
        kind: 'unavailable',
        reason: 'PEER_BEHIND',
        oldWord: [isPermitted, isPermitted],
      });
    },
  );

  test('as many blocks or more, and it is; its height is asked before what it decides', async () => {
    for (const own of [8n, 9n]) {
      const { calls, told } = peerWith({ ownHeight: at(own), knownHeight: at(8n) });
      expect(await told(true)).toEqual([true, true]);
      expect(calls).toEqual(['height', 'evaluate']);
    }
  });

  test('a peer that is getting them is asked again, and its later word counts', async () => {
    let own = 7n;
    const { scheduler, calls, told } = peerWith({
      ownHeight: () => Promise.resolve(own),
      knownHeight: at(8n),
    });
    const answer = told(true);
    await settle();
    own = 8n;
    await scheduler.advance(60);
    expect(await answer).toEqual([true, true]);
    expect(calls).toEqual(['height', 'evaluate', 'height', 'evaluate']);
  });

  test('a peer that does not say how far it is: its yes is no word, its no stands', async () => {
    const away = (): Promise<never> => Promise.reject(new LedgerError('unavailable', 'fake: away'));
    for (const [isPermitted, kind] of [
      [true, 'unavailable'],
      [false, 'rejected'],
    ] as const) {
      const { scheduler, told } = peerWith({ ownHeight: away, knownHeight: at(8n) }, isPermitted);
      const answer = told(true);
      await scheduler.advance(500);
      expect(await answer).toMatchObject({ kind });
    }
  });

  test('a peer that says it a moment later has its word', async () => {
    const heights = [() => Promise.reject(new LedgerError('unavailable', 'fake: away')), at(8n)];
    const next = (): Promise<bigint> => (heights.shift() ?? at(8n))();
    const { scheduler, told } = peerWith({ ownHeight: next, knownHeight: at(8n) });
    const answer = told(true);
    await scheduler.advance(60);
    expect(await answer).toEqual([true, true]);
  });

  test('what nothing leaves by is answered without asking for blocks', async () => {
    const { calls, told } = peerWith({ ownHeight: at(7n), knownHeight: at(8n) });
    expect(await told(false)).toEqual([true, true]);
    expect(calls).toEqual(['evaluate']);
  });
});
