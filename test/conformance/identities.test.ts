// SPDX-License-Identifier: Apache-2.0
import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { GatewayClient } from '@hyperledger/fabric-protos/lib/gateway';
import { common, gateway, peer } from '@hyperledger/fabric-protos';
import * as grpc from '@grpc/grpc-js';
import { createAuthority, issueCertificate } from '../../gateway/src/embedded/identity/certificateAuthority';
import { signLowS } from '../../gateway/src/embedded/identity/lowS';
import { serializeIdentity } from '../../gateway/src/embedded/identity/membership';
import { openOrganisationFiles } from '../../gateway/src/embedded/identity/organisationFiles';
import { startNetwork, type TestClient, type TestNetwork } from './network';

const YEARS = 365 * 24 * 3600 * 1000;

jest.setTimeout(30_000);

describe('identities and signatures', () => {
  let network: TestNetwork;
  let holder: TestClient;

  beforeAll(async () => {
    network = await startNetwork();
    holder = network.as(1);
    await holder.submit('put', ['k', 'v']);
  }, 60_000);
  afterAll(() => network.close());

  const folder = (): string => path.join(network.dataDir, 'organisations', 'Org1MSP');
  const files = () => openOrganisationFiles(folder(), 'Org1MSP', 'peer', [{ name: 'User1' }], Date.now());

  test('keys are readable by their owner only', () => {
    for (const name of ['ca', 'peer', 'users/Admin', 'users/User1']) {
      expect(statSync(path.join(folder(), name, 'key.pem')).mode & 0o777).toBe(0o600);
    }
  });

  test('attributes of the certificate reach the chaincode through the client identity', async () => {
    const { authority } = await files();
    const issued = await issueCertificate(
      authority,
      { commonName: 'Nurse', role: 'client', attributes: { role: 'nurse' } },
      Date.now(),
    );
    const client = network.as(1, {
      credentials: Buffer.from(issued.certificatePem),
      key: createPrivateKey(issued.privateKeyPem),
    });
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

  test('an expired certificate is refused', async () => {
    const { authority } = await files();
    const long = Date.now() - 11 * YEARS;
    const issued = await issueCertificate(authority, { commonName: 'Old', role: 'client' }, long);
    const client = network.as(1, {
      credentials: Buffer.from(issued.certificatePem),
      key: createPrivateKey(issued.privateKeyPem),
    });
    await expect(client.evaluate('get', ['k'])).rejects.toMatchObject({
      message: expect.stringContaining('creator org [Org1MSP]') as string,
    });
  });

  test('a peer may read the chain but not propose', async () => {
    const { node } = await files();
    const client = network.as(1, {
      credentials: Buffer.from(node.certificatePem),
      key: createPrivateKey(node.privateKeyPem),
    });
    await expect(client.evaluate('get', ['k'])).rejects.toMatchObject({
      code: 9,
      message: expect.stringContaining('/Channel/Application/Writers') as string,
    });
    const events = await client.network.getChaincodeEvents('oracle', { startBlock: 0n });
    await holder.submit('event', ['E', 'x']);
    for await (const { eventName } of events) {
      expect(eventName).toBe('E');
      break;
    }
    events.close();
  });

  test('a stranger gets no commit status and no events', async () => {
    const stranger = network.as(1, { key: generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey });
    const events = await stranger.network.getChaincodeEvents('oracle');
    const read = async (): Promise<void> => {
      for await (const event of events) throw new Error(`got ${event.eventName}`);
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
    const client = new GatewayClient(
      network.ledger.organisation('Org1MSP').endpoint,
      grpc.credentials.createInsecure(),
    );
    return new Promise<string>((resolve, reject) => {
      client.evaluate(request, (error, response) => {
        client.close();
        if (error) reject(error);
        else resolve(Buffer.from(response?.getResult()?.getPayload_asU8() ?? []).toString());
      });
    });
  }

  test('an unchanged proposal, signed by hand, is evaluated', async () => {
    expect(await evaluateChanged(() => undefined)).toBe('v');
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
      'invalid header type',
    ],
    [
      "somebody else's name",
      ({ signature }) => {
        const other = network.ledger.organisation('Org2MSP').users['User1'];
        signature.setCreator(serializeIdentity('Org2MSP', other?.certificatePem ?? ''));
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
    const before = readFileSync(path.join(folder(), 'users/User1/cert.pem'), 'utf8');
    await network.restart();
    expect(network.ledger.organisation('Org1MSP').users['User1']?.certificatePem).toBe(before);
    expect(await network.as(1).evaluate('get', ['k'])).toBe('v');
  });
});
