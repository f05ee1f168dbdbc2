// SPDX-License-Identifier: Apache-2.0
import { common, gateway } from '@hyperledger/fabric-protos';
import { signLowS } from '../../gateway/src/embedded/identity/lowS';
import { BOTH, type TestClient, type TestNetwork } from './network';
import { startNetwork } from './startNetwork';

const INVALID_ARGUMENT = 3;
const FAILED_PRECONDITION = 9;
const PERMISSION_DENIED = 7;
const UNAVAILABLE = 14;

jest.setTimeout(30_000);

describe('requests that cannot be served', () => {
  let network: TestNetwork;
  let holder: TestClient;

  beforeAll(async () => {
    network = await startNetwork();
    holder = network.as(1);
  }, 60_000);
  afterAll(() => network.close());

  /** One call without the client library, which would not make such requests. */
  function call(method: string, request: { serializeBinary(): Uint8Array }): Promise<unknown> {
    return new Promise((resolve, reject) => {
      holder.grpc.makeUnaryRequest(
        `/gateway.Gateway/${method}`,
        (message: typeof request) => Buffer.from(message.serializeBinary()),
        (bytes) => bytes,
        request,
        (error, response) => {
          if (error) {
            reject(error);
          } else {
            resolve(response);
          }
        },
      );
    });
  }

  test('without a proposal', async () => {
    await expect(call('Evaluate', new gateway.EvaluateRequest())).rejects.toMatchObject({
      code: INVALID_ARGUMENT,
      details: 'failed to unpack transaction proposal: a signed proposal is required',
    });
    await expect(call('Endorse', new gateway.EndorseRequest())).rejects.toMatchObject({
      code: INVALID_ARGUMENT,
      details: 'the proposed transaction must contain a signed proposal',
    });
  });

  test.each<[string, (request: gateway.CommitStatusRequest) => void]>([
    [
      'no identity provided',
      (request) => {
        request.setIdentity('');
      },
    ],
    [
      'no channel ID provided',
      (request) => {
        request.setChannelId('');
      },
    ],
    [
      'transaction ID should not be empty',
      (request) => {
        request.setTransactionId('');
      },
    ],
  ])('a commit status with %s', async (reason, change) => {
    const request = new gateway.CommitStatusRequest();
    request.setIdentity(Buffer.from('somebody'));
    request.setChannelId(network.channel);
    request.setTransactionId('ab');
    change(request);
    const signed = new gateway.SignedCommitStatusRequest();
    signed.setRequest(request.serializeBinary());
    // A peer of Fabric 2.5 goes on to the signature, which is none.
    await expect(call('CommitStatus', signed)).rejects.toMatchObject(
      network.version.startsWith('2.')
        ? { code: PERMISSION_DENIED }
        : { code: INVALID_ARGUMENT, details: reason },
    );
  });

  test('endorsement on a channel that the peer has not joined', async () => {
    const { contract } = network.as(1, { channel: 'nochannel' });
    await expect(contract.newProposal('get').endorse()).rejects.toMatchObject({
      code: FAILED_PRECONDITION,
      message: expect.stringContaining(
        'No metadata was found for chaincode oracle in channel nochannel',
      ) as string,
    });
    const named = contract.newProposal('get', { endorsingOrganizations: BOTH });
    await expect(named.endorse()).rejects.toMatchObject({
      code: UNAVAILABLE,
      message: expect.stringContaining('failed to find any endorsing peers for org(s)') as string,
    });
  });

  test('transient data for chaincode that the organisation does not have', async () => {
    const { contract } = network.as(1, { chaincode: 'nochaincode' });
    const proposal = contract.newProposal('get', { transientData: { v: 'secret' } });
    const refused = (kind: string): object => ({
      code: FAILED_PRECONDITION,
      message: expect.stringContaining(
        `no endorsers found in the gateway's organization; retry specifying ${kind} organization(s) to protect transient data`,
      ) as string,
    });
    await expect(proposal.evaluate()).rejects.toMatchObject(refused('target'));
    await expect(proposal.endorse()).rejects.toMatchObject(refused('endorsing'));
  });

  test('qscc: what it misses, and a function that nobody may call', async () => {
    const qscc = (...args: string[]): Promise<Uint8Array> => {
      const [fn = '', ...rest] = args;
      return holder.network.getContract('qscc').evaluateTransaction(fn, ...rest);
    };
    const answers = (message: string): object => ({
      code: 2,
      message: expect.stringContaining(`chaincode response 500, ${message}`) as string,
    });
    await expect(qscc('GetChainInfo')).rejects.toMatchObject(answers('Incorrect number of arguments, 1'));
    await expect(qscc('GetBlockByNumber', 'nochannel')).rejects.toMatchObject(
      answers('missing 3rd argument for GetBlockByNumber'),
    );
    await expect(qscc('NoSuchFunction', network.channel, 'x')).rejects.toMatchObject(
      answers(
        `access denied for [NoSuchFunction][${network.channel}]: [Unmapped policy for qscc/NoSuchFunction]`,
      ),
    );
    await expect(qscc('GetBlockByNumber', network.channel, '00999999')).rejects.toMatchObject(
      answers('Failed to get block number 999999, error no such block number [999999] in index'),
    );
    const elsewhere = holder.network.getContract('qscc').evaluate('GetChainInfo', {
      arguments: [network.channel],
      endorsingOrganizations: ['NoMSP'],
    });
    await expect(elsewhere).rejects.toMatchObject({
      code: FAILED_PRECONDITION,
      message: expect.stringContaining('no peers available to evaluate chaincode qscc') as string,
    });
  });

  test.each<[string, (header: common.ChannelHeader) => void]>([
    [
      'channel does not exist',
      (header) => {
        header.setChannelId('nochannel');
      },
    ],
    [
      'message is of type that cannot be processed directly',
      (header) => {
        header.setType(common.HeaderType.CONFIG);
      },
    ],
  ])('the orderer: %s', async (reason, change) => {
    const proposal = holder.contract.newProposal('put', {
      arguments: ['x', 'y'],
      endorsingOrganizations: BOTH,
    });
    const prepared = gateway.PreparedTransaction.deserializeBinary((await proposal.endorse()).getBytes());
    const payload = common.Payload.deserializeBinary(
      prepared.getEnvelope()?.getPayload_asU8() ?? new Uint8Array(),
    );
    const header = payload.getHeader() ?? new common.Header();
    const channelHeader = common.ChannelHeader.deserializeBinary(header.getChannelHeader_asU8());
    change(channelHeader);
    header.setChannelHeader(channelHeader.serializeBinary());
    payload.setHeader(header);
    const envelope = new common.Envelope();
    envelope.setPayload(payload.serializeBinary());
    envelope.setSignature(signLowS(holder.key, envelope.getPayload_asU8()));
    const request = new gateway.SubmitRequest();
    request.setChannelId(network.channel);
    request.setPreparedTransaction(envelope);
    // An orderer of Fabric 2.5 could create channels, and says why it does not.
    const info =
      network.version.startsWith('2.') && channelHeader.getChannelId() !== network.channel
        ? 'channel creation request not allowed because the orderer system channel is not defined'
        : reason;
    await expect(call('Submit', request)).rejects.toMatchObject({
      code: 10,
      details: `received unsuccessful response from orderer: status=BAD_REQUEST, info=${info}`,
    });
  });
});
