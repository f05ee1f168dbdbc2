// SPDX-License-Identifier: Apache-2.0
import type { FakePeer, Result } from '../support/fakePeer';
import type { Identity } from '../support/identities';
import {
  bits128,
  type Callers,
  createCallers,
  createNetwork,
  DEFAULT_POLICY,
  putConsent,
  subjectOf,
} from '../support/network';

let callers: Callers;
let peer: FakePeer;
beforeAll(async () => {
  callers = await createCallers();
});
beforeEach(async () => {
  peer = await createNetwork(callers);
});

const ada = subjectOf('ada');
const denyAll = { rules: [], default: 'deny' };

interface PutOptions {
  as?: Identity;
  subject?: string;
  expected?: string;
  policy?: string | Uint8Array;
  changeId?: string;
  atMs?: number;
}
function put({
  as = callers.trustee,
  subject = ada,
  expected = '0',
  policy = JSON.stringify(denyAll),
  changeId = bits128('c'),
  atMs = peer.now,
}: PutOptions = {}): Promise<Result> {
  return peer.evaluate({
    as,
    args: ['Consent:Put', subject, expected],
    transient: { policy, changeId },
    atMs,
  });
}
async function refused(result: Promise<Result>, code: string): Promise<Result> {
  const { status, message, writes, event } = await result;
  expect(message.split('|')[0]).toBe(code);
  expect(status).toBe(500);
  expect(writes).toEqual([]);
  expect(event).toBeUndefined();
  return result;
}
const get = (as: Identity, subject = ada): Promise<Result> =>
  peer.evaluate({ as, args: ['Consent:Get', subject] });
const history = (as: Identity, subject = ada): Promise<Result> =>
  peer.evaluate({ as, args: ['Consent:History', subject] });

describe('Put', () => {
  test('writes the new version to the collection, and nowhere else', async () => {
    const result = await put({ policy: JSON.stringify(DEFAULT_POLICY) });
    expect(result.payload).toBe('1');
    expect(result.event).toEqual({ name: 'ConsentChanged', payload: `{"subject":"${ada}","version":1}` });
    expect(result.writes.map(({ collection }) => collection)).toEqual(['consents', 'consents']);
    peer.commit(result);
    expect(JSON.parse((await get(callers.trustee)).payload)).toEqual({
      at: '2026-11-23T09:30:00.000Z',
      document: { ...DEFAULT_POLICY, subject: ada, version: 1 },
    });
  });

  test('stores a random salt with it, so that its public hash cannot be guessed', async () => {
    const [one, other] = [await put({ changeId: bits128('1') }), await put({ changeId: bits128('2') })];
    expect(one.writes[0]?.key).toBe(other.writes[0]?.key);
    expect(one.writes[0]?.value).not.toEqual(other.writes[0]?.value);
  });

  test('counts versions, and History has them all, oldest first', async () => {
    for (let version = 0; version < 12; version++) {
      peer.now += 1000;
      const result = await putConsent(
        peer,
        callers.trustee,
        ada,
        { rules: [], default: version % 2 ? 'permit' : 'deny' },
        version,
      );
      expect(result.payload).toBe(String(version + 1));
    }
    await putConsent(peer, callers.trustee, subjectOf('bob'), denyAll);
    const all = JSON.parse((await history(callers.trustee)).payload) as {
      at: string;
      document: { version: number; default: string };
    }[];
    expect(all.map(({ document }) => document.version)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
    expect(all[3]).toMatchObject({ at: '2026-11-23T09:30:04.000Z', document: { default: 'permit' } });
  });

  test('reads settings and the current version once', async () => {
    const { reads, ranges } = await put();
    expect(reads.map(({ collection, key }) => [collection, key.split('\0').filter(Boolean)[0]])).toEqual([
      ['', 'settings'],
      ['consents', ada],
      ['consents', 'change'],
    ]);
    expect(ranges).toEqual([]);
  });

  test('refuses a stale or a future version', async () => {
    await putConsent(peer, callers.trustee, ada, denyAll);
    await refused(put({ changeId: bits128('d') }), 'VERSION_CONFLICT');
    const { message } = await refused(put({ expected: '2', changeId: bits128('d') }), 'VERSION_CONFLICT');
    expect(message).toBe('VERSION_CONFLICT|the current version is 1, not 2');
    expect((await put({ expected: '1', changeId: bits128('d') })).status).toBe(200);
  });

  test('refuses a change id that was used before', async () => {
    peer.commit(await put());
    await refused(put({ expected: '1' }), 'CONFLICT');
  });

  test('is the trustee’s alone', async () => {
    for (const as of [callers.north, callers.stranger, callers.northAsTrustee, callers.trusteeAsHolder]) {
      await refused(put({ as }), 'NOT_ALLOWED');
    }
  });

  test.each<[string, PutOptions]>([
    ['a subject that is no pseudonym', { subject: 'ada@example.org' }],
    ['no subject', { subject: '' }],
    ['a version that is no number', { expected: 'one' }],
    ['a negative version', { expected: '-1' }],
    ['a version with a leading zero', { expected: '00' }],
    ['a policy that is not JSON', { policy: '{' }],
    ['a policy that is not UTF-8', { policy: Uint8Array.of(0x22, 0xff, 0x22) }],
    ['a policy with an unknown field', { policy: '{"rules":[],"default":"deny","note":"Ada Lovelace"}' }],
    ['a policy of more than 128 KiB', { policy: JSON.stringify({ ...denyAll, note: 'x'.repeat(131_072) }) }],
    ['a change id that is not random', { changeId: 'first' }],
    ['an empty change id', { changeId: '' }],
  ])('refuses %s', async (_, options) => {
    const { message } = await refused(put(options), 'INVALID_INPUT');
    expect(message).not.toContain('Ada');
  });

  test('refuses without its transient parts', async () => {
    const args = ['Consent:Put', ada, '0'];
    await refused(peer.evaluate({ as: callers.trustee, args }), 'INVALID_INPUT');
    await refused(
      peer.evaluate({ as: callers.trustee, args, transient: { policy: JSON.stringify(denyAll) } }),
      'INVALID_INPUT',
    );
  });

  test.each([
    [60_000, 200],
    [-60_000, 200],
    [60_001, 500],
    [-60_001, 500],
  ])('at %i ms from the peer’s clock answers %i', async (difference, status) => {
    const result = await put({ atMs: peer.now + difference });
    expect(result.status).toBe(status);
    if (status === 500) {
      await refused(Promise.resolve(result), 'TIME_OUT_OF_RANGE');
    }
  });
});

describe('Get and History', () => {
  test('are the trustee’s alone', async () => {
    await putConsent(peer, callers.trustee, ada, denyAll);
    for (const as of [callers.north, callers.stranger, callers.northAsTrustee, callers.trusteeAsHolder]) {
      expect((await refused(get(as), 'NOT_ALLOWED')).reads.map(({ collection }) => collection)).not.toContain(
        'consents',
      );
      expect((await refused(history(as), 'NOT_ALLOWED')).ranges).toEqual([]);
    }
  });

  test('know nothing of a subject without a consent', async () => {
    await refused(get(callers.trustee), 'NOT_FOUND');
    expect((await history(callers.trustee)).payload).toBe('[]');
    await refused(get(callers.trustee, ''), 'INVALID_INPUT');
    await refused(history(callers.trustee, 'ada'), 'INVALID_INPUT');
  });

  test('report a stored value without its form', async () => {
    peer.commit({ writes: [{ collection: 'consents', key: ada, value: Buffer.from('{"document":{}}') }] });
    await refused(get(callers.trustee), 'CORRUPT');
  });
});
