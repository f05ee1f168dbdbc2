// SPDX-License-Identifier: Apache-2.0
/** Questions about several channels of one peer, and about chaincode that calls chaincode on another one. */
import { answerTo, type Answer } from './answers';
import {
  ask,
  Askers,
  call,
  callOf,
  get,
  type LedgerOfChannels,
  prepare,
  put,
  type Question,
  run,
  runAndCommit,
  see,
  type Step,
  untilSeen,
} from './acrossSteps';
import { CHANNEL_QUESTIONS } from './channelQuestions';
import { BOTH, CLOSED, OPENED, SECOND, text } from './network';

/**
 * The question that this ledger answers otherwise than a peer: of the system's chaincode it has `qscc` only.
 */
export const LIFE_CYCLE = 'the life cycle’s chaincode';

/** Evaluates the steps as a user of Org1MSP at its own peer, on the first channel. */
const asked = (name: string, ...steps: Step[]): Question =>
  ask(name, (askers) => run(askers.holder(), steps));
/** The same, endorsed by two organisations and committed. */
const committed = (name: string, ...steps: Step[]): Question =>
  ask(name, async (askers) => text(await runAndCommit(askers.holder(), steps)));
const readSecond = (name: string, key: string): Question =>
  ask(name, (askers) => askers.holder(SECOND).evaluate('get', [key]));

/** Of what a chaincode sees, all but what differs from run to run; those only in comparison. */
function compareSeen(printed: string): object {
  const [outer, { payload }] = JSON.parse(printed) as [Seen, { payload: [Seen] }];
  const [inner] = payload;
  return {
    inner: { ...inner, transaction: '', time: 0 },
    outer: { ...outer, transaction: '', time: 0 },
    sameTransaction: inner.transaction === outer.transaction,
    sameTime: inner.time === outer.time,
  };
}
interface Seen {
  transaction: string;
  time: number;
}

const values: Question[] = [
  prepare(async (askers) => {
    await askers.holder(SECOND).submit('put', ['a1', 'of the second']);
    await askers.holder().submit('put', ['a1', 'of the first']);
    await askers.holder(SECOND).submit('put', ['a2', 'two']);
    await askers.as(1, { user: 'Admin', channel: OPENED }).submit('put', ['a1', 'of the third']);
    await untilSeen(askers.as(2, { channel: SECOND }), ['get', 'a2'], 'two');
  }),
  asked('a value read across, evaluated', call(SECOND, [get('a1')]), get('a1')),
  committed('a value read across, committed', call(SECOND, [get('a1')]), put('a3', 'x')),
  asked('a key that is absent there', call(SECOND, [get('a3')])),
  asked('no steps there', call(SECOND, [])),
  asked('two calls in one transaction', call(SECOND, [get('a1')]), call(SECOND, [get('a2')])),
  asked('a scan there', call(SECOND, [{ do: 'keys', from: 'a1', to: 'a3' }])),
  asked('the newest of a history there', call(SECOND, [{ do: 'newest', key: 'a2' }])),
  ask('read across from the second channel', (askers) =>
    run(askers.holder(SECOND), [call('access', [get('a1')]), get('a1')]),
  ),
  ask('read at another organisation’s peer', (askers) =>
    run(askers.as(1, { peer: 2 }), [call(SECOND, [get('a1')])]),
  ),
  asked('over the second to a third channel', call(SECOND, [call(OPENED, [get('a1')]), get('a2')])),
  ask('what caller and called see', async (askers) =>
    compareSeen(
      await run(askers.holder(), [see, call(SECOND, [see])], { transientData: { t1: 'one', t2: 'two' } }),
    ),
  ),
  ask('what they see at another organisation’s peer', async (askers) =>
    compareSeen(await run(askers.as(1, { peer: 2 }), [see, call(SECOND, [see])])),
  ),
  ask('arguments from the transient map', (askers) =>
    run(askers.holder(), [{ do: 'call', channel: SECOND, secret: 's' }], {
      transientData: { s: JSON.stringify([get('a1')]) },
    }),
  ),
];

