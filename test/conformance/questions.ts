// SPDX-License-Identifier: Apache-2.0
import { createHash, generateKeyPairSync } from 'node:crypto';
import {
  signers,
  type ChaincodeEvent,
  type CloseableAsyncIterable,
  type SubmittedTransaction,
} from '@hyperledger/fabric-gateway';
import { common, gateway, msp } from '@hyperledger/fabric-protos';
import { untilItWorks } from '../support/untilItWorks';
import { answerTo, type Answer } from './answers';
import { BOTH, text, type ClientOptions, type TestClient, type TestNetwork } from './network';

const MINUTES = 60_000;
const P256_ORDER = BigInt('0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551');
const ONLY_TRUSTEE = { endorsingOrganizations: ['Org2MSP'] };

/** What the questions need of a ledger, embedded or real. */
export type LedgerOfQuestions = Pick<TestNetwork, 'as' | 'certificateOf' | 'clock'>;

interface Cast {
  network: LedgerOfQuestions;
  /** Users of the holder, the trustee and the other holder. */
  holder: TestClient;
  trustee: TestClient;
  other: TestClient;
}

/** A question of the recording (`name` is the recording's), or a step that prepares the next ones. */
interface Step {
  name?: string;
  run: (cast: Cast) => Promise<unknown>;
}

const ask = (name: string, run: Step['run']): Step => ({ name, run });
const prepare = (run: Step['run']): Step => ({ run });
const secret = (value: string): { transientData: { v: string } } => ({ transientData: { v: value } });

/** Asks for something through a client that exists for this question only. */
async function withClient<T>(
  { network }: Cast,
  organisation: number,
  options: ClientOptions,
  use: (client: TestClient) => Promise<T>,
): Promise<T> {
  const client = network.as(organisation, options);
  try {
    return await use(client);
  } finally {
    client.close();
  }
}

const ordinary: Step[] = [
  ask('submit put', ({ holder }) => holder.submit('put', ['k1', 'v1'])),
  ask('evaluate get', ({ holder }) => holder.evaluate('get', ['k1'])),
  ask('evaluate get at another organisation', ({ other }) => other.evaluate('get', ['k1'])),
  ask('evaluate get of an absent key', ({ holder }) => holder.evaluate('get', ['absent'])),
  ask('evaluate a function that writes (discarded)', ({ holder }) => holder.evaluate('put', ['k2', 'v2'])),
  ask('the discarded write is absent', ({ holder }) => holder.evaluate('get', ['k2'])),
  ask('submit of a function without writes', ({ holder }) => holder.submit('nothing')),
  ask('read own write is absent', ({ holder }) => holder.submit('readOwnWrite', ['row'])),
  ask('identity seen by chaincode', ({ holder }) => holder.evaluate('who')),
  ask('identity seen by chaincode at another peer', (cast) =>
    withClient(cast, 1, { peer: 2 }, (client) => client.evaluate('who')),
  ),
  ask('argument list', ({ holder }) => holder.evaluate('args', ['a', 'ü', ''])),
  ask('transient keys', ({ holder }) =>
    holder.evaluate('transientKeys', [], { transientData: { b: '1', a: '2' } }),
  ),
  ask('put of an empty value', ({ holder }) => holder.submit('put', ['emptyval', ''])),
  ask('composite key', ({ holder }) => holder.submit('composite', ['t', 'a', 'b'])),
  ask('composite scan', ({ holder }) => holder.evaluate('compositeScan', ['t', 'a'])),
  prepare(async ({ holder }) => {
    for (const key of ['r1', 'r2', 'r3', 'rz', '\ue000', '\u{1f600}']) {
      await holder.submit('put', [key, key]);
    }
  }),
  ask('range', ({ holder }) => holder.evaluate('range', ['r1', 'r3'])),
  ask('range without bounds holds no composite keys', async ({ holder }) => {
    const rows = JSON.parse(await holder.evaluate('range', ['', ''])) as [string, string][];
    return `${rows.filter(([key]) => key.startsWith('\u0000')).length} composite keys`;
  }),
  ask('page 1', ({ holder }) => holder.evaluate('page', ['r1', 'rzz', 2, ''])),
  ask('paging after a write', ({ holder }) => holder.submit('pagePut', ['r1', 'rz'])),
  prepare(async ({ holder }) => {
    await holder.submit('put', ['h', '1']);
    await holder.submit('put', ['h', '2']);
    await holder.submit('del', ['h']);
  }),
  ask('get after delete', ({ holder }) => holder.evaluate('get', ['h'])),
];

