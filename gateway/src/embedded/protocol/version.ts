// SPDX-License-Identifier: Apache-2.0
import { ledger } from '@hyperledger/fabric-protos';

/** Where a value was written: block number and index of the transaction in it. */
export interface Version {
  block: number;
  tx: number;
}

export function sameVersion(a: Version | undefined, b: Version | undefined): boolean {
  if (a === undefined || b === undefined) {
    return a === b;
  }
  return a.block === b.block && a.tx === b.tx;
}

export function toProtoVersion(version: Version): ledger.rwset.kvrwset.Version {
  const proto = new ledger.rwset.kvrwset.Version();
  proto.setBlockNum(version.block);
  proto.setTxNum(version.tx);
  return proto;
}

export function fromProtoVersion(proto: ledger.rwset.kvrwset.Version | undefined): Version | undefined {
  return proto && { block: proto.getBlockNum(), tx: proto.getTxNum() };
}

/** As a peer prints it in its messages. */
export function printVersion(version: Version | undefined): string {
  return version ? `{BlockNum: ${version.block}, TxNum: ${version.tx}}` : '<nil>';
}
