// SPDX-License-Identifier: Apache-2.0
/** What peers and chaincode refuse to members that ask at the wrong place or at the wrong time. */
import { EndorseError, GatewayError } from '@hyperledger/fabric-gateway';
import { CLIENT, NORTH, SOUTH, startTestNetwork, type TestNetwork, TRUSTEE } from '../gateway/ledger/network';
import { requestOf } from '../gateway/recorder/support/requests';
import { shiftClock } from '../support/shiftedClock';
import { describeFabric } from '../scripts/network/testNetwork';
import { callAs } from './connections';

jest.setTimeout(60_000);

const MINUTES = 60_000;

describeFabric('what members are refused', ({ version }) => {
  const isLax = version.startsWith('2.');
  let net: TestNetwork;
  const lane = `${NORTH}/read`;
  beforeAll(async () => {
    net = await startTestNetwork();
    await net.north.putClient(CLIENT);
    await net.north.recordBatch(lane, 0, { start: 0, requests: [requestOf(1)] });
  });
  afterAll(() => net.close());

  /** The events of the lane, as one organisation's client gets them at another's peer. */
  async function read(caller: string, peerOf: string): Promise<string> {
    const { contract, close } = await callAs(net, caller, peerOf);
    try {
      const options = { arguments: [lane, '0'], endorsingOrganizations: [peerOf] };
      return Buffer.from(await contract.evaluate('Access:GetEvents', options)).toString();
    } finally {
      close();
    }
  }

  describe('another’s private events, asked of the peer that has them', () => {
    test.each([
      ['a third member', SOUTH, 'the holder', NORTH],
      ['a third member', SOUTH, 'the trustee', TRUSTEE],
    ])('%s (%s) at the peer of %s (%s): the chaincode refuses', async (_who, caller, _where, peerOf) => {
      await expect(read(caller, peerOf)).rejects.toMatchObject({
        code: 2,
        details: [
          {
            mspId: peerOf,
            message:
              'chaincode response 500, NOT_ALLOWED|only the lane’s holder and the trustee read its events',
          },
        ],
      });
    });

    test.each([
      ['the holder', NORTH, TRUSTEE],
      ['the trustee', TRUSTEE, NORTH],
    ])('%s at the other’s peer: its own copy is not there', async (_who, caller, peerOf) => {
      await expect(read(caller, peerOf)).rejects.toMatchObject({
        code: 2,
        message: expect.stringContaining(
          'private data matching public hash version is not available',
        ) as string,
      });
    });

    test.each([
      ['the holder', NORTH],
      ['the trustee', TRUSTEE],
    ])('%s at its own peer reads them', async (_who, mspId) => {
      expect(JSON.parse(await read(mspId, mspId))).toMatchObject({ events: [{ id: requestOf(1).id }] });
    });

    test('the allowed twin of the third member: its own lane’s events, at its own peer', async () => {
      await net.south.putClient({ ...CLIENT, clientId: 'south-ward' });
      const request = requestOf(2, { requester: { org: SOUTH, clientId: 'south-ward', person: null } });
      const own = `${SOUTH}/read-${String(Date.now())}`;
      await net.south.recordBatch(own, 0, { start: 0, requests: [request] });
      expect((await net.south.getEvents(own, 0)).events.map(({ id }) => id)).toEqual([request.id]);
    });
  });

  describe('a client whose clock is wrong', () => {
    afterEach(() => {
      shiftClock(0);
    });
    let seq = 1;
    const attempt = () => net.north.recordBatch(lane, seq, { start: seq, requests: [requestOf(100 + seq)] });

    test.each([20 * MINUTES, -20 * MINUTES])(
      'by %d ms: refused by the peer where it looks at the time (Fabric 3), else by the chaincode',
      async (offsetMs) => {
        shiftClock(offsetMs);
        const failure: unknown = await attempt().catch((error: unknown) => error);
        shiftClock(0);
        expect(failure).toMatchObject(
          isLax
            ? {
                kind: 'rejected',
                domainCode: 'TIME_OUT_OF_RANGE',
                cause: expect.any(EndorseError) as unknown,
              }
            : {
                kind: 'unavailable',
                message: expect.stringContaining('request unauthorized due to incorrect timestamp') as string,
                cause: expect.any(GatewayError) as unknown,
              },
        );
        expect(await net.north.findBatch(lane, seq)).toBeUndefined();
      },
    );

    test.each([2 * MINUTES, -2 * MINUTES])(
      'by %d ms: refused by the chaincode on every version',
      async (offsetMs) => {
        shiftClock(offsetMs);
        const failure: unknown = await attempt().catch((error: unknown) => error);
        shiftClock(0);
        expect(failure).toMatchObject({ kind: 'rejected', domainCode: 'TIME_OUT_OF_RANGE' });
        expect(await net.north.findBatch(lane, seq)).toBeUndefined();
      },
    );

    test('by half a minute, or not at all: recorded, at the client’s time', async () => {
      for (const offsetMs of [30_000, 0]) {
        shiftClock(offsetMs);
        await attempt();
        shiftClock(0);
        const { events } = await net.north.getEvents(lane, seq);
        expect(Math.abs(Date.parse(events[0]?.at ?? '') - (Date.now() + offsetMs))).toBeLessThan(10_000);
        seq += 1;
      }
    });
  });
});