const writes: Question[] = [
  committed('a write there', call(SECOND, [put('w1', 'x')]), put('w2', 'x')),
  readSecond('is dropped', 'w1'),
  committed('nothing but a write there', call(SECOND, [put('w3', 'x')])),
  readSecond('is dropped as well', 'w3'),
  asked('the called reads its own write', call(SECOND, [put('w4', 'x'), get('w4')])),
  asked(
    'a second call reads the write of the first',
    call(SECOND, [put('w5', 'x')]),
    call(SECOND, [get('w5')]),
  ),
  committed(
    'a private write there',
    call(SECOND, [{ do: 'privatePut', collection: 'pair', key: 'w6', value: 'x' }]),
  ),
  committed(
    'a private scan there, after a write here',
    put('w7', 'x'),
    call(SECOND, [{ do: 'privateKeys', collection: 'pair', from: 'a', to: 'b' }]),
  ),
  asked(
    'a private scan there, then a write there',
    call(SECOND, [{ do: 'privateKeys', collection: 'pair', from: 'a', to: 'b' }, put('w8', 'x')]),
  ),
  ask('the events of a transaction whose call sets one as well', async (askers) => {
    const holder = askers.holder();
    const stream = await holder.network.getChaincodeEvents('oracle');
    await runAndCommit(holder, [
      { do: 'event', name: 'outer' },
      call(SECOND, [{ do: 'event', name: 'inner' }]),
    ]);
    return eventAfter(askers, stream);
  }),
  ask('the events of a transaction whose call alone sets one', async (askers) => {
    const holder = askers.holder();
    const stream = await holder.network.getChaincodeEvents('oracle');
    await runAndCommit(holder, [call(SECOND, [{ do: 'event', name: 'inner' }])]);
    return eventAfter(askers, stream);
  }),
];

/** Names of the events up to a last one that this makes. */
async function eventAfter(
  askers: Askers,
  stream: AsyncIterable<{ eventName: string }> & { close(): void },
): Promise<string[]> {
  const names: string[] = [];
  await askers.holder().submit('event', ['last', 'x']);
  for await (const { eventName } of stream) {
    names.push(eventName);
    if (eventName === 'last') {
      break;
    }
  }
  stream.close();
  return names;
}

const failures: Question[] = [
  asked('the called throws', call(SECOND, [{ do: 'fail', message: 'NOT_ALLOWED|no' }])),
  committed(
    'the called throws and the caller goes on',
    call(SECOND, [{ do: 'fail', message: 'no' }]),
    put('f1', 'x'),
  ),
  asked('a function that does not exist there', callOf(SECOND, 'oracle', 'Across:nope')),
  asked('a contract that does not exist there', callOf(SECOND, 'oracle', 'Nope:run', '[]')),
  asked('without arguments', callOf(SECOND, 'oracle')),
  asked('an unknown channel', call('nochannel', [])),
  asked('chaincode that is unknown there', callOf(SECOND, 'nochaincode', 'get', 'a1')),
  asked('chaincode that is unknown on both channels, of the own one', callOf('', 'nochaincode', 'get', 'a1')),
  asked('chaincode without a name', callOf(SECOND, '', 'get', 'a1')),
  asked('itself on its own channel', call('', [get('a1')])),
  asked('itself on its own channel, which is named', call('access', [get('a1')])),
  asked('a call back to the first channel', call(SECOND, [call('access', [get('a1')])])),
  asked('the second channel by itself, called there', call(SECOND, [call(SECOND, [get('a1')])])),
  asked('a name with a version', callOf(SECOND, 'oracle:9', 'get', 'a1')),
  asked('channel in the name', callOf('', `oracle/${SECOND}`, 'get', 'a1')),
  asked('channel in the name and besides', callOf(SECOND, `oracle/${SECOND}`, 'get', 'a1')),
  asked('the system’s chaincode there', callOf(SECOND, 'qscc', 'GetChainInfo', SECOND)),
  asked('the system’s chaincode of the own channel', callOf('', 'qscc', 'GetChainInfo', 'access')),
  asked(LIFE_CYCLE, callOf(SECOND, '_lifecycle', 'QueryInstalledChaincodes', '')),
  asked('the configuration’s chaincode', callOf(SECOND, 'cscc', 'GetChannels')),
  ask('the called takes too long', (askers) =>
    run(askers.holder(), [call(SECOND, [{ do: 'wait', milliseconds: 5_000 }])], {
      endorsingOrganizations: ['Org1MSP'],
    }),
  ),
  asked('and the next call', call(SECOND, [get('a1')])),
];

