// SPDX-License-Identifier: Apache-2.0
import { EventEmitter } from 'node:events';
import path from 'node:path';
import { type common, type msp, peer as newer, type peer } from '@hyperledger/fabric-protos';
import { Timestamp } from 'google-protobuf/google/protobuf/timestamp_pb';
import type { Identity } from './identities';

interface Protos {
  readonly common: typeof common;
  readonly msp: typeof msp;
  readonly peer: typeof peer;
}
interface Handler {
  chat(register: unknown): void;
}
/** The built chaincode as fabric-shim holds it. */
export interface LoadedChaincode {
  readonly metadata: { readonly contracts: Readonly<Record<string, ContractMetadata>> };
  readonly contractImplementations: Readonly<Record<string, { contractInstance: { clock?: () => number } }>>;
}
export interface ContractMetadata {
  readonly transactions: readonly TransactionMetadata[];
}
export interface TransactionMetadata {
  readonly name: string;
  readonly tag?: readonly string[];
  readonly parameters?: readonly { name: string; schema: { type: string } }[];
}

const SHIM = path.dirname(require.resolve('fabric-shim/package.json'));
/* eslint-disable @typescript-eslint/no-require-imports -- the shim's inner modules and its own copy of the protobuf classes */
const { ChaincodeMessageHandler } = require('fabric-shim/lib/handler') as {
  ChaincodeMessageHandler: new (stream: unknown, chaincode: unknown) => Handler;
};
const ChaincodeFromContract = require('fabric-shim/lib/contract-spi/chaincodefromcontract') as new (
  contracts: unknown[],
  serializers: unknown,
  metadata: unknown,
  title: string,
  version: string,
) => LoadedChaincode;
const { JSONSerializer } = require('fabric-contract-api') as { JSONSerializer: unknown };
const protos = require(require.resolve('@hyperledger/fabric-protos', { paths: [SHIM] })) as Protos;
const { contracts } = require('../../../chaincode') as { contracts: unknown[] };
/* eslint-enable @typescript-eslint/no-require-imports */
const Message = protos.peer.ChaincodeMessage;
const Type = Message.Type;

/** Loads the built chaincode the way fabric-shim's own start does. */
export function loadChaincode(): LoadedChaincode {
  const serializers = { transaction: 'json', serializers: { json: JSONSerializer } };
  return new ChaincodeFromContract([...contracts], serializers, {}, 'provenance', '0.1.0');
}

/** One read or write; `collection` is empty for public state. */
export interface KeyRead {
  readonly collection: string;
  readonly key: string;
}
export interface KeyWrite extends KeyRead {
  /** Undefined deletes. */
  readonly value: Buffer | undefined;
}

export interface Invocation {
  readonly as: Identity;
  readonly args: readonly string[];
  readonly transient?: Readonly<Record<string, string | Uint8Array>>;
  /** Transaction time in milliseconds; default: the peer's {@link FakePeer.now}. */
  readonly atMs?: number;
}

export interface Result {
  readonly status: number;
  readonly message: string;
  readonly payload: string;
  readonly reads: readonly KeyRead[];
  readonly ranges: readonly { collection: string; from: string; to: string }[];
  readonly writes: readonly KeyWrite[];
  readonly event: { readonly name: string; readonly payload: string } | undefined;
}

interface Simulation {
  readonly reads: KeyRead[];
  readonly ranges: { collection: string; from: string; to: string }[];
  readonly writes: KeyWrite[];
  readonly done: (message: peer.ChaincodeMessage) => void;
}

const CHANNEL = 'channel';
/** `ChaincodeMessage.Type.GET_STATE_MULTIPLE` of Fabric 3.1; the shim's own copy of the classes is older. */
const GET_STATE_MULTIPLE = 25;
/** As many results as a peer puts into one answer. */
const RESULTS_PER_ANSWER = 100;

