// SPDX-License-Identifier: Apache-2.0
import { EXECUTE_TIMEOUT_MS, type TestClient, type TestNetwork } from './network';
import { untilItWorks } from '../support/untilItWorks';
import { startNetwork } from './startNetwork';

jest.setTimeout(30_000);

describe('simulation', () => {
  let network: TestNetwork;
  let holder: TestClient;
  let trustee: TestClient;

  beforeAll(async () => {
    network = await startNetwork();
    holder = network.as(1);
    trustee = network.as(2);
  }, 60_000);
  afterAll(() => network.close());

  const rows = async (fn: string, ...args: unknown[]): Promise<[string, string][]> =>
    JSON.parse(await holder.evaluate(fn, args)) as [string, string][];

  test('history is newest first, holds deletes and survives them', async () => {
    const key = `history ${String(Date.now())}`;
    await holder.submit('put', [key, '1']);
    await holder.submit('put', [key, '2']);
    await holder.submit('del', [key]);
    expect(await rows('history', key)).toEqual([
      [true, ''],
      [false, '2'],
      [false, '1'],
    ]);
  });

  test('keys are ordered by their UTF-8 bytes, and a prefix scan finds those beyond the basic plane', async () => {
    for (const attribute of ['\u{1f600}', '\ue000', 'z']) {
      await holder.submit('composite', ['plane', attribute, 'x']);
    }
    const found = await rows('compositeScan', 'plane', '');
    expect(found.map(([key]) => key.split('\u0000')[2])).toEqual(['z', '\ue000', '\u{1f600}']);
  });

  test('a scan returns more entries than fit one response', async () => {
    const keys = Array.from({ length: 125 }, (_, i) => `many${String(i).padStart(3, '0')}`);
    for (let i = 0; i < keys.length; i += 25) {
      await Promise.all(keys.slice(i, i + 25).map((key) => holder.submit('put', [key, key])));
    }
    expect((await rows('range', 'many', 'manz')).map(([key]) => key)).toEqual(keys);
  });

  test('pages follow each other by their bookmark to the end', async () => {
    for (const key of ['page1', 'page2', 'page3']) {
      await holder.submit('put', [key, key]);
    }
    const page = async (mark: string) =>
      JSON.parse(await holder.evaluate('page', ['page', 'pagf', 2, mark])) as {
        rows: unknown[];
        meta: { bookmark: string };
      };
    const first = await page('');
    expect(first).toMatchObject({
      rows: [
        ['page1', 'page1'],
        ['page2', 'page2'],
      ],
      meta: { bookmark: 'page3' },
    });
    expect(await page(first.meta.bookmark)).toMatchObject({
      rows: [['page3', 'page3']],
      meta: { bookmark: '' },
    });
  });

  test('a bookmark without a page size goes on to the end', async () => {
    for (const key of ['leaf1', 'leaf2', 'leaf3']) {
      await holder.submit('put', [key, key]);
    }
    expect(JSON.parse(await holder.evaluate('page', ['leaf', 'leag', 0, 'leaf2']))).toMatchObject({
      rows: [
        ['leaf2', 'leaf2'],
        ['leaf3', 'leaf3'],
      ],
      meta: { bookmark: '', fetchedRecordsCount: 2 },
    });
  });

  test('the empty key is a key', async () => {
    await holder.submit('put', ['', 'unnamed']);
    expect(await holder.evaluate('get', [''])).toBe('unnamed');
  });

  test('a proposal that is evaluated already is refused by the same peer', async () => {
    const proposal = holder.contract.newProposal('slow', {
      arguments: ['700'],
      endorsingOrganizations: ['Org1MSP'],
    });
    const outcomes = await Promise.allSettled([proposal.evaluate(), proposal.evaluate()]);
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    const refusal = outcomes.find((outcome) => outcome.status === 'rejected');
    const message = `error sending: txid: ${proposal.getTransactionId()}(${network.channel}) exists`;
    expect(refusal?.reason).toMatchObject({
      code: 10,
      details: [{ mspId: 'Org1MSP', message: expect.stringContaining(message) as string }],
    });
  });

  test('simple and composite keys do not mix', async () => {
    const found = await rows('range', '', '');
    expect(found.some(([key]) => key.startsWith('\u0000'))).toBe(false);
  });

  test('a simulation sees one state although blocks commit meanwhile', async () => {
    await holder.submit('put', ['snapshot', 'before']);
    const slow = holder.evaluate('slow', ['200']);
    await holder.submit('put', ['snapshot', 'after']);
    expect(await slow).toBe('slept');
    expect(await holder.evaluate('get', ['snapshot'])).toBe('after');
  });

  test('a failed transaction leaves nothing behind', async () => {
    await expect(holder.submit('failAfterPut', ['ghost'])).rejects.toMatchObject({ code: 10 });
    expect(await holder.evaluate('get', ['ghost'])).toBe('');
  });

  test("the transaction time is the proposal's, the same for every endorser", async () => {
    const at = Date.parse(await trustee.evaluate('when'));
    expect(Math.abs(at - Date.now())).toBeLessThan(5_000);
  });

  test('a transaction that takes too long is ended', async () => {
    const tooLong = expect.stringContaining('timeout expired while executing transaction') as string;
    const refused = (mspId: string): unknown => expect.objectContaining({ mspId, message: tooLong });
    // A network's gateway asks the peer with the highest block first, which may be another than its own.
    const error = (await holder
      .submit('slow', [String(EXECUTE_TIMEOUT_MS + 2_000)])
      .catch((reason: unknown) => reason)) as { code: number; details: unknown[] };
    expect(error.code).toBe(10);
    expect(error.details).toHaveLength(2);
    expect(error.details).toEqual(expect.arrayContaining([refused('Org1MSP'), refused('Org2MSP')]));
  });

  test('chaincode that ends its process is started again', async () => {
    await expect(holder.evaluate('die')).rejects.toMatchObject({ code: 10 });
    // One that the peer starts itself is waited for; one that runs as a service is unavailable until somebody
    // has started it.
    await untilItWorks(() => holder.submit('put', ['after', 'death']));
    expect(await holder.evaluate('get', ['after'])).toBe('death');
  });
});
