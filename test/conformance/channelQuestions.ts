// SPDX-License-Identifier: Apache-2.0
/** Questions about each service on more than one channel: who is served, and what is said to others. */
import type { ChaincodeEvent, CloseableAsyncIterable } from '@hyperledger/fabric-gateway';
import { common } from '@hyperledger/fabric-protos';
import { ask, type Askers, type Question, untilSeen } from './acrossSteps';
import { BOTH, OPENED, SECOND, text, type ClientOptions, type TestClient } from './network';
import { commitStatusOn, onChannel, proposeDirectly, submitAs } from './signedRequests';

const SOME_ID = 'ab'.repeat(32);
/** Long enough for a status that has come, short enough to wait for one that does not. */
const NEVER_MS = 1_000;

async function first<T>(stream: CloseableAsyncIterable<T>): Promise<T> {
  try {
    for await (const item of stream) {
      return item;
    }
  } finally {
    stream.close();
  }
  throw new Error('the stream ended');
}

/** Every service asked by one client for one channel. */
function everyService(who: string, organisation: number, options: ClientOptions): Question[] {
  const as = (askers: Askers): TestClient => askers.as(organisation, options);
  const channel = options.channel ?? '';
  const proposal = (askers: Askers, more: object) =>
    as(askers).contract.newProposal('get', { arguments: ['c1'], ...more });
  return [
    ask(`evaluate: ${who}`, (askers) => as(askers).evaluate('get', ['c1'])),
    ask(`evaluate, an organisation named: ${who}`, (askers) =>
      as(askers).evaluate('get', ['c1'], { endorsingOrganizations: ['Org1MSP'] }),
    ),
    ask(`evaluate with transient data: ${who}`, (askers) =>
      as(askers).evaluate('get', ['c1'], { transientData: { a: 'b' } }),
    ),
    ask(`endorse: ${who}`, async (askers) => text((await proposal(askers, {}).endorse()).getResult())),
    ask(`endorse, organisations named: ${who}`, async (askers) =>
      text((await proposal(askers, { endorsingOrganizations: BOTH }).endorse()).getResult()),
    ),
    ask(`endorse with transient data: ${who}`, async (askers) =>
      text((await proposal(askers, { transientData: { a: 'b' } }).endorse()).getResult()),
    ),
    ask(`propose to the peer itself: ${who}`, (askers) => proposeDirectly(as(askers), 'get', ['c1'])),
    ask(`submit, made for it: ${who}`, (askers) =>
      submitAs(askers.as(organisation, { ...options, channel: 'access' }), channel, channel),
    ),
    ask(`chaincode events from the start: ${who}`, async (askers) => {
      const stream = await as(askers).network.getChaincodeEvents('oracle', { startBlock: 0n });
      return (await first<ChaincodeEvent>(stream)).eventName;
    }),
    ask(`blocks from the start: ${who}`, async (askers) => {
      const block = await first(await as(askers).network.getBlockEvents({ startBlock: 0n }));
      return String(block.getHeader()?.getNumber());
    }),
    ask(`filtered blocks from the start: ${who}`, async (askers) => {
      const block = await first(await as(askers).network.getFilteredBlockEvents({ startBlock: 0n }));
      return `${block.getChannelId()} ${String(block.getNumber())}`;
    }),
    ask(`qscc there: ${who}`, async (askers) => height(as(askers), channel)),
    ask(`qscc, asked on the first channel: ${who}`, async (askers) =>
      height(askers.as(organisation, { ...options, channel: 'access' }), channel),
    ),
  ];
}

/** Whether the channel has blocks, by the system's chaincode. */
async function height(client: TestClient, channel: string): Promise<boolean> {
  const info = await client.network.getContract('qscc').evaluateTransaction('GetChainInfo', channel);
  return common.BlockchainInfo.deserializeBinary(info).getHeight() > 1;
}

const refusedStatus = (who: string, organisation: number, options: ClientOptions): Question =>
  ask(`commit status: ${who}`, (askers) =>
    commitStatusOn(
      askers.as(organisation, { ...options, channel: 'access' }),
      options.channel ?? '',
      SOME_ID,
    ),
  );