/**
 * A fake of a peer, at the wire: it speaks the chaincode protocol to the real fabric-shim handler, which runs
 * the built chaincode. As at a real peer, reads see the committed state only, never the transaction's own
 * writes; ranges are in byte order; private data live apart per collection; nothing is written unless {@link
 * commit} is called. It has no signatures, policies, versions or blocks.
 */
export class FakePeer {
  readonly chaincode: LoadedChaincode;
  /** The peer's and the host's clock in milliseconds. */
  now = Date.UTC(2026, 10, 23, 9, 30);
  readonly #stream = new EventEmitter();
  readonly #spaces = new Map<string, Map<string, Buffer>>();
  readonly #running = new Map<string, Simulation>();
  readonly #cursors = new Map<string, { space: string; rest: [string, Buffer][] }>();
  /** Whether reads of many keys are answered without a value. */
  answersNothing = false;
  /** Messages received, by type. */
  readonly messages = new Map<number, number>();
  readonly #manyKeys: number;
  #transactions = 0;

  /**
   * @param manyKeys how many keys it offers to read in one message, as a peer of Fabric 3.1 does; 0: it is an
   *   older one.
   */
  constructor(chaincode = loadChaincode(), { manyKeys = 0 } = {}) {
    this.chaincode = chaincode;
    this.#manyKeys = manyKeys;
    for (const { contractInstance } of Object.values(chaincode.contractImplementations)) {
      if (contractInstance.clock !== undefined) {
        contractInstance.clock = () => this.now;
      }
    }
    const write = (message: peer.ChaincodeMessage): void => {
      this.#receive(message);
    };
    Object.assign(this.#stream, { write, end: () => undefined });
    new ChaincodeMessageHandler(this.#stream, chaincode).chat(messageOf(Type.REGISTER));
  }

  /** Simulates a transaction on the committed state. */
  async evaluate(invocation: Invocation): Promise<Result> {
    const txId = `tx${this.#transactions++}`;
    return new Promise((resolve) => {
      const simulation: Simulation = {
        reads: [],
        ranges: [],
        writes: [],
        done: (message) => {
          this.#running.delete(txId);
          resolve(resultOf(message, simulation));
        },
      };
      this.#running.set(txId, simulation);
      const message = messageOf(Type.TRANSACTION, txId);
      const input = new protos.peer.ChaincodeInput();
      input.setArgsList(invocation.args.map((arg) => Buffer.from(arg)));
      message.setPayload(input.serializeBinary());
      message.setProposal(proposalOf(invocation, txId, invocation.atMs ?? this.now));
      this.#stream.emit('data', message);
    });
  }

  /** {@link evaluate}, then commits what it wrote; throws when the chaincode refused. */
  async submit(invocation: Invocation): Promise<Result> {
    const result = await this.evaluate(invocation);
    if (result.status !== 200) {
      throw new Error(result.message);
    }
    this.commit(result);
    return result;
  }

  commit({ writes }: Pick<Result, 'writes'>): void {
    for (const { collection, key, value } of writes) {
      if (value === undefined) {
        this.#space(collection).delete(key);
      } else {
        this.#space(collection).set(key, value);
      }
    }
  }

  /** A committed value as text. */
  read(key: string, collection = ''): string | undefined {
    return this.#space(collection).get(key)?.toString('utf8');
  }

  /** Everything that is committed in one space, in key order. */
  entries(collection = ''): [string, Buffer][] {
    return [...this.#space(collection)].sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  }

  collections(): string[] {
    return [...this.#spaces.keys()].filter((name) => name !== '');
  }

  #space(collection: string): Map<string, Buffer> {
    const space = this.#spaces.get(collection) ?? new Map<string, Buffer>();
    this.#spaces.set(collection, space);
    return space;
  }

  #receive(message: peer.ChaincodeMessage): void {
    if (message.getType() === Type.REGISTER) {
      this.#stream.emit('data', messageOf(Type.REGISTERED));
      const ready = messageOf(Type.READY);
      ready.setPayload(offersOf(this.#manyKeys));
      this.#stream.emit('data', ready);
      return;
    }
    // Answers arrive later, as over a network.
    queueMicrotask(() => {
      this.#answer(message);
    });
  }

  #answer(message: peer.ChaincodeMessage): void {
    const type = message.getType();
    const txId = message.getTxid();
    const simulation = this.#running.get(txId);
    if (simulation === undefined) {
      throw new Error(`a message of type ${type} outside any transaction`);
    }
    if (type === Type.COMPLETED || type === Type.ERROR) {
      simulation.done(message);
      return;
    }
    this.messages.set(type, (this.messages.get(type) ?? 0) + 1);
    const response = messageOf(Type.RESPONSE, txId);
    response.setPayload(this.#perform(type, message.getPayload_asU8(), simulation));
    this.#stream.emit('data', response);
  }

  #perform(type: number, payload: Uint8Array, simulation: Simulation): Uint8Array {
    switch (type) {
      case Type.GET_STATE:
        return this.#get(payload, simulation);
      case Type.PUT_STATE: {
        const put = protos.peer.PutState.deserializeBinary(payload);
        const value = Buffer.from(put.getValue_asU8());
        simulation.writes.push({ collection: put.getCollection(), key: put.getKey(), value });
        return new Uint8Array();
      }
      case Type.DEL_STATE: {
        const del = protos.peer.DelState.deserializeBinary(payload);
        simulation.writes.push({ collection: del.getCollection(), key: del.getKey(), value: undefined });
        return new Uint8Array();
      }
      case GET_STATE_MULTIPLE:
        if (this.#manyKeys === 0) {
          throw new Error('an older peer ends the connection at this message');
        }
        return this.#getMany(payload, simulation);
      case Type.GET_STATE_BY_RANGE:
        return this.#range(payload, simulation);
      case Type.QUERY_STATE_NEXT:
        return this.#page(protos.peer.QueryStateNext.deserializeBinary(payload).getId());
      case Type.QUERY_STATE_CLOSE:
        return new protos.peer.QueryResponse().serializeBinary();
      default:
        throw new Error(`the fake peer does not know messages of type ${type}`);
    }
  }

  #get(payload: Uint8Array, simulation: Simulation): Uint8Array {
    const get = protos.peer.GetState.deserializeBinary(payload);
    simulation.reads.push({ collection: get.getCollection(), key: get.getKey() });
    return this.#space(get.getCollection()).get(get.getKey()) ?? new Uint8Array();
  }

  #getMany(payload: Uint8Array, simulation: Simulation): Uint8Array {
    const request = newer.GetStateMultiple.deserializeBinary(payload);
    const collection = request.getCollection();
    const keys = request.getKeysList();
    if (keys.length > this.#manyKeys) {
      throw new Error('more keys than were offered');
    }
    const result = new newer.GetStateMultipleResult();
    // As a real peer that met an error: no values at all.
    if (this.answersNothing) {
      return result.serializeBinary();
    }
    for (const key of keys) {
      simulation.reads.push({ collection, key });
      result.addValues(this.#space(collection).get(key) ?? new Uint8Array());
    }
    return result.serializeBinary();
  }

  #range(payload: Uint8Array, simulation: Simulation): Uint8Array {
    const query = protos.peer.GetStateByRange.deserializeBinary(payload);
    const [collection, from, to] = [query.getCollection(), query.getStartkey(), query.getEndkey()];
    simulation.ranges.push({ collection, from, to });
    const isWithin = (key: string): boolean =>
      Buffer.compare(Buffer.from(key), Buffer.from(from)) >= 0 &&
      Buffer.compare(Buffer.from(key), Buffer.from(to)) < 0;
    const id = `cursor${this.#cursors.size}`;
    this.#cursors.set(id, {
      space: collection,
      rest: this.entries(collection).filter(([key]) => isWithin(key)),
    });
    return this.#page(id);
  }

