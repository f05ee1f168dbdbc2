// SPDX-License-Identifier: Apache-2.0
import { common, ledger, peer } from '@hyperledger/fabric-protos';
import { decodeReadWriteSet } from '../protocol/readWriteSet';
import { openEndorserTransaction, openEnvelope } from '../protocol/preparedTransaction';
import type { Version } from '../protocol/version';
import type { StateReader } from '../store/stateReader';
import { ShimStream } from './shimStream';
import { SimulationError, type Scan, type Simulator } from './simulator';

const { Type } = peer.ChaincodeMessage;
/** Entries that a peer puts into one query response. */
const MAX_RESULTS = 100;
/** Entries that one query may return in all, as `ledger.state.totalQueryLimit`. */
const TOTAL_LIMIT = 100_000;
/** `ChaincodeMessage.Type.GET_STATE_MULTIPLE` of Fabric 3.1, which the type definitions lack. */
const GET_STATE_MULTIPLE = 25;
/** Keys of one such message, as a peer's `chaincode.runtimeParams.maxSizeGetMultipleKeys`. */
const MAX_MULTIPLE_KEYS = 1_000;

/** The protobuf classes that the chaincode's own copy of the shim uses: messages must be made of those. */
export type ShimProtos = Pick<typeof peer, 'ChaincodeMessage' | 'SignedProposal'>;

/** How the chaincode ended a transaction. */
export type Completion =
  { kind: 'completed'; response: peer.Response; event: Uint8Array } | { kind: 'failed'; message: string };

export interface Invocation {
  channelId: string;
  transactionId: string;
  signedProposal: Uint8Array;
  input: Uint8Array;
  simulator: Simulator;
  reader: StateReader;
  namespace: string;
}

interface Query {
  next: () => Uint8Array | undefined;
  pending: Uint8Array[];
  returned: number;
}

interface Running extends Invocation {
  finish: (completion: Completion) => void;
  queries: Map<string, Query>;
  nextQuery: number;
}

/**
 * A peer's side of the chaincode protocol: registers the chaincode, sends it transactions and answers its
 * requests from the transaction's simulator.
 */
export class ChaincodeSession {
  readonly stream: ShimStream;
  readonly #running = new Map<string, Running>();

  readonly #protos: ShimProtos;
  readonly #registered: () => void;

  constructor(protos: ShimProtos, registered: () => void) {
    this.#protos = protos;
    this.#registered = registered;

    this.stream = new ShimStream((message) => {
      // Answers are sent later than asked, as over a network: the shim is not written for re-entrance.
      queueMicrotask(() => {
        this.#receive(message);
      });
    });
  }

  /** Runs one transaction to its end. An abandoned one never resolves. */
  invoke(invocation: Invocation): Promise<Completion> {
    const { transactionId, channelId } = invocation;
    if (this.#running.has(transactionId)) {
      const message = `error sending: txid: ${transactionId}(${channelId}) exists`;
      return Promise.resolve({ kind: 'failed', message });
    }
    return new Promise((resolve) => {
      this.#running.set(invocation.transactionId, {
        ...invocation,
        finish: resolve,
        queries: new Map(),
        nextQuery: 0,
      });
      const message = this.#message(
        Type.TRANSACTION,
        invocation.input,
        invocation.channelId,
        invocation.transactionId,
      );
      message.setProposal(this.#protos.SignedProposal.deserializeBinary(invocation.signedProposal));
      this.stream.emit('data', message);
    });
  }

  /** Forgets a transaction that nobody waits for; further requests of it are answered with an error. */
  abandon(transactionId: string): void {
    this.#running.delete(transactionId);
  }

  #message(
    type: number,
    payload: Uint8Array,
    channelId: string,
    transactionId: string,
  ): peer.ChaincodeMessage {
    const message = new this.#protos.ChaincodeMessage();
    message.setType(type as peer.ChaincodeMessage.TypeMap[keyof peer.ChaincodeMessage.TypeMap]);
    message.setPayload(payload);
    message.setChannelId(channelId);
    message.setTxid(transactionId);
    return message;
  }

  #receive(message: peer.ChaincodeMessage): void {
    const type = message.getType();
    if (type === Type.REGISTER) {
      this.stream.emit('data', this.#message(Type.REGISTERED, new Uint8Array(), '', ''));
      this.stream.emit('data', this.#message(Type.READY, offers(), '', ''));
      this.#registered();
      return;
    }
    const running = this.#running.get(message.getTxid());
    if (type === Type.COMPLETED || type === Type.ERROR) {
      this.#complete(message, running);
    } else {
      this.#answer(message, running);
    }
  }

  #complete(message: peer.ChaincodeMessage, running: Running | undefined): void {
    if (!running) {
      return;
    }
    this.#running.delete(running.transactionId);
    const payload = message.getPayload_asU8();
    if (message.getType() === Type.ERROR) {
      running.finish({
        kind: 'failed',
        message: `transaction returned with failure: ${Buffer.from(payload).toString()}`,
      });
      return;
    }
    const event = message.getChaincodeEvent()?.serializeBinary() ?? new Uint8Array();
    running.finish({ kind: 'completed', response: peer.Response.deserializeBinary(payload), event });
  }

  #answer(message: peer.ChaincodeMessage, running: Running | undefined): void {
    const transactionId = message.getTxid();
    try {
      if (!running) {
        throw new SimulationError('no ledger context');
      }
      const payload = respond(running, message.getType(), message.getPayload_asU8());
      this.stream.emit('data', this.#message(Type.RESPONSE, payload, message.getChannelId(), transactionId));
    } catch (error) {
      const name = Object.entries(Type).find(([, value]) => value === message.getType())?.[0] ?? 'UNDEFINED';
      const reason = error instanceof Error ? error.message : 'unknown error';
      const text = Buffer.from(`${name} failed: transaction ID: ${transactionId}: ${reason}`);
      this.stream.emit('data', this.#message(Type.ERROR, text, message.getChannelId(), transactionId));
    }
  }
}

/** What a peer of Fabric 3.1 tells chaincode that it may use: many keys in one read. */
function offers(): Uint8Array {
  const parameters = new peer.ChaincodeAdditionalParams();
  parameters.setUseGetMultipleKeys(true);
  parameters.setMaxSizeGetMultipleKeys(MAX_MULTIPLE_KEYS);
  return parameters.serializeBinary();
}

const NOTHING = new Uint8Array();

type Handler = (running: Running, payload: Uint8Array) => Uint8Array;

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
  [Type.INVOKE_CHAINCODE]: ({ namespace }, payload) => {
    const name = peer.ChaincodeSpec.deserializeBinary(payload).getChaincodeId()?.getName() ?? '';
    throw new SimulationError(`could not find chaincode ${name}: this ledger runs ${namespace} only`);
  },
};

function respond(running: Running, type: number, payload: Uint8Array): Uint8Array {
  const handler = HANDLERS[type];
  if (!handler) {
    throw new SimulationError('this ledger does not support the request');
  }
  return handler(running, payload);
}

function getByRange(running: Running, payload: Uint8Array): Uint8Array {
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

function pageResponse(running: Running, scan: Scan): Uint8Array {
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

function newQueryId(running: Running): string {
  running.nextQuery += 1;
  return `${running.transactionId.slice(0, 8)}-${running.nextQuery}`;
}

function open(running: Running, next: () => Uint8Array | undefined): peer.QueryResponse {
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
function respondToQuery(running: Running, id: string, query: Query): peer.QueryResponse {
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
function getHistory(running: Running, payload: Uint8Array): Uint8Array {
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
