// SPDX-License-Identifier: Apache-2.0
/** What chaincode may ask of its peer for the state of its own channel, message by message. */
import { common, ledger, peer } from '@hyperledger/fabric-protos';
import { openEndorserTransaction, openEnvelope } from '../protocol/preparedTransaction';
import { decodeReadWriteSet } from '../protocol/readWriteSet';
import type { Version } from '../protocol/version';
import type { StateReader } from '../store/stateReader';
import { SimulationError, type Scan, type Simulator } from './simulator';

const { Type } = peer.ChaincodeMessage;
/** Entries that a peer puts into one query response. */
const MAX_RESULTS = 100;
/** Entries that one query may return in all, as `ledger.state.totalQueryLimit`. */
const TOTAL_LIMIT = 100_000;
/** `ChaincodeMessage.Type.GET_STATE_MULTIPLE` of Fabric 3.1, which the type definitions lack. */
const GET_STATE_MULTIPLE = 25;

interface Query {
  next: () => Uint8Array | undefined;
  pending: Uint8Array[];
  returned: number;
}

/** A transaction that asks. */
export interface Asking {
  transactionId: string;
  simulator: Simulator;
  reader: StateReader;
  namespace: string;
  queries: Map<string, Query>;
  nextQuery: number;
}

const NOTHING = new Uint8Array();

type Handler = (running: Asking, payload: Uint8Array) => Uint8Array;

const HANDLERS: Record<number, Handler> = {
  [Type.GET_STATE]: ({ simulator }, payload) => {
    const request = peer.GetState.deserializeBinary(payload);
    const collection = request.getCollection();
    return collection === ''
      ? simulator.get(request.getKey())
      : simulator.getPrivate(collection, request.getKey());
  },
  [GET_STATE_MULTIPLE]: ({ simulator }, payload) => {
    const request = peer.GetStateMultiple.deserializeBinary(payload);
    const collection = request.getCollection();
    const result = new peer.GetStateMultipleResult();
    result.setValuesList(
      request
        .getKeysList()
        .map((key) => (collection === '' ? simulator.get(key) : simulator.getPrivateOfMany(collection, key))),
    );
    return result.serializeBinary();
  },
  [Type.PUT_STATE]: ({ simulator }, payload) => {
    const request = peer.PutState.deserializeBinary(payload);
    const collection = request.getCollection();
    if (collection === '') {
      simulator.put(request.getKey(), request.getValue_asU8());
    } else {
      simulator.putPrivate(collection, request.getKey(), request.getValue_asU8());
    }
    return NOTHING;
  },
  [Type.DEL_STATE]: ({ simulator }, payload) => {
    const request = peer.DelState.deserializeBinary(payload);
    const collection = request.getCollection();
    if (collection === '') {
      simulator.put(request.getKey(), NOTHING);
    } else {
      simulator.putPrivate(collection, request.getKey(), NOTHING);
    }
    return NOTHING;
  },
  [Type.PURGE_PRIVATE_DATA]: ({ simulator }, payload) => {
    const request = peer.PurgePrivateState.deserializeBinary(payload);
    if (request.getCollection() === '') {
      throw new SimulationError('only applicable for private data');
    }
    simulator.purgePrivate(request.getCollection(), request.getKey());
    return NOTHING;
  },
  [Type.GET_PRIVATE_DATA_HASH]: ({ simulator }, payload) => {
    const request = peer.GetState.deserializeBinary(payload);
    return simulator.getPrivateHash(request.getCollection(), request.getKey());
  },
  [Type.GET_STATE_BY_RANGE]: getByRange,
  [Type.GET_HISTORY_FOR_KEY]: getHistory,
  [Type.QUERY_STATE_NEXT]: (running, payload) => {
    const id = peer.QueryStateNext.deserializeBinary(payload).getId();
    const query = running.queries.get(id);
    if (!query) {
      throw new SimulationError('query iterator not found');
    }
    return respondToQuery(running, id, query).serializeBinary();
  },
  [Type.QUERY_STATE_CLOSE]: (running, payload) => {
    const id = peer.QueryStateClose.deserializeBinary(payload).getId();
    running.queries.delete(id);
    const response = new peer.QueryResponse();
    response.setId(id);
    return response.serializeBinary();
  },
  [Type.GET_QUERY_RESULT]: () => {
    throw new SimulationError('ExecuteQuery not supported for leveldb');
  },
};

/**
 * Answers a request of the chaincode from its transaction's simulator.
 * @throws SimulationError in a peer's words.
 */
export function respond(running: Asking, type: number, payload: Uint8Array): Uint8Array {
  const handler = HANDLERS[type];
  if (!handler) {
    throw new SimulationError('this ledger does not support the request');
  }
  return handler(running, payload);
}