const served: Question[] = [
  ask('a key of each channel', async (askers) => {
    await askers.holder().submit('put', ['c1', 'first']);
    await askers.holder(SECOND).submit('put', ['c1', 'second']);
    await askers.as(1, { channel: OPENED, user: 'Admin' }).submit('put', ['c1', 'opened']);
    await untilSeen(askers.as(2), ['get', 'c1'], 'first');
    await untilSeen(askers.as(2, { channel: SECOND }), ['get', 'c1'], 'second');
    const channels = ['access', SECOND].map((channel) => askers.as(2, { channel }).evaluate('get', ['c1']));
    return Promise.all(channels);
  }),
  ask('an event of each channel', async (askers) => {
    const [one, other] = [askers.holder(), askers.holder(SECOND)];
    const seen = await Promise.all([one, other].map((client) => client.network.getChaincodeEvents('oracle')));
    await other.submit('event', ['of the second', 'x']);
    await one.submit('event', ['of the first', 'x']);
    return Promise.all(seen.map(async (stream) => (await first<ChaincodeEvent>(stream)).eventName));
  }),
  ask('an event of the channel that only administrators write to', async (askers) => {
    await askers.as(1, { channel: OPENED, user: 'Admin' }).submit('event', ['opened', 'x']);
    const stream = await askers.holder(OPENED).network.getChaincodeEvents('oracle', { startBlock: 0n });
    return (await first<ChaincodeEvent>(stream)).eventName;
  }),
  ask('a private value of the second channel', async (askers) => {
    const { holder, trustee } = {
      holder: askers.holder(),
      trustee: askers.as(2, { channel: SECOND }),
    };
    const named = { endorsingOrganizations: ['Org2MSP'] };
    await trustee.submit('pvtPut', ['all', 'c2'], { ...named, transientData: { v: 'hidden' } });
    const here = await askers.as(2).evaluate('pvtGet', ['all', 'c2']);
    return [
      await trustee.evaluate('pvtGet', ['all', 'c2']),
      here,
      await holder.evaluate('pvtHash', ['all', 'c2']),
    ];
  }),
  ask('one transaction id on both channels', async (askers) => {
    const { contract, gateway } = askers.holder();
    const holder = askers.holder();
    const proposal = contract.newProposal('put', { arguments: ['c3', 'x'], endorsingOrganizations: BOTH });
    const twin = gateway.newProposal(onChannel(holder, proposal.getBytes(), SECOND));
    const codes: number[] = [];
    for (const each of [proposal, twin]) {
      const transaction = await each.endorse();
      codes.push((await (await transaction.submit()).getStatus()).code);
    }
    return { same: proposal.getTransactionId() === twin.getTransactionId(), codes };
  }),
  ask('one transaction id on both channels at once', async (askers) => {
    const { contract, gateway } = askers.holder();
    const holder = askers.holder();
    const proposal = contract.newProposal('slow', { arguments: ['300'] });
    const twin = gateway.newProposal(onChannel(holder, proposal.getBytes(), SECOND));
    return (await Promise.all([proposal, twin].map((each) => each.evaluate()))).map(text);
  }),
  ask('the status of a transaction, asked on the other channel', async (askers) => {
    const holder = askers.holder();
    const commit = await holder.contract.submitAsync('nothing', { endorsingOrganizations: BOTH });
    await commit.getStatus();
    const elsewhere = commitStatusOn(holder, SECOND, commit.getTransactionId());
    const waited = new Promise((resolve) => setTimeout(resolve, NEVER_MS, 'still waiting'));
    elsewhere.catch(() => undefined);
    return Promise.race([elsewhere, waited]);
  }),
  ask('a transaction of the second channel, looked for on the first', async (askers) => {
    const commit = await askers
      .holder(SECOND)
      .contract.submitAsync('nothing', { endorsingOrganizations: BOTH });
    await commit.getStatus();
    return askers
      .holder()
      .network.getContract('qscc')
      .evaluateTransaction('GetTransactionByID', 'access', commit.getTransactionId());
  }),
  ask('propose to the peer itself, chaincode that is unknown', (askers) =>
    proposeDirectly(askers.as(1, { chaincode: 'nochaincode' }), 'get', ['c1']),
  ),
  ask('propose to the peer itself, chaincode that is unknown on the second channel', (askers) =>
    proposeDirectly(askers.as(1, { channel: SECOND, chaincode: 'nochaincode' }), 'get', ['c1']),
  ),
  ask('propose to the peer itself, the system’s chaincode about another channel', async (askers) => {
    const told = await proposeDirectly(askers.as(1, { chaincode: 'qscc' }), 'GetChainInfo', [SECOND]);
    return told.slice(0, '200 '.length);
  }),
  ask('submitted under the other channel’s name: its code', async (askers) =>
    commitStatusOn(askers.holder(), 'access', await submitAs(askers.holder(), SECOND, 'access')),
  ),
  ask('submitted under the first channel’s name, carried to the other: its code', async (askers) =>
    commitStatusOn(askers.holder(), SECOND, await submitAs(askers.holder(), 'access', SECOND)),
  ),
  ask('an endorsement carried to the other channel: its code there', async (askers) =>
    commitStatusOn(askers.holder(), SECOND, await submitAs(askers.holder(), SECOND, SECOND)),
  ),
];

const others: Question[] = [
  ...everyService('unknown channel', 1, { channel: 'nochannel' }),
  refusedStatus('unknown channel', 1, { channel: 'nochannel' }),
  ...everyService('a channel that the peer has not joined', 3, { channel: OPENED }),
  refusedStatus('a channel that the peer has not joined', 3, { channel: OPENED }),
  ...everyService('a member at a peer that has not joined', 1, { channel: OPENED, peer: 3 }),
  refusedStatus('a member at a peer that has not joined', 1, { channel: OPENED, peer: 3 }),
  ...everyService('no member, at a member’s peer', 3, { channel: OPENED, peer: 1 }),
  refusedStatus('no member, at a member’s peer', 3, { channel: OPENED, peer: 1 }),
  ...everyService('a member who may only read', 1, { channel: OPENED }),
];

/** In the order in which they are asked. */
export const CHANNEL_QUESTIONS: readonly Question[] = [...served, ...others];