const refusals: Step[] = [
  ask('chaincode error on evaluate', ({ holder }) => holder.evaluate('fail', ['NO_CONSENT|why'])),
  ask('chaincode error on submit', ({ holder }) => holder.submit('fail', ['NO_CONSENT|why'])),
  ask('that write is absent', ({ holder }) => holder.evaluate('get', ['never'])),
  ask('unknown function, evaluate', ({ holder }) => holder.evaluate('nope')),
  ask('unknown function, submit', ({ holder }) => holder.submit('nope')),
  ask('too few arguments', ({ holder }) => holder.evaluate('put', ['only'])),
  ask('unknown chaincode, evaluate', (cast) =>
    withClient(cast, 1, { chaincode: 'nochaincode' }, (client) => client.evaluate('get', ['k1'])),
  ),
  ask('unknown chaincode, submit', (cast) =>
    withClient(cast, 1, { chaincode: 'nochaincode' }, (client) => client.submit('get', ['k1'])),
  ),
  ask('unknown channel, evaluate', (cast) =>
    withClient(cast, 1, { channel: 'nochannel' }, (client) => client.evaluate('get', ['k1'])),
  ),
  ask('endorsers answer differently', ({ holder }) => holder.submit('random', ['rnd'])),
  ask('slow chaincode, short deadline', ({ holder }) =>
    holder.contract.newProposal('slow', { arguments: ['3000'] }).evaluate({ deadline: Date.now() + 500 }),
  ),
  ask('result of 3 MB', async ({ holder }) => `${(await holder.evaluate('big', [3_000_000])).length} bytes`),
  ask('endorsed by too few organisations', ({ holder }) =>
    holder.submit('put', ['k4', 'v'], { endorsingOrganizations: ['Org1MSP'] }),
  ),
  ask('an organisation that does not exist', ({ holder }) =>
    holder.submit('put', ['k4', 'v'], { endorsingOrganizations: ['NoMSP'] }),
  ),
];

const endorse = ({ contract }: TestClient, fn: string, ...args: string[]) =>
  contract.newProposal(fn, { arguments: args, endorsingOrganizations: BOTH }).endorse();

/** Endorses two transactions on the same state, submits both in order and gives their validation codes. */
async function race(
  { holder }: Cast,
  first: [string, ...string[]],
  second: [string, ...string[]],
): Promise<number[]> {
  const [one, two] = [await endorse(holder, ...first), await endorse(holder, ...second)];
  const commits: SubmittedTransaction[] = [await one.submit(), await two.submit()];
  const statuses = [];
  for (const commit of commits) {
    statuses.push(await commit.getStatus());
  }
  return statuses.map(({ code }) => code);
}

const conflicts: Step[] = [
  ask('MVCC: two read-modify-writes', (cast) => race(cast, ['rmw', 'ctr'], ['rmw', 'ctr'])),
  ask('phantom', (cast) => race(cast, ['put', 'ph5', '1'], ['rangePut', 'ph0', 'ph9', 'phcount'])),
  ask('read of an absent key that appears', (cast) => race(cast, ['put', 'newkey', '1'], ['rmw', 'newkey'])),
  ask('conflict through submitTransaction', async ({ holder }) => {
    const stale = await endorse(holder, 'rmw', 'ctr2');
    await holder.submit('rmw', ['ctr2']);
    const { code, successful, blockNumber } = await (await stale.submit()).getStatus();
    return { code, successful, hasBlock: typeof blockNumber === 'bigint' };
  }),
  ask('the same proposal endorsed again after its commit', async ({ holder, trustee }) => {
    const proposal = holder.contract.newProposal('put', {
      arguments: ['again', '1'],
      endorsingOrganizations: BOTH,
    });
    await (await (await proposal.endorse()).submit()).getStatus();
    // The status is the holder's own peer's; the trustee's has the block a moment earlier or later.
    const qscc = trustee.network.getContract('qscc');
    const id = proposal.getTransactionId();
    await untilItWorks(() => qscc.evaluateTransaction('GetTransactionByID', 'access', id));
    await proposal.endorse();
    return 'endorsed';
  }),
  ask('commit status of an unknown transaction', (cast) => statusOf(cast, 'ab'.repeat(32), 300)),
];

