// SPDX-License-Identifier: Apache-2.0
import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { statSync } from 'node:fs';
import { common, gateway, peer } from '@hyperledger/fabric-protos';
import { setTimeout as wait } from 'node:timers/promises';
import * as grpc from '@grpc/grpc-js';
import { Timestamp } from 'google-protobuf/google/protobuf/timestamp_pb';
import type { CloseableAsyncIterable } from '@hyperledger/fabric-gateway';
import { createAuthority, issueCertificate } from '../../gateway/src/embedded/identity/certificateAuthority';
import { signLowS } from '../../gateway/src/embedded/identity/lowS';
import { serializeIdentity } from '../../gateway/src/embedded/identity/membership';
import { BOTH, type CertificateRequest, type TestClient, type TestNetwork } from './network';
import { startNetwork } from './startNetwork';

jest.setTimeout(30_000);

/** The first item of a stream, which is then closed. */
async function firstOf<T>(stream: CloseableAsyncIterable<T>): Promise<T> {
  try {
    for await (const item of stream) {
      return item;
    }
  } finally {
    stream.close();
  }
  throw new Error('the stream ended');
}

/**
 * The first event that `client` hears of after `act` has begun. It is listened for from the beginning: a
 * stream that nobody reads ends the whole process when its channel is closed. The block is named, since a
 * busy peer may open the stream only after the event.
 */
async function firstEvent(
  client: TestClient,
  startBlock: bigint,
  act: () => Promise<unknown>,
): Promise<string> {
  const first = firstOf(await client.network.getChaincodeEvents('oracle', { startBlock }));
  const [{ eventName }] = await Promise.all([first, act()]);
  return eventName;
}