function getByRange(running: Asking, payload: Uint8Array): Uint8Array {
  const { simulator } = running;
  const request = peer.GetStateByRange.deserializeBinary(payload);
  const collection = request.getCollection();
  const [start, end] = [request.getStartkey(), request.getEndkey()];
  const metadata = peer.QueryMetadata.deserializeBinary(request.getMetadata_asU8());
  const [pageSize, bookmark] = [metadata.getPagesize(), metadata.getBookmark()];
  if (collection === '' && (pageSize !== 0 || bookmark !== '')) {
    return pageResponse(running, simulator.scanPage(start, end, pageSize, bookmark));
  }
  const scan = collection === '' ? simulator.scan(start, end) : simulator.scanPrivate(collection, start, end);
  return open(running, () => nextEntry(scan)).serializeBinary();
}

function nextEntry(scan: Scan): Uint8Array | undefined {
  const entry = scan.next();
  if (!entry) {
    return undefined;
  }
  const pair = new ledger.queryresult.KV();
  pair.setKey(entry.key);
  pair.setValue(entry.value);
  return pair.serializeBinary();
}

function pageResponse(running: Asking, scan: Scan): Uint8Array {
  const response = new peer.QueryResponse();
  let count = 0;
  while (count < TOTAL_LIMIT) {
    const entry = nextEntry(scan);
    if (!entry) {
      break;
    }
    response.addResults(resultBytes(entry));
    count += 1;
  }
  const metadata = new peer.QueryResponseMetadata();
  metadata.setFetchedRecordsCount(count);
  metadata.setBookmark(scan.bookmark());
  response.setMetadata(metadata.serializeBinary());
  response.setId(newQueryId(running));
  return response.serializeBinary();
}

function newQueryId(running: Asking): string {
  running.nextQuery += 1;
  return `${running.transactionId.slice(0, 8)}-${running.nextQuery}`;
}

function open(running: Asking, next: () => Uint8Array | undefined): peer.QueryResponse {
  const id = newQueryId(running);
  const query: Query = { next, pending: [], returned: 0 };
  running.queries.set(id, query);
  return respondToQuery(running, id, query);
}

function resultBytes(bytes: Uint8Array): peer.QueryResultBytes {
  const result = new peer.QueryResultBytes();
  result.setResultbytes(bytes);
  return result;
}

/** Fills one response; it is cut when an entry beyond the limit shows that there are more. */
function respondToQuery(running: Asking, id: string, query: Query): peer.QueryResponse {
  const response = new peer.QueryResponse();
  response.setId(id);
  while (query.returned < TOTAL_LIMIT) {
    const next = query.next();
    if (next === undefined) {
      break;
    }
    query.returned += 1;
    if (query.pending.length === MAX_RESULTS) {
      response.setResultsList(query.pending.map(resultBytes));
      response.setHasMore(true);
      query.pending = [next];
      return response;
    }
    query.pending.push(next);
  }
  response.setResultsList(query.pending.map(resultBytes));
  running.queries.delete(id);
  return response;
}

/** Newest first, valid transactions only; the values come from the blocks. */
function getHistory(running: Asking, payload: Uint8Array): Uint8Array {
  const key = peer.GetHistoryForKey.deserializeBinary(payload).getKey();
  const { reader, namespace } = running;
  let versions: Version[] = [];
  let last: Version | undefined;
  const next = (): Uint8Array | undefined => {
    if (versions.length === 0) {
      versions = reader.history(namespace, key, last, MAX_RESULTS);
    }
    last = versions.shift();
    return last && modification(reader, namespace, key, last);
  };
  return open(running, next).serializeBinary();
}

function modification(reader: StateReader, namespace: string, key: string, version: Version): Uint8Array {
  const bytes = reader.block(version.block);
  const data = bytes && common.Block.deserializeBinary(bytes).getData()?.getDataList_asU8()[version.tx];
  const parts = data && openEnvelope(data);
  const transaction = parts && openEndorserTransaction(parts);
  if (!transaction) {
    throw new SimulationError(`block ${version.block} has no transaction ${version.tx}`);
  }
  const write = decodeReadWriteSet(transaction.chaincodeAction.getResults_asU8())
    .find((set) => set.namespace === namespace)
    ?.writes.find((candidate) => candidate.key === key);
  const result = new ledger.queryresult.KeyModification();
  result.setTxId(transaction.channelHeader.getTxId());
  result.setTimestamp(transaction.channelHeader.getTimestamp());
  if (write) {
    result.setValue(write.value);
    result.setIsDelete(write.isDelete);
  }
  return result.serializeBinary();
}