/** Asks for a transaction's status with the bare protocol: the client only knows its own transactions. */
async function statusOf(
  { network, holder }: Cast,
  transactionId: string,
  deadlineMs: number,
): Promise<string> {
  const identity = new msp.SerializedIdentity();
  identity.setMspid('Org1MSP');
  identity.setIdBytes(Buffer.from(network.certificateOf(1)));
  const request = new gateway.CommitStatusRequest();
  request.setTransactionId(transactionId);
  request.setChannelId('access');
  request.setIdentity(identity.serializeBinary());
  const signed = new gateway.SignedCommitStatusRequest();
  signed.setRequest(request.serializeBinary());
  const digest = createHash('sha256').update(request.serializeBinary()).digest();
  signed.setSignature(await signers.newPrivateKeySigner(holder.key)(digest));
  const call = '/gateway.Gateway/CommitStatus';
  return new Promise((resolve, reject) => {
    holder.grpc.makeUnaryRequest(
      call,
      (message: gateway.SignedCommitStatusRequest) => Buffer.from(message.serializeBinary()),
      (bytes) => gateway.CommitStatusResponse.deserializeBinary(bytes),
      signed,
      { deadline: Date.now() + deadlineMs },
      (error, response) => {
        if (error) {
          reject(error);
        } else {
          resolve(String(response?.getResult()));
        }
      },
    );
  });
}

const evaluateAs = (options: ClientOptions) => (cast: Cast) =>
  withClient(cast, 1, options, (client) => client.evaluate('get', ['k1']));
const submitAs = (options: ClientOptions) => (cast: Cast) =>
  withClient(cast, 1, options, (client) => client.submit('put', ['bad', '1']));
const strangersKey = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;

/** A signer whose signatures are right but have the higher of the two possible s values. */
const highS =
  (holder: TestClient) =>
  async (digest: Uint8Array): Promise<Uint8Array> => {
    const der = Buffer.from(await signers.newPrivateKeySigner(holder.key)(digest));
    const rEnd = 4 + der.readUInt8(3);
    const s = BigInt(`0x${der.subarray(rEnd + 2).toString('hex')}`);
    const high = Buffer.from((P256_ORDER - s).toString(16).padStart(64, '0'), 'hex');
    const body = Buffer.concat([der.subarray(2, rEnd), Buffer.from([2, high.length + 1, 0]), high]);
    return Buffer.concat([Buffer.from([0x30, body.length]), body]);
  };

/** Moves the peers' clock, which makes a proposal of now look early or late to them. */
const shifted =
  (offsetMs: number, run: Step['run']): Step['run'] =>
  async (cast) => {
    cast.network.clock.offsetMs = offsetMs;
    try {
      return await run(cast);
    } finally {
      cast.network.clock.offsetMs = 0;
    }
  };

const identities: Step[] = [
  ask('unknown MSP id, evaluate', evaluateAs({ mspId: 'NoMSP' })),
  ask('unknown MSP id, submit', submitAs({ mspId: 'NoMSP' })),
  ask("another organisation's certificate, evaluate", evaluateAs({ mspId: 'Org2MSP' })),
  ask('signed with another key, evaluate', evaluateAs({ key: strangersKey })),
  ask('signed with another key, submit', submitAs({ key: strangersKey })),
  ask('high-S signature, evaluate', (cast) => evaluateAs({ signer: highS(cast.holder) })(cast)),
  ask('high-S signature, submit', (cast) => submitAs({ signer: highS(cast.holder) })(cast)),
  ask("an admin's certificate", evaluateAs({ user: 'Admin' })),
  ask(
    'timestamp 20 minutes ahead, evaluate',
    shifted(-20 * MINUTES, ({ holder }) => holder.evaluate('get', ['k1'])),
  ),
  ask(
    'timestamp 20 minutes ago, submit',
    shifted(20 * MINUTES, ({ holder }) => holder.submit('put', ['late', '1'])),
  ),
  ask(
    'timestamp 20 minutes ahead, submit',
    shifted(-20 * MINUTES, ({ holder }) => holder.submit('put', ['early', '1'])),
  ),
];