describe('identities and signatures', () => {
  let network: TestNetwork;
  let holder: TestClient;

  beforeAll(async () => {
    network = await startNetwork();
    holder = network.as(1);
    await holder.submit('put', ['k', 'v']);
  }, 60_000);
  afterAll(() => network.close());

  async function height(): Promise<bigint> {
    const qscc = holder.network.getContract('qscc');
    const info = await qscc.evaluateTransaction('GetChainInfo', network.channel);
    return BigInt(common.BlockchainInfo.deserializeBinary(info).getHeight());
  }

  /** A client with a certificate that Org1's own authority made. */
  async function certified(request: CertificateRequest): Promise<TestClient> {
    const { certificatePem, privateKeyPem } = await network.issue(1, request);
    return network.as(1, { credentials: Buffer.from(certificatePem), key: createPrivateKey(privateKeyPem) });
  }

  test('keys are readable by their owner only', () => {
    const files = network.keyFilesOf(1);
    expect(files.length).toBeGreaterThanOrEqual(4);
    for (const file of files) {
      expect([file, statSync(file).mode & 0o777]).toEqual([file, 0o600]);
    }
  });

  test('attributes of the certificate reach the chaincode through the client identity', async () => {
    const client = await certified({ commonName: 'Nurse', role: 'client', attributes: { role: 'nurse' } });
    expect(await client.evaluate('who')).toContain('CN=Nurse');
  });

  test('an authority that calls itself by the same name is not believed', async () => {
    const forged = await createAuthority('Org1MSP', Date.now());
    const issued = await issueCertificate(
      forged,
      { commonName: 'User1@org1.example.com', role: 'client' },
      Date.now(),
    );
    const client = network.as(1, {
      credentials: Buffer.from(issued.certificatePem),
      key: createPrivateKey(issued.privateKeyPem),
    });
    await expect(client.evaluate('get', ['k'])).rejects.toMatchObject({
      code: 9,
      message: expect.stringContaining('creator is malformed') as string,
    });
  });

  test('with an expired certificate nothing can be proposed, nor blocks be read', async () => {
    const client = await certified({ commonName: 'Old', role: 'client', validForMs: -1000 });
    const expired = expect.stringContaining('proposal client identity expired') as string;
    // The gateway of a Fabric 2.5 peer asks its own peer past this check, so that only the other
    // organisation's peer refuses.
    const isLax = network.version.startsWith('2.');
    const asked = client.evaluate('get', ['k'], isLax ? { endorsingOrganizations: ['Org2MSP'] } : {});
    await expect(asked).rejects.toMatchObject({
      code: 14,
      details: Array.from({ length: isLax ? 1 : 3 }, () => ({ message: expired })),
    });
    await expect(client.submit('put', ['k', 'late'])).rejects.toMatchObject({
      code: 10,
      details: Array.from({ length: isLax ? 1 : 2 }, () => ({ message: expired })),
    });
    const blocks = await client.network.getBlockEvents({ startBlock: 0n });
    await expect(firstOf(blocks)).rejects.toThrow('403');
    expect(await holder.evaluate('get', ['k'])).toBe('v');
  });

  test('a certificate that expires before the transaction is handed in is refused by the orderer', async () => {
    // Certificates count whole seconds, so this one has at least one left.
    const validForMs = 2_000;
    const end = Date.now() + validForMs;
    const client = await certified({ commonName: 'Soon', role: 'client', validForMs });
    const proposal = client.contract.newProposal('put', {
      arguments: ['k', 'late'],
      endorsingOrganizations: BOTH,
    });
    const prepared = await proposal.endorse();
    await wait(end + 50 - Date.now());
    await expect(prepared.submit()).rejects.toMatchObject({
      code: 10,
      message: expect.stringContaining('broadcast client identity expired') as string,
    });
    expect(await holder.evaluate('get', ['k'])).toBe('v');
  });

  test('an expired certificate still follows events: a peer looks at expiry where something comes in', async () => {
    const client = await certified({ commonName: 'Old reader', role: 'client', validForMs: -1000 });
    expect(await firstEvent(client, await height(), () => holder.submit('event', ['Seen', 'x']))).toBe(
      'Seen',
    );
  });

  test('a peer may read the chain but not propose', async () => {
    const client = await certified({ commonName: 'peer1.org1.example.com', role: 'peer' });
    await expect(client.evaluate('get', ['k'])).rejects.toMatchObject({
      code: 9,
      message: expect.stringContaining(
        `Failed evaluating policy on signed data during check policy on channel [${network.channel}] with policy [/Channel/Application/Writers]: [implicit policy evaluation failed - 0 sub-policies were satisfied, but this policy requires 1 of the 'Writers' sub-policies to be satisfied]`,
      ) as string,
    });
    const qscc = client.network.getContract('qscc');
    expect((await qscc.evaluateTransaction('GetChainInfo', network.channel)).length).toBeGreaterThan(0);
    expect(await firstEvent(client, await height(), () => holder.submit('event', ['E', 'x']))).toBe('E');
  });

  test('a stranger gets no commit status and no events', async () => {
    const stranger = network.as(1, { key: generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey });
    const events = await stranger.network.getChaincodeEvents('oracle');
    const read = async (): Promise<void> => {
      for await (const event of events) {
        throw new Error(`got ${event.eventName}`);
      }
    };
    await expect(read()).rejects.toMatchObject({ code: grpc.status.PERMISSION_DENIED });
  });

  /** A proposal whose header was changed before it was signed. */
  async function evaluateChanged(
    change: (header: { channel: common.ChannelHeader; signature: common.SignatureHeader }) => void,
  ) {
    const signed = holder.contract.newProposal('get', { arguments: ['k'] });
    const proposed = gateway.ProposedTransaction.deserializeBinary(signed.getBytes()).getProposal();
    const proposal = peer.Proposal.deserializeBinary(proposed?.getProposalBytes_asU8() ?? new Uint8Array());
    const header = common.Header.deserializeBinary(proposal.getHeader_asU8());
    const channel = common.ChannelHeader.deserializeBinary(header.getChannelHeader_asU8());
    const signature = common.SignatureHeader.deserializeBinary(header.getSignatureHeader_asU8());
    change({ channel, signature });
    header.setChannelHeader(channel.serializeBinary());
    header.setSignatureHeader(signature.serializeBinary());
    proposal.setHeader(header.serializeBinary());
    const changed = new peer.SignedProposal();
    changed.setProposalBytes(proposal.serializeBinary());
    changed.setSignature(signLowS(holder.key, changed.getProposalBytes_asU8()));
    const request = new gateway.EvaluateRequest();
    request.setChannelId('access');
    request.setProposedTransaction(changed);
    return new Promise<string>((resolve, reject) => {
      holder.grpc.makeUnaryRequest(
        '/gateway.Gateway/Evaluate',
        (message: gateway.EvaluateRequest) => Buffer.from(message.serializeBinary()),
        (bytes) => gateway.EvaluateResponse.deserializeBinary(bytes),
        request,
        (error, response) => {
          if (error) {
            reject(error);
          } else {
            resolve(Buffer.from(response?.getResult()?.getPayload_asU8() ?? []).toString());
          }
        },
      );
    });
  }

  test('an unchanged proposal, signed by hand, is evaluated', async () => {
    expect(await evaluateChanged(() => undefined)).toBe('v');
  });

  test('a proposal that calls itself a configuration is evaluated: a peer takes both', async () => {
    const answer = await evaluateChanged(({ channel }) => {
      channel.setType(common.HeaderType.CONFIG);
    });
    expect(answer).toBe('v');
  });

  /** A gateway of Fabric 2.5 hands a proposal to its own peer past the checks of time. */
  const isPassedOn = (): boolean => network.version.startsWith('2.');

  test('a proposal of another time is refused with both times in whole seconds', async () => {
    const late = Timestamp.fromDate(new Date(Date.now() - 20 * 60_000));
    const attempt = evaluateChanged(({ channel }) => {
      channel.setTimestamp(late);
    });
    if (isPassedOn()) {
      expect(await attempt).toBe('v');
      return;
    }
    const details = await attempt.then(
      () => [],
      (error: unknown) => (error as grpc.ServiceError).metadata.get('grpc-status-details-bin').map(String),
    );
    expect(details.join()).toMatch(
      /incorrect timestamp [-\d]+T[:\d]+Z, peer time [-\d]+T[:\d]+Z, peer.authentication.timewindow 15m0s/,
    );
  });

  test('a proposal of a time beyond all calendars is refused alike', async () => {
    const never = new Timestamp();
    never.setSeconds(1e13);
    const attempt = evaluateChanged(({ channel }) => {
      channel.setTimestamp(never);
    });
    if (isPassedOn()) {
      expect(await attempt).toBe('v');
    } else {
      await expect(attempt).rejects.toMatchObject({ code: grpc.status.UNAVAILABLE });
    }
  });

  test.each<[string, Parameters<typeof evaluateChanged>[0], string]>([
    [
      'a transaction id of its own choice',
      ({ channel }) => {
        channel.setTxId('0'.repeat(64));
      },
      'incorrectly computed txid',
    ],
    [
      'another nonce',
      ({ signature }) => {
        signature.setNonce(Buffer.alloc(24));
      },
      'incorrectly computed txid',
    ],
    [
      'no nonce',
      ({ signature }) => {
        signature.setNonce('');
      },
      'nonce is empty',
    ],
    [
      'no creator',
      ({ signature }) => {
        signature.setCreator('');
      },
      'creator is empty',
    ],
    [
      'an epoch',
      ({ channel }) => {
        channel.setEpoch(1);
      },
      'epoch is non-zero',
    ],
    [
      'another header type',
      ({ channel }) => {
        channel.setType(common.HeaderType.MESSAGE);
      },
      'invalid header type MESSAGE',
    ],
    [
      "somebody else's name",
      ({ signature }) => {
        signature.setCreator(serializeIdentity('Org2MSP', network.certificateOf(2)));
      },
      'incorrectly computed txid',
    ],
  ])('a proposal with %s is refused', async (_name, change, reason) => {
    await expect(evaluateChanged(change)).rejects.toMatchObject({
      code: 9,
      message: expect.stringContaining(reason) as string,
    });
  });

  test('certificates and keys survive a restart', async () => {
    const before = network.certificateOf(1);
    await network.restart();
    expect(network.certificateOf(1)).toBe(before);
    expect(await network.as(1).evaluate('get', ['k'])).toBe('v');
  });
});
