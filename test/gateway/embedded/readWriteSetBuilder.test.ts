// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { common, ledger } from '@hyperledger/fabric-protos';
import {
  openEndorserTransaction,
  openEnvelope,
} from '../../../gateway/src/embedded/protocol/preparedTransaction';
import { decodeReadWriteSet } from '../../../gateway/src/embedded/protocol/readWriteSet';
import { kvRead, ReadWriteSetBuilder } from '../../../gateway/src/embedded/simulation/readWriteSetBuilder';

const RECORDING = path.join(__dirname, '../../conformance/data/blocks-3.1.5.base64');
const recorded = readFileSync(RECORDING, 'utf8').trim().split('\n');

/** What the recorded network's peers signed as the results of a block's transaction. */
function resultsIn(number: number): Uint8Array {
  const block = common.Block.deserializeBinary(Buffer.from(recorded[number] ?? '', 'base64'));
  const [data = new Uint8Array()] = block.getData()?.getDataList_asU8() ?? [];
  const parts = openEnvelope(data);
  const transaction = parts && openEndorserTransaction(parts);
  if (!transaction) {
    throw new Error(`block ${String(number)} has no transaction`);
  }
  return transaction.chaincodeAction.getResults_asU8();
}

describe('read-write sets', () => {
  test.each([
    ['a scan that found nothing', 30],
    ['a scan that found a key', 32],
    ['reads, and a key that was deleted', 22],
  ])('%s: built again, it has the bytes of a real peer’s', (_what, number) => {
    const expected = resultsIn(number);
    const builder = new ReadWriteSetBuilder();
    for (const set of decodeReadWriteSet(expected)) {
      for (const { key, version } of set.reads) {
        builder.read(set.namespace, key, version);
      }
      for (const range of set.ranges) {
        const reads = range.reads.map(({ key, version }) => kvRead(key, version));
        builder.range(set.namespace, { ...range, reads });
      }
      for (const write of set.writes) {
        builder.write(set.namespace, write.key, write.isDelete ? undefined : write.value);
      }
    }
    expect(Buffer.from(builder.encode().results)).toEqual(Buffer.from(expected));
  });

  test('of scans that ended alike the first one is recorded', () => {
    const builder = new ReadWriteSetBuilder();
    const scan = { startKey: 'a', endKey: 'b', exhausted: true, reads: [] };
    builder.range('cc', { ...scan });
    builder.range('cc', { ...scan });
    builder.range('cc', { ...scan, exhausted: false });
    const [set] = ledger.rwset.TxReadWriteSet.deserializeBinary(builder.encode().results).getNsRwsetList();
    const keys = ledger.rwset.kvrwset.KVRWSet.deserializeBinary(set?.getRwset_asU8() ?? new Uint8Array());
    expect(keys.getRangeQueriesInfoList().map((info) => info.getItrExhausted())).toEqual([true, false]);
  });
});
