// SPDX-License-Identifier: Apache-2.0
import { admits, type Collection, type Collections } from '../policy/collections';
import type { Principal } from '../identity/membership';
import { definitionKeys, sequenceKey, LIFECYCLE } from '../protocol/lifecycle';
import { sha256 } from '../protocol/sha256';
import { printVersion, sameVersion } from '../protocol/version';
import type { StateReader, StoredEntry } from '../store/stateReader';
import { kvRead, ReadWriteSetBuilder, type RangeRecord } from './readWriteSetBuilder';

/** A request of the chaincode that a peer refuses; the message is a peer's. */
export class SimulationError extends Error {}

/** What the transaction touched, as the gateway needs it to choose endorsers. */
export interface Interest {
  publicWrites: boolean;
  collections: { name: string; reads: boolean; writes: boolean }[];
}

export interface SimulationContext {
  reader: StateReader;
  channel: string;
  namespace: string;
  /** Organisation whose peer simulates. */
  mspId: string;
  transactionId: string;
  creator: Principal;
  collections: Collections;
}

/** One entry of a scan; a page ends with `undefined`. */
export interface Scan {
  next(): StoredEntry | undefined;
  /** First key after the entries read so far; empty at the end. Only meaningful for a page. */
  bookmark(): string;
}

const FETCH = 101;

/**
 * Runs one transaction against a snapshot with Fabric's rules: reads see committed values only, never the
 * transaction's own writes; everything read and written is recorded for endorsement and validation.
 */
export class Simulator {
  readonly #rwset = new ReadWriteSetBuilder();
  readonly #touched = new Map<string, { reads: boolean; writes: boolean }>();
  #publicWrites = false;
  #wrote = false;
  #paginated = false;
  #privateQueried = false;
  #hasReadDefinition = false;

  readonly #context: SimulationContext;

  constructor(context: SimulationContext) {
    this.#context = context;

    const { reader, namespace } = context;
    // A peer looks the definition up inside the transaction: an upgrade invalidates whatever is in flight.
    const key = sequenceKey(namespace);
    this.#rwset.read(LIFECYCLE, key, reader.publicVersion(LIFECYCLE, key));
  }

  get(key: string): Uint8Array {
    const found = this.#context.reader.publicValue(this.#context.namespace, key);
    this.#rwset.read(this.#context.namespace, key, found?.version);
    return found?.value ?? new Uint8Array();
  }

  put(key: string, value: Uint8Array): void {
    this.#beforeWrite();
    this.#publicWrites = true;
    this.#rwset.write(this.#context.namespace, key, value);
  }

  getPrivate(collectionName: string, key: string): Uint8Array {
    const collection = this.#readable(collectionName);
    const { reader, mspId, namespace } = this.#context;
    const keyHash = sha256(key);
    const stored = reader.privateValueAndHash(mspId, namespace, collection.name, key, keyHash);
    const { value: found, hashVersion: publicVersion } = stored;
    if (!sameVersion(found?.version, publicVersion)) {
      throw new SimulationError(
        `private data matching public hash version is not available. Public hash version = ${printVersion(publicVersion)}, Private data version = ${printVersion(found?.version)}`,
      );
    }
    this.#rwset.hashedRead(namespace, collection.name, key, keyHash, found?.version);
    this.#touch(collection.name).reads = true;
    return found?.value ?? new Uint8Array();
  }

  /**
   * One of the keys of a read of many. A peer does not compare the value's version with the public hash's
   * here: a value that has not arrived reads as absent, and the transaction is found invalid when what it
   * read is compared at commit.
   */
  getPrivateOfMany(collectionName: string, key: string): Uint8Array {
    const collection = this.#readable(collectionName);
    const { reader, mspId, namespace } = this.#context;
    const keyHash = sha256(key);
    const { value: found } = reader.privateValueAndHash(mspId, namespace, collection.name, key, keyHash);
    this.#rwset.hashedRead(namespace, collection.name, key, keyHash, found?.version);
    this.#touch(collection.name).reads = true;
    return found?.value ?? new Uint8Array();
  }

  getPrivateHash(collectionName: string, key: string): Uint8Array {
    this.#readDefinition();
    const { reader, namespace, collections } = this.#context;
    const collection = collections.get(collectionName);
    if (!collection) {
      // A hash is for everybody: without a check of the caller the peer misses the collection elsewhere, and
      // says it otherwise.
      const reason = `collection [${collectionName}] not defined in the collection config for chaincode [${namespace}]`;
      throw new SimulationError(reason);
    }
    const keyHash = sha256(key);
    const found = reader.hashedValue(namespace, collection.name, keyHash);
    this.#rwset.hashedRead(namespace, collection.name, key, keyHash, found?.version);
    return found?.value ?? new Uint8Array();
  }

  putPrivate(collectionName: string, key: string, value: Uint8Array): void {
    const collection = this.#writable(collectionName);
    this.#beforeWrite();
    this.#rwset.privateWrite(this.#context.namespace, collection.name, key, value);
    this.#touch(collection.name).writes = true;
  }

  purgePrivate(collectionName: string, key: string): void {
    const collection = this.#writable(collectionName);
    this.#beforeWrite();
    this.#rwset.purge(this.#context.namespace, collection.name, key);
    this.#touch(collection.name).writes = true;
  }