const rules: Question[] = [
  asked('a channel where the caller’s creator may not write', call(CLOSED, [get('a1')])),
  committed('the same, committed', call(CLOSED, [get('a1')]), put('r1', 'x')),
  ask('the same, by an administrator', (askers) =>
    run(askers.as(1, { user: 'Admin' }), [call(CLOSED, [get('a1')])]),
  ),
  asked('chaincode that is unknown on such a channel', callOf(CLOSED, 'nochaincode', 'get', 'a1')),
  asked('a channel where readers may be creators of calls', call(OPENED, [get('a1')])),
  ask('that channel, called directly', (askers) => askers.holder(OPENED).evaluate('get', ['a1'])),
  ask('that channel, submitted directly', (askers) => askers.holder(OPENED).submit('put', ['a1', 'x'])),
  ask('that channel, by an administrator directly', (askers) =>
    askers.as(1, { user: 'Admin', channel: OPENED }).submit('put', ['a1', 'opened']),
  ),
  asked('what the administrator wrote', call(OPENED, [get('a1')])),
  ask('a channel that the peer has not joined, from there', (askers) =>
    run(askers.as(3), [call(OPENED, [get('a1')])]),
  ),
  ask('a channel that the peer has not joined, by a member', (askers) =>
    run(askers.as(1, { peer: 3 }), [call(OPENED, [get('a1')])]),
  ),
  ask('a member’s peer, by a creator who is none', (askers) =>
    run(askers.as(3, { peer: 1 }), [call(OPENED, [get('a1')])]),
  ),
  ask('the same, an administrator', (askers) =>
    run(askers.as(3, { peer: 1, user: 'Admin' }), [call(CLOSED, [get('a1')])]),
  ),
  ask('endorsed by two of three, of whom one has not joined', (askers) =>
    askers.holder().contract.submit('Across:run', {
      arguments: [JSON.stringify([call(OPENED, [get('a1')]), put('r2', 'x')])],
      endorsingOrganizations: ['Org2MSP', 'Org3MSP'],
    }),
  ),
];

const secret = (value: string) => ({ transientData: { v: value }, endorsingOrganizations: ['Org2MSP'] });
const readPrivately = (collection: string, key: string): Step =>
  call(SECOND, [{ do: 'privateGet', collection, key }]);

const privately: Question[] = [
  prepare(async (askers) => {
    const trustee = askers.as(2, { channel: SECOND });
    await trustee.submit('pvtPut', ['all', 'p1'], secret('for all'));
    await trustee.submit('pvtPut', ['pair', 'p1'], { ...secret('for two'), endorsingOrganizations: BOTH });
    // Values reach the other members' peers a moment after the commit.
    await untilSeen(askers.holder(SECOND), ['pvtGet', 'all', 'p1'], 'for all');
    await untilSeen(askers.holder(SECOND), ['pvtGet', 'pair', 'p1'], 'for two');
  }),
  asked('a private value for members', readPrivately('all', 'p1')),
  asked('a private value for two of them', readPrivately('pair', 'p1')),
  committed('a private value, committed', readPrivately('pair', 'p1'), put('p2', 'x')),
  asked('a private value that is absent', readPrivately('all', 'p9')),
  asked('a collection that is not there', readPrivately('nocollection', 'p1')),
  ask('by a client that is no member, at a member’s peer', (askers) =>
    run(askers.as(3, { peer: 1 }), [readPrivately('pair', 'p1')]),
  ),
  ask('by a member’s client, at a peer that is no member’s', (askers) =>
    run(askers.as(1, { peer: 3 }), [readPrivately('pair', 'p1')]),
  ),
  ask('a caller that reads privately itself', async (askers) => {
    await askers.as(2).submit('pvtPut', ['all', 'p3'], secret('here'));
    await untilSeen(askers.holder(), ['pvtGet', 'all', 'p3'], 'here');
    return run(askers.holder(), [
      { do: 'privateGet', collection: 'all', key: 'p3' },
      readPrivately('all', 'p1'),
      readPrivately('all', 'p3'),
    ]);
  }),
];

const readMany = (collection: string, ...keys: string[]): Step =>
  call(SECOND, [{ do: 'many', collection, keys }]);

/** Of one message for many keys, which Fabric 2.5 does not offer. */
export const MANY_KEYS = 'many keys in one message: ';

const many: Question[] = [
  asked(`${MANY_KEYS}public values`, readMany('', 'a1', 'a9', 'a2')),
  asked(`${MANY_KEYS}private values, one of them absent`, readMany('all', 'p1', 'p9')),
  committed(`${MANY_KEYS}private values, committed`, readMany('pair', 'p1', 'p9'), put('m1', 'x')),
  asked(`${MANY_KEYS}a collection that is not there`, readMany('nocollection', 'p1')),
  ask(`${MANY_KEYS}by a member’s client, at a peer that is no member’s`, (askers) =>
    run(askers.as(1, { peer: 3 }), [readMany('pair', 'p1', 'p9')]),
  ),
  ask(`${MANY_KEYS}by a client that is no member, at a member’s peer`, (askers) =>
    run(askers.as(3, { peer: 1 }), [readMany('pair', 'p1')]),
  ),
];

const QUESTIONS = [...CHANNEL_QUESTIONS, ...[values, writes, failures, rules, privately, many].flat()];

/** Puts every question to the ledger, in their order. */
export async function askAcross(network: LedgerOfChannels): Promise<Answer[]> {
  const askers = new Askers(network);
  const answers: Answer[] = [];
  try {
    for (const { name, run: question } of QUESTIONS) {
      if (name === undefined) {
        await question(askers);
      } else {
        answers.push(await answerTo(name, () => question(askers)));
      }
    }
  } finally {
    askers.close();
  }
  return answers;
}