  #page(id: string): Uint8Array {
    const cursor = this.#cursors.get(id);
    if (cursor === undefined) {
      throw new Error(`no such cursor: ${id}`);
    }
    const response = new protos.peer.QueryResponse();
    response.setId(id);
    for (const [key, value] of cursor.rest.splice(0, RESULTS_PER_ANSWER)) {
      response.addResults(queryResult(cursor.space, key, value));
    }
    response.setHasMore(cursor.rest.length > 0);
    return response.serializeBinary();
  }
}

function queryResult(namespace: string, key: string, value: Buffer): peer.QueryResultBytes {
  // ledger/queryresult.KV {namespace = 1, key = 2, value = 3}: the message class is not exported by the
  // package.
  const field = (tag: number, bytes: Buffer): Buffer =>
    Buffer.concat([Buffer.from([(tag << 3) | 2]), varint(bytes.length), bytes]);
  const result = new protos.peer.QueryResultBytes();
  result.setResultbytes(
    Buffer.concat([field(1, Buffer.from(namespace)), field(2, Buffer.from(key)), field(3, value)]),
  );
  return result;
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  for (let rest = value; ; rest >>>= 7) {
    if (rest < 0x80) {
      return Buffer.from([...bytes, rest]);
    }
    bytes.push((rest & 0x7f) | 0x80);
  }
}

