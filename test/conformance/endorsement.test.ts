// SPDX-License-Identifier: Apache-2.0
import type { TestClient, TestNetwork } from './network';
import { startNetwork } from './startNetwork';

// Who must endorse what, as measured on Fabric 3.1.5: Org1 and Org3 are holders, Org2 the trustee. The
// collection `all` has the trustee's policy, the channel AND(trustee, OR(holders)).
const HOLDER = 'Org1MSP';
const TRUSTEE = 'Org2MSP';
const OTHER = 'Org3MSP';
const FAILURE = 10;

jest.setTimeout(30_000);

describe('endorsement policies', () => {
  let network: TestNetwork;
  let holder: TestClient;
  let trustee: TestClient;
  let serial = 0;

  beforeAll(async () => {
    network = await startNetwork();
    holder = network.as(1);
    trustee = network.as(2);
  }, 60_000);
  afterAll(() => network.close());

  /** The validation code of a transaction endorsed by the named organisations. */
  async function code(
    client: TestClient,
    fn: string,
    args: string[],
    organisations: string[],
  ): Promise<number> {
    const transientData = { v: 'value' };
    const proposal = client.contract.newProposal(fn, {
      arguments: args,
      transientData,
      endorsingOrganizations: organisations,
    });
    return (await (await (await proposal.endorse()).submit()).getStatus()).code;
  }
  const key = (): string => `key${serial++}`;

  test.each([
    ['a collection with a policy of its own, by that policy', 'pvtPut', ['all'], [TRUSTEE], 0],
    ['the same collection, by a holder', 'pvtPut', ['all'], [HOLDER], FAILURE],
    ['a collection without a policy, by the trustee alone', 'pvtPut', ['pair'], [TRUSTEE], FAILURE],
    ['a collection without a policy, by the channel policy', 'pvtPut', ['pair'], [TRUSTEE, HOLDER], 0],
    [
      "the trustee's implicit collection, by a holder",
      'pvtPut',
      [`_implicit_org_${TRUSTEE}`],
      [HOLDER],
      FAILURE,
    ],
    ["the holder's implicit collection, by the holder", 'pvtPut', [`_implicit_org_${HOLDER}`], [HOLDER], 0],
  ])('%s', async (_name, fn, collection, organisations, expected) => {
    expect(await code(trustee, fn, [...collection, key()], organisations)).toBe(expected);
  });

  test.each([
    [[TRUSTEE], FAILURE],
    [[HOLDER], FAILURE],
    [[HOLDER, OTHER], FAILURE],
    [[HOLDER, TRUSTEE], 0],
    [[OTHER, TRUSTEE], 0],
    [[HOLDER, TRUSTEE, OTHER], 0],
  ])('a public key, by %j, ends with %i', async (organisations, expected) => {
    expect(await code(holder, 'put', [key(), 'v'], organisations)).toBe(expected);
  });

  test.each([
    [[HOLDER, TRUSTEE], 0],
    [[HOLDER, TRUSTEE, OTHER], 0],
    [[HOLDER, OTHER], FAILURE],
    [[TRUSTEE], FAILURE],
  ])(
    'both implicit collections, a public key and an event, by %j, end with %i',
    async (organisations, expected) => {
      expect(await code(holder, 'both', [key()], organisations)).toBe(expected);
    },
  );

  test('the gateway finds the endorsers for a public key by itself', async () => {
    await holder.contract.submit('put', { arguments: [key(), 'v'] });
  });

  test('an organisation whose peer failed is not asked again for another set of endorsers', async () => {
    await expect(holder.contract.submit('random', { arguments: [key()] })).rejects.toMatchObject({
      code: 10,
      details: [{ mspId: TRUSTEE, message: 'ProposalResponsePayloads do not match' }],
    });
  });

  test('an invalid transaction changes nothing and its id stays used', async () => {
    const name = key();
    const proposal = holder.contract.newProposal('put', {
      arguments: [name, 'v'],
      endorsingOrganizations: [HOLDER],
    });
    const status = await (await (await proposal.endorse()).submit()).getStatus();
    expect(status).toMatchObject({ code: FAILURE, successful: false });
    expect(await holder.evaluate('get', [name])).toBe('');
    await expect(proposal.endorse()).rejects.toMatchObject({
      details: [{ mspId: HOLDER, message: expect.stringContaining('duplicate transaction found') as string }],
    });
  });

  test('transient data do not reach organisations outside the collection unless they are named', async () => {
    const attempt = holder.contract.submit('both', { arguments: [key()], transientData: { v: 'secret' } });
    await expect(attempt).rejects.toMatchObject({ code: 9, details: [] });
  });

  test('a failed commit is a CommitError with its code', async () => {
    const attempt = holder.submit('put', [key(), 'v'], { endorsingOrganizations: [HOLDER] });
    await expect(attempt).rejects.toMatchObject({
      name: 'CommitError',
      code: FAILURE,
    });
  });
});
