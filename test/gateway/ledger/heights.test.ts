// SPDX-License-Identifier: Apache-2.0
import { common } from '@hyperledger/fabric-protos';
import { Heights, type HeightsOptions } from '../../../gateway/src/ledger/heights';

type Evaluate = HeightsOptions['submitter']['evaluate'];

function heights(by: Readonly<Record<string, () => Promise<number>>>) {
  const asked: string[] = [];
  const evaluate: Evaluate = async ({ endorsers }) => {
    const [mspId = ''] = endorsers;
    asked.push(mspId);
    const info = new common.BlockchainInfo();
    info.setHeight((await by[mspId]?.()) ?? 0);
    return info.serializeBinary();
  };
  const known = new Heights({
    network: { getContract: () => ({}) as never },
    channel: 'chartwitness',
    mspId: 'NorthHospitalMSP',
    trustee: () => Promise.resolve('TrusteeMSP'),
    submitter: { evaluate },
  });
  return { known, asked };
}
const at = (height: number) => (): Promise<number> => Promise.resolve(height);

test('known is the highest: of what was seen, what the own peer had, and what the trustee’s peer says', async () => {
  const trustee = { height: 5 };
  const { known } = heights({
    NorthHospitalMSP: at(4),
    TrusteeMSP: () => Promise.resolve(trustee.height),
  });
  expect(await known.known(1_000)).toBe(5n);
  expect(await known.own()).toBe(4n);
  known.note(8n);
  expect(await known.known(1_000)).toBe(9n);
  trustee.height = 12;
  expect(await known.known(1_000)).toBe(12n);
  // Neither forgets: a trustee that came back from a copy does not make an old peer new.
  trustee.height = 3;
  known.note(1n);
  expect(await known.known(1_000)).toBe(12n);
});

test('a trustee’s peer that is away or hangs says nothing', async () => {
  for (const answer of [
    () => Promise.reject(new Error('away')),
    () => new Promise<number>(() => undefined),
  ]) {
    const { known } = heights({ NorthHospitalMSP: at(4), TrusteeMSP: answer });
    expect(await known.known(1)).toBe(0n);
    known.note(6n);
    expect(await known.known(1)).toBe(7n);
    expect(await known.own()).toBe(4n);
  }
});