const privateData: Step[] = [
  ask('private put without naming organisations', ({ trustee }) =>
    trustee.contract.submit('pvtPut', { arguments: ['all', 'a0'], ...secret('secret') }),
  ),
  ask('private put, named', ({ trustee }) =>
    trustee.submit('pvtPut', ['all', 'a1'], { ...secret('secret'), ...ONLY_TRUSTEE }),
  ),
  ask('private get at each member', async ({ holder, trustee, other }) => {
    const reads = [holder, trustee, other].map((client) => client.evaluate('pvtGet', ['all', 'a1']));
    return (await Promise.all(reads)).join(',');
  }),
  ask('private hash = SHA-256 of the value', async ({ other }) => {
    const expected = createHash('sha256').update('secret').digest('hex');
    return (await other.evaluate('pvtHash', ['all', 'a1'])) === expected;
  }),
  ask('private put in pair', ({ holder }) => holder.submit('pvtPut', ['pair', 'p1'], secret('ours'))),
  ask('pair read by a member', ({ trustee }) => trustee.evaluate('pvtGet', ['pair', 'p1'])),
  ask('pair read by an outsider at its own peer', ({ other }) =>
    other.evaluate('pvtGet', ['pair', 'p1'], { endorsingOrganizations: ['Org3MSP'] }),
  ),
  ask("pair read by an outsider at a member's peer", (cast) =>
    withClient(cast, 3, { peer: 1 }, (client) => client.evaluate('pvtGet', ['pair', 'p1'])),
  ),
  ask('pair written by an outsider', ({ other }) => other.submit('pvtPut', ['pair', 'p2'], secret('x'))),
  ask('collection that does not exist', ({ holder }) =>
    holder.submit('pvtPut', ['nocoll', 'x'], secret('x')),
  ),
  ask('implicit collection of both', async ({ holder }) => {
    await holder.submit('pvtPut', ['_implicit_org_Org1MSP', 'i1'], secret('mine'));
    return 'own: valid';
  }),
  ask('own implicit collection read', ({ holder }) =>
    holder.evaluate('pvtGet', ['_implicit_org_Org1MSP', 'i1']),
  ),
  ask("another's implicit collection read at own peer", ({ other }) =>
    other.evaluate('pvtGet', ['_implicit_org_Org1MSP', 'i1'], { endorsingOrganizations: ['Org3MSP'] }),
  ),
  ask('both implicit collections, two organisations named', ({ holder }) =>
    holder.submit('both', ['x1'], secret('batch')),
  ),
  ask('both implicit collections, none named', ({ holder }) =>
    holder.contract.submit('both', { arguments: ['x2'], ...secret('batch') }),
  ),
  ask('both implicit collections, only the caller named', ({ holder }) =>
    holder.submit('both', ['x3'], { ...secret('batch'), endorsingOrganizations: ['Org1MSP'] }),
  ),
  ask('both implicit collections, asked by a third organisation', ({ other }) =>
    other.submit('both', ['x5'], secret('batch')),
  ),
  ask('each reads its own copy', async ({ holder, trustee }) => {
    const own = await holder.evaluate('pvtGet', ['_implicit_org_Org1MSP', 'x1']);
    return `${own},${await trustee.evaluate('pvtGet', ['_implicit_org_Org2MSP', 'x1'])}`;
  }),
  ask("the trustee asks the holder's peer for the holder's copy", (cast) =>
    withClient(cast, 2, { peer: 1 }, (client) => client.evaluate('pvtGet', ['_implicit_org_Org1MSP', 'x1'])),
  ),
  ask('private delete', async ({ trustee }) => {
    await trustee.submit('pvtDel', ['all', 'a1'], ONLY_TRUSTEE);
    return (await trustee.evaluate('pvtGet', ['all', 'a1'])) === '' ? 'gone' : 'there';
  }),
  ask('purge', async ({ trustee }) => {
    await trustee.submit('pvtPut', ['all', 'a2'], { ...secret('to purge'), ...ONLY_TRUSTEE });
    await trustee.submit('pvtPurge', ['all', 'a2'], ONLY_TRUSTEE);
    return `${await trustee.evaluate('pvtGet', ['all', 'a2'])}|${await trustee.evaluate('pvtHash', ['all', 'a2'])}`;
  }),
  ask('private range', async ({ trustee }) => {
    for (const key of ['q1', 'q2', 'q3']) {
      await trustee.submit('pvtPut', ['all', key], { ...secret(key), ...ONLY_TRUSTEE });
    }
    return trustee.evaluate('pvtRange', ['all', 'q1', 'q3']);
  }),
];

