// SPDX-License-Identifier: Apache-2.0
import { ledger, peer } from '@hyperledger/fabric-protos';
import { ChaincodeSession, type Invocation } from '../../../gateway/src/embedded/simulation/chaincodeSession';
import type { Scan, Simulator } from '../../../gateway/src/embedded/simulation/simulator';

const { Type } = peer.ChaincodeMessage;
/** `ledger.state.totalQueryLimit` of a peer. */
const TOTAL_LIMIT = 100_000;

describe('the chaincode protocol', () => {
  test('a page of any size ends at the limit that a peer has for one query', async () => {
    let given = 0;
    const entry = { key: 'k', value: Buffer.from('v'), version: { block: 0, tx: 0 } };
    const endless: Scan = {
      next: () => {
        given += 1;
        return entry;
      },
      bookmark: () => 'next',
    };
    const session = new ChaincodeSession(peer, () => undefined);
    const answered = new Promise<peer.ChaincodeMessage>((resolve) => {
      session.stream.on('data', (message: peer.ChaincodeMessage) => {
        if (message.getType() === Type.RESPONSE) {
          resolve(message);
        }
      });
    });
    const invocation: Partial<Invocation> = {
      channelId: 'ch',
      transactionId: 'tx',
      signedProposal: new Uint8Array(),
      input: new Uint8Array(),
      simulator: { scanPage: () => endless } as unknown as Simulator,
    };
    void session.invoke(invocation as Invocation);
    const metadata = new peer.QueryMetadata();
    metadata.setPagesize(TOTAL_LIMIT * 2);
    const request = new peer.GetStateByRange();
    request.setMetadata(metadata.serializeBinary());
    const message = new peer.ChaincodeMessage();
    message.setType(Type.GET_STATE_BY_RANGE);
    message.setChannelId('ch');
    message.setTxid('tx');
    message.setPayload(request.serializeBinary());
    session.stream.write(message);
    const response = peer.QueryResponse.deserializeBinary((await answered).getPayload_asU8());
    const page = peer.QueryResponseMetadata.deserializeBinary(response.getMetadata_asU8());
    expect([page.getFetchedRecordsCount(), page.getBookmark(), given]).toEqual([
      TOTAL_LIMIT,
      'next',
      TOTAL_LIMIT,
    ]);
    const [first] = response.getResultsList();
    expect(
      ledger.queryresult.KV.deserializeBinary(first?.getResultbytes_asU8() ?? new Uint8Array()).getKey(),
    ).toBe('k');
  });
});