function offersOf(manyKeys: number): Uint8Array {
  if (manyKeys === 0) {
    return new Uint8Array();
  }
  const offers = new newer.ChaincodeAdditionalParams();
  offers.setUseGetMultipleKeys(true);
  offers.setMaxSizeGetMultipleKeys(manyKeys);
  return offers.serializeBinary();
}

function messageOf(type: number, txId = ''): peer.ChaincodeMessage {
  const message = new Message();
  message.setType(type as Parameters<peer.ChaincodeMessage['setType']>[0]);
  message.setTxid(txId);
  message.setChannelId(CHANNEL);
  return message;
}

function proposalOf({ as, transient = {} }: Invocation, txId: string, atMs: number): peer.SignedProposal {
  const creator = new protos.msp.SerializedIdentity();
  creator.setMspid(as.mspId);
  creator.setIdBytes(Buffer.from(as.certificatePem));
  const signatureHeader = new protos.common.SignatureHeader();
  signatureHeader.setCreator(creator.serializeBinary());
  signatureHeader.setNonce(Buffer.alloc(24));
  const timestamp = new Timestamp();
  timestamp.setSeconds(Math.floor(atMs / 1000));
  timestamp.setNanos((((atMs % 1000) + 1000) % 1000) * 1_000_000);
  const channelHeader = new protos.common.ChannelHeader();
  channelHeader.setType(3);
  channelHeader.setTxId(txId);
  channelHeader.setChannelId(CHANNEL);
  channelHeader.setTimestamp(timestamp);
  const header = new protos.common.Header();
  header.setChannelHeader(channelHeader.serializeBinary());
  header.setSignatureHeader(signatureHeader.serializeBinary());
  const payload = new protos.peer.ChaincodeProposalPayload();
  payload.setInput(Buffer.from('input'));
  for (const [name, value] of Object.entries(transient)) {
    payload.getTransientmapMap().set(name, typeof value === 'string' ? Buffer.from(value) : value);
  }
  const proposal = new protos.peer.Proposal();
  proposal.setHeader(header.serializeBinary());
  proposal.setPayload(payload.serializeBinary());
  const signed = new protos.peer.SignedProposal();
  signed.setProposalBytes(proposal.serializeBinary());
  return signed;
}

function resultOf(message: peer.ChaincodeMessage, { reads, ranges, writes }: Simulation): Result {
  if (message.getType() === Type.ERROR) {
    throw new Error(`the shim broke: ${Buffer.from(message.getPayload_asU8()).toString()}`);
  }
  const response = protos.peer.Response.deserializeBinary(message.getPayload_asU8());
  const event = message.getChaincodeEvent();
  return {
    status: response.getStatus(),
    message: response.getMessage(),
    payload: Buffer.from(response.getPayload_asU8()).toString('utf8'),
    reads,
    ranges,
    writes,
    event: event && {
      name: event.getEventName(),
      payload: Buffer.from(event.getPayload_asU8()).toString('utf8'),
    },
  };
}