/** The first event of a stream, which is then closed. */
async function firstOf(stream: CloseableAsyncIterable<ChaincodeEvent>): Promise<ChaincodeEvent> {
  try {
    for await (const event of stream) {
      return event;
    }
  } finally {
    stream.close();
  }
  throw new Error('the stream ended without an event');
}

async function emit({ contract }: TestClient, name: string, payload: string) {
  const commit = await contract.submitAsync('event', {
    arguments: [name, payload],
    endorsingOrganizations: BOTH,
  });
  return commit.getStatus();
}

/** Whether a stream stays silent while another one, opened after it, gets an event. */
async function silence(cast: Cast, stream: CloseableAsyncIterable<ChaincodeEvent>): Promise<string> {
  const { holder } = cast;
  const first = firstOf(stream).then(
    ({ eventName }) => eventName,
    () => 'ended',
  );
  const control = await holder.network.getChaincodeEvents('oracle');
  await emit(holder, 'Control', '1');
  await firstOf(control);
  const seen = await Promise.race([first, Promise.resolve('still waiting after 1 s')]);
  stream.close();
  return seen;
}

const events: Step[] = [
  ask('chaincode event', async ({ holder }) => {
    const stream = await holder.network.getChaincodeEvents('oracle');
    const status = await emit(holder, 'Named', 'payload');
    const event = await firstOf(stream);
    return {
      name: event.eventName,
      payload: text(event.payload),
      cc: event.chaincodeName,
      sameTx: event.transactionId === status.transactionId,
      sameBlock: event.blockNumber === status.blockNumber,
    };
  }),
  ask('the last of two events', async ({ holder }) => {
    const stream = await holder.network.getChaincodeEvents('oracle');
    await holder.submit('twoEvents');
    return (await firstOf(stream)).eventName;
  }),
  ask('resume after a transaction', async ({ holder }) => {
    const { blockNumber, transactionId } = await emit(holder, 'A', '1');
    await emit(holder, 'B', '2');
    const checkpoint = { getBlockNumber: () => blockNumber, getTransactionId: () => transactionId };
    return (await firstOf(await holder.network.getChaincodeEvents('oracle', { checkpoint }))).eventName;
  }),
  ask('start block in the future waits', async (cast) =>
    silence(cast, await cast.holder.network.getChaincodeEvents('oracle', { startBlock: BigInt(1e6) })),
  ),
  ask('events of an unknown chaincode', async (cast) =>
    silence(cast, await cast.holder.network.getChaincodeEvents('nochaincode')),
  ),
];

const query = ({ holder }: Cast, ...args: [string, ...string[]]) =>
  holder.network.getContract('qscc').evaluateTransaction(...args);

const system: Step[] = [
  ask('qscc GetChainInfo', async (cast) => {
    const info = common.BlockchainInfo.deserializeBinary(await query(cast, 'GetChainInfo', 'access'));
    return {
      height: info.getHeight() > 10,
      hash: info.getCurrentblockhash_asU8().length,
      previous: info.getPreviousblockhash_asU8().length,
    };
  }),
  ask('qscc GetTransactionByID, unknown', (cast) =>
    query(cast, 'GetTransactionByID', 'access', 'f'.repeat(64)),
  ),
  ask('qscc GetChainInfo, unknown channel', (cast) => query(cast, 'GetChainInfo', 'nochannel')),
  ask('an argument of 1 MB', ({ holder }) => holder.submit('put', ['mb', 'x'.repeat(1e6)])),
];

/** The last questions: they end the chaincode, and nobody starts it again. */
const gone: Step[] = [
  ask('chaincode dies during evaluate', ({ holder }) => holder.evaluate('die')),
  ask('evaluate while the chaincode is gone', ({ holder }) => holder.evaluate('get', ['k1'])),
  ask('submit while the chaincode is gone', ({ holder }) => holder.submit('put', ['k1', 'v'])),
];

/** Puts every question of the recording to the ledger, in the recording's order. */
export async function askAll(network: LedgerOfQuestions): Promise<Answer[]> {
  const cast = { network, holder: network.as(1), trustee: network.as(2), other: network.as(3) };
  const answers: Answer[] = [];
  const steps = [ordinary, refusals, conflicts, identities, privateData, events, system, gone].flat();
  for (const { name, run } of steps) {
    if (name === undefined) {
      await run(cast);
    } else {
      answers.push(await answerTo(name, () => run(cast)));
    }
  }
  return answers;
}
