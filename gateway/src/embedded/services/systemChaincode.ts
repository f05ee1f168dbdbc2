// SPDX-License-Identifier: Apache-2.0
import { common, peer } from '@hyperledger/fabric-protos';
import { validationCodes } from '../protocol/block';
import type { Principal } from '../identity/membership';
import type { StateReader } from '../store/stateReader';
import type { ChannelAccess } from './accessControl';

export const QUERY_CHAINCODE = 'qscc';

/** A request that the system chaincode answers with status 500 and this message. */
export class SystemChaincodeError extends Error {}

/** A channel's chain and who may read it. */
export interface ReadableLedger {
  reader: StateReader;
  access: ChannelAccess;
}

/**
 * `qscc`: the chain of a channel as protobuf, for identities that may read it.
 * @param ledgerOf the peer's ledger of a channel; undefined when the peer has not joined it.
 * @throws SystemChaincodeError with a peer's message.
 */
export function queryLedger(
  args: readonly Uint8Array[],
  caller: Principal,
  ledgerOf: (channel: string) => ReadableLedger | undefined,
): Uint8Array {
  const [fn = '', channelName = ''] = args.slice(0, 2).map((bytes) => Buffer.from(bytes).toString());
  const argument = args[2] ?? new Uint8Array();
  if (args.length < 2) {
    throw new SystemChaincodeError(`Incorrect number of arguments, ${args.length}`);
  }
  if (fn !== 'GetChainInfo' && args.length < 3) {
    throw new SystemChaincodeError(`missing 3rd argument for ${fn}`);
  }
  const ledger = ledgerOf(channelName);
  if (!ledger) {
    throw new SystemChaincodeError(`Invalid chain ID, ${channelName}`);
  }
  const query = QUERIES.get(fn);
  // A peer looks the function up in its access rules first, so an unknown one is refused as one that nobody
  // may call.
  const refusal = query ? ledger.access.refusal(caller, 'Readers') : `Unmapped policy for qscc/${fn}`;
  if (!query || refusal !== undefined) {
    throw new SystemChaincodeError(`access denied for [${fn}][${channelName}]: [${refusal}]`);
  }
  return query(argument, ledger.reader);
}

const LARGEST_NUMBER = 2n ** 64n - 1n;

const QUERIES = new Map<string, (argument: Uint8Array, reader: StateReader) => Uint8Array>([
  ['GetChainInfo', (_, reader) => chainInfo(reader)],
  ['GetBlockByNumber', (number, reader) => blockByNumber(Buffer.from(number).toString(), reader)],
  ['GetBlockByHash', blockByHash],
  ['GetTransactionByID', (id, reader) => transactionById(Buffer.from(id).toString(), reader)],
  ['GetBlockByTxID', (id, reader) => blockByTransaction(Buffer.from(id).toString(), reader)],
]);

function chainInfo(reader: StateReader): Uint8Array {
  const height = reader.height();
  const info = new common.BlockchainInfo();
  info.setHeight(height);
  info.setCurrentblockhash(reader.blockHash(height - 1) ?? new Uint8Array());
  info.setPreviousblockhash(reader.blockHash(height - 2) ?? new Uint8Array());
  return info.serializeBinary();
}

function blockByNumber(text: string, reader: StateReader): Uint8Array {
  if (!/^\d+$/.test(text)) {
    throw new SystemChaincodeError(
      `Failed to parse block number with error strconv.ParseUint: parsing "${text}": invalid syntax`,
    );
  }
  const number = BigInt(text);
  if (number > LARGEST_NUMBER) {
    throw new SystemChaincodeError(
      `Failed to parse block number with error strconv.ParseUint: parsing "${text}": value out of range`,
    );
  }
  // The largest number stands for the newest block.
  const block = reader.block(number === LARGEST_NUMBER ? reader.height() - 1 : Number(number));
  if (block) {
    return block;
  }
  throw new SystemChaincodeError(
    `Failed to get block number ${number}, error no such block number [${number}] in index`,
  );
}

function blockByHash(hash: Uint8Array, reader: StateReader): Uint8Array {
  const number = reader.blockNumberByHash(hash);
  const block = number === undefined ? undefined : reader.block(number);
  if (block) {
    return block;
  }
  const bytes = Buffer.from(hash);
  throw new SystemChaincodeError(
    `Failed to get block hash ${bytes.toString()}, error no such block hash [${bytes.toString('hex')}] in index`,
  );
}

function find(id: string, reader: StateReader, what: string): { block: Buffer; tx: number } {
  const record = reader.transaction(id);
  const block = record && reader.block(record.block);
  if (record && block) {
    return { block, tx: record.tx };
  }
  throw new SystemChaincodeError(
    `Failed to get ${what} ${id}, error no such transaction ID [${id}] in index`,
  );
}

function transactionById(id: string, reader: StateReader): Uint8Array {
  const found = find(id, reader, 'transaction with id');
  const block = common.Block.deserializeBinary(found.block);
  const processed = new peer.ProcessedTransaction();
  const data = block.getData()?.getDataList_asU8()[found.tx] ?? new Uint8Array();
  processed.setTransactionenvelope(common.Envelope.deserializeBinary(data));
  processed.setValidationcode(validationCodes(block)[found.tx] ?? 0);
  return processed.serializeBinary();
}

function blockByTransaction(id: string, reader: StateReader): Uint8Array {
  return find(id, reader, 'block for txID').block;
}
