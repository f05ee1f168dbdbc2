// SPDX-License-Identifier: Apache-2.0
import type { PrivateBatch } from '@chartwitness/chaincode/domain';
import { FakePeer, loadChaincode } from '../support/fakePeer';
import {
  batch,
  type Callers,
  createCallers,
  createNetwork,
  LANE,
  putConsent,
  record,
  request,
  subjectOf,
} from '../support/network';

const GET_STATE = 8;
const GET_STATE_MULTIPLE = 25;
const DENY = { rules: [{ id: 'nobody', effect: 'deny' }], default: 'deny' };

let callers: Callers;
beforeAll(async () => {
  callers = await createCallers();
});

const people = ['ada', 'ben', 'cleo', 'dora', 'edgar'];
const input = batch(people.map((name) => request(name, { subject: subjectOf(name) })));

/** A network on which two of the people deny everything. */
async function network(options: { manyKeys: number }): Promise<FakePeer> {
  const peer = await createNetwork(callers, new FakePeer(loadChaincode(), options));
  await putConsent(peer, callers.trustee, subjectOf('ben'), DENY);
  await putConsent(peer, callers.trustee, subjectOf('edgar'), DENY);
  peer.messages.clear();
  return peer;
}

async function outcomes(peer: FakePeer): Promise<readonly string[]> {
  const result = await record(peer, callers.north, input);
  expect(result.message).toBe('');
  peer.commit(result);
  const { payload } = await peer.evaluate({ as: callers.north, args: ['Access:GetEvents', LANE, '0'] });
  return (JSON.parse(payload) as PrivateBatch).events.map(({ outcome }) => outcome);
}

const EXPECTED = ['permit', 'deny', 'permit', 'permit', 'deny'];

describe('consents of a batch', () => {
  test('are read in one message where the peer offers it, and decide as single reads do', async () => {
    const [many, single] = [await network({ manyKeys: 1000 }), await network({ manyKeys: 0 })];
    const [read, readSingly] = [
      await record(many, callers.north, input),
      await record(single, callers.north, input),
    ];
    expect(many.messages.get(GET_STATE_MULTIPLE)).toBe(1);
    expect(single.messages.get(GET_STATE_MULTIPLE)).toBeUndefined();
    expect(single.messages.get(GET_STATE)).toBe((many.messages.get(GET_STATE) ?? 0) + people.length);
    const sorted = (reads: typeof read.reads): string[] =>
      reads.map(({ collection, key }) => `${collection} ${key}`).sort();
    expect(sorted(read.reads)).toEqual(sorted(readSingly.reads));
    expect(read.writes).toEqual(readSingly.writes);
    expect(read.payload).toBe(readSingly.payload);
    expect(await outcomes(many)).toEqual(EXPECTED);
    expect(await outcomes(single)).toEqual(EXPECTED);
  });

  test('are read in as many messages as the peer’s limit makes necessary', async () => {
    const peer = await network({ manyKeys: 2 });
    expect(await outcomes(peer)).toEqual(EXPECTED);
    expect(peer.messages.get(GET_STATE_MULTIPLE)).toBe(3);
  });

  test('are read singly when the peer answers for another number of keys: an absent answer is no absent consent', async () => {
    const peer = await network({ manyKeys: 1000 });
    peer.answersNothing = true;
    expect(await outcomes(peer)).toEqual(EXPECTED);
    expect(peer.messages.get(GET_STATE)).toBeGreaterThanOrEqual(people.length);
  });

  test('of a batch of one take one single read', async () => {
    const peer = await network({ manyKeys: 1000 });
    await record(peer, callers.north, batch([request('ada')]));
    expect(peer.messages.get(GET_STATE_MULTIPLE)).toBeUndefined();
  });
});
