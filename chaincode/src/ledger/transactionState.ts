// SPDX-License-Identifier: Apache-2.0
import type { ChaincodeStub } from 'fabric-shim-api';
import { canonicalBytes, DomainError } from '../domain';
import { readMany } from '../shim/manyReads';

/** The public state, where a collection's name is asked for. */
const PUBLIC = '';

/**
 * One transaction's view of the ledger: every key is fetched from the peer at most once, because each read is
 * a round trip, and values are stored as canonical JSON. As in Fabric, a read never sees what the same
 * transaction wrote.
 */
export class TransactionState {
  readonly #stub: ChaincodeStub;
  readonly #read = new Map<string, Promise<string | undefined>>();

  constructor(stub: ChaincodeStub) {
    this.#stub = stub;
  }

  /** Composite keys live apart from simple keys; attributes may not be empty. */
  key(type: string, ...attributes: readonly string[]): string {
    return this.#stub.createCompositeKey(type, [...attributes]);
  }

  /**
   * Fetches what is not known yet of `keys` in one round trip, where the peer offers that; else each key is
   * fetched when it is asked for. A single key is left to that too.
   */
  async prefetch(keys: readonly string[], collection: string): Promise<void> {
    const missing = keys.filter((key) => !this.#read.has(placeOf(key, collection)));
    if (missing.length < 2) {
      return;
    }
    const values = await readMany(this.#stub, collection, missing);
    values?.forEach((bytes, i) => {
      this.#read.set(placeOf(missing[i] ?? '', collection), Promise.resolve(textOf(bytes)));
    });
  }

  /**
   * The value under `key` through `parse`, or undefined when there is none; `CORRUPT` when it does not have
   * its form.
   */
  async find<T>(
    key: string,
    parse: (value: unknown) => T,
    collection: string = PUBLIC,
  ): Promise<T | undefined> {
    const text = await this.#text(key, collection);
    return text === undefined ? undefined : parseStored(text, parse);
  }

  async has(key: string, collection: string = PUBLIC): Promise<boolean> {
    return (await this.#text(key, collection)) !== undefined;
  }

  /** All values whose key starts with `type` and `attributes`, in key order. */
  async list<T>(
    type: string,
    attributes: readonly string[],
    parse: (value: unknown) => T,
    collection: string = PUBLIC,
  ): Promise<T[]> {
    const entries =
      collection === PUBLIC
        ? this.#stub.getStateByPartialCompositeKey(type, [...attributes])
        : this.#stub.getPrivateDataByPartialCompositeKey(collection, type, [...attributes]);
    const values: T[] = [];
    for await (const { value } of entries) {
      values.push(parseStored(decode(value), parse));
    }
    return values;
  }

  async put(key: string, value: unknown, collection: string = PUBLIC): Promise<void> {
    await this.putBytes(key, canonicalBytes(value), collection);
  }

  /** For values that are canonical bytes already. */
  async putBytes(key: string, bytes: Uint8Array, collection: string = PUBLIC): Promise<void> {
    if (collection === PUBLIC) {
      await this.#stub.putState(key, bytes);
    } else {
      await this.#stub.putPrivateData(collection, key, bytes);
    }
  }

  async remove(key: string): Promise<void> {
    await this.#stub.deleteState(key);
  }

  #text(key: string, collection: string): Promise<string | undefined> {
    const place = placeOf(key, collection);
    const known = this.#read.get(place);
    if (known !== undefined) {
      return known;
    }
    const fetched = this.#fetch(key, collection);
    this.#read.set(place, fetched);
    return fetched;
  }

  async #fetch(key: string, collection: string): Promise<string | undefined> {
    const bytes =
      collection === PUBLIC
        ? await this.#stub.getState(key)
        : await this.#stub.getPrivateData(collection, key);
    return textOf(bytes);
  }
}

function placeOf(key: string, collection: string): string {
  return `${collection}\n${key}`;
}

/** An absent key reads as empty bytes. */
function textOf(bytes: Uint8Array): string | undefined {
  return bytes.length === 0 ? undefined : decode(bytes);
}

function decode(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
}

function parseStored<T>(text: string, parse: (value: unknown) => T): T {
  try {
    return parse(JSON.parse(text) as unknown);
  } catch (error) {
    // The parsers blame the caller's input; here it is the ledger's own value that is wrong.
    throw new DomainError(
      'CORRUPT',
      error instanceof DomainError ? error.detail : 'a stored value is not JSON',
    );
  }
}