  /** Scans public keys and records what was seen, so that a phantom invalidates the transaction. */
  scan(startKey: string, endKey: string): Scan {
    const { reader, namespace } = this.#context;
    const record: RangeRecord = { startKey, endKey, exhausted: false, reads: [] };
    this.#rwset.range(namespace, record);
    const pages = paged((start) => reader.publicRange(namespace, start, endKey, FETCH), startKey);
    return {
      next: () => {
        const entry = pages();
        if (!entry) {
          record.exhausted = true;
          record.endKey = endKey;
          return undefined;
        }
        record.reads.push(kvRead(entry.key, entry.version));
        record.endKey = entry.key;
        return entry;
      },
      bookmark: () => '',
    };
  }

  /**
   * One page of public keys, or all from the bookmark on when the size is 0: only in a transaction that
   * writes nothing.
   */
  scanPage(startKey: string, endKey: string, pageSize: number, bookmark: string): Scan {
    if (this.#wrote) {
      throw this.#unsupported('Paginated queries are supported only in a read-only transaction');
    }
    this.#paginated = true;
    const scan = this.scan(bookmark === '' ? startKey : bookmark, endKey);
    const { reader, namespace } = this.#context;
    let last: string | undefined;
    let count = 0;
    let ended = false;
    return {
      next: () => {
        if (pageSize > 0 && count >= pageSize) {
          return undefined;
        }
        const entry = scan.next();
        if (entry) {
          last = entry.key;
          count += 1;
        } else {
          ended = true;
        }
        return entry;
      },
      bookmark: () => {
        if (ended || last === undefined) {
          return '';
        }
        return reader.publicRange(namespace, last, endKey, 2)[1]?.key ?? '';
      },
    };
  }

  /** Scans the private values that this peer holds: only in a transaction that writes nothing. */
  scanPrivate(collectionName: string, startKey: string, endKey: string): Scan {
    const collection = this.#readable(collectionName);
    if (this.#wrote) {
      throw this.#unsupported('Queries on pvt data is supported only in a read-only transaction');
    }
    this.#privateQueried = true;
    this.#touch(collection.name).reads = true;
    const { reader, namespace, mspId } = this.#context;
    const scope = { organisation: mspId, namespace, collection: collection.name };
    return {
      next: paged((start) => reader.privateRange(scope, start, endKey, FETCH), startKey),
      bookmark: () => '',
    };
  }

  finish(): { results: Uint8Array; privateResults: Uint8Array | undefined; interest: Interest } {
    const collections = [...this.#touched].map(([name, use]) => ({ name, ...use }));
    return { ...this.#rwset.encode(), interest: { publicWrites: this.#publicWrites, collections } };
  }

  #beforeWrite(): void {
    if (this.#privateQueried) {
      throw this.#unsupported(
        'Transaction has already performed queries on pvt data. Writes are not allowed',
      );
    }
    if (this.#paginated) {
      throw this.#unsupported('Transaction has already performed a paginated query. Writes are not allowed');
    }
    this.#wrote = true;
  }

  #unsupported(text: string): SimulationError {
    // The misspelling is the peer's own.
    return new SimulationError(`txid [${this.#context.transactionId}]: unsuppored transaction. ${text}`);
  }

  #touch(collection: string): { reads: boolean; writes: boolean } {
    let use = this.#touched.get(collection);
    if (!use) {
      use = { reads: false, writes: false };
      this.#touched.set(collection, use);
    }
    return use;
  }

  /** A peer looks the collections up inside the transaction, and reads the whole definition for it. */
  #readDefinition(): void {
    if (this.#hasReadDefinition) {
      return;
    }
    this.#hasReadDefinition = true;
    const { reader, namespace } = this.#context;
    for (const key of definitionKeys(namespace)) {
      this.#rwset.read(LIFECYCLE, key, reader.publicVersion(LIFECYCLE, key));
    }
  }

  #collection(name: string): Collection {
    this.#readDefinition();
    const collection = this.#context.collections.get(name);
    if (collection) {
      return collection;
    }
    const { channel, namespace } = this.#context;
    throw new SimulationError(`collection ${channel}/${namespace}/${name} could not be found`);
  }

  #readable(name: string): Collection {
    const collection = this.#collection(name);
    if (!collection.memberOnlyRead || admits(collection, this.#context.creator)) {
      return collection;
    }
    throw this.#forbidden('read', name);
  }

  #writable(name: string): Collection {
    const collection = this.#collection(name);
    if (!collection.memberOnlyWrite || admits(collection, this.#context.creator)) {
      return collection;
    }
    throw this.#forbidden('write', name);
  }

  #forbidden(access: 'read' | 'write', name: string): SimulationError {
    return new SimulationError(
      `tx creator does not have ${access} access permission on privatedata in chaincodeName:${this.#context.namespace} collectionName: ${name}`,
    );
  }
}

/**
 * Iterates over a sorted store page by page; each page after the first starts with the last key of the one
 * before.
 */
function paged(fetch: (start: string) => StoredEntry[], startKey: string): () => StoredEntry | undefined {
  let page = fetch(startKey);
  let at = 0;
  return () => {
    const entry = page[at];
    if (entry) {
      at += 1;
      return entry;
    }
    const last = page.at(-1);
    if (page.length < FETCH || !last) {
      return undefined;
    }
    page = fetch(last.key);
    at = 2;
    return page[1];
  };
}
