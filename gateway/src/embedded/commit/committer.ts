// SPDX-License-Identifier: Apache-2.0
import { peer } from '@hyperledger/fabric-protos';
import type { Collections } from '../policy/collections';
import {
  dataHash,
  encodeBlock,
  headerHash,
  signatureMetadata,
  type BlockHeader,
  type OrdererSigner,
} from '../protocol/block';
import { decodePrivateWrites, type NamespaceSet } from '../protocol/readWriteSet';
import { sha256 } from '../protocol/sha256';
import type { Version } from '../protocol/version';
import type { HashChange, LedgerStore, PrivateChange, PublicChange } from '../store/ledgerStore';
import { BlockUpdates } from '../validation/blockUpdates';
import { conflictOf } from '../validation/conflicts';
import type { CheckedTransaction } from '../validation/transactionValidator';
import { commitHash } from './commitHash';
import type { PrivateDataPool } from './privateDataPool';

const Code = peer.TxValidationCode;
const FOREIGN_ID: readonly number[] = [
  Code.BAD_PAYLOAD,
  Code.BAD_COMMON_HEADER,
  Code.BAD_CREATOR_SIGNATURE,
  Code.BAD_PROPOSAL_TXID,
];

export interface CommitterOptions {
  store: LedgerStore;
  signer: OrdererSigner;
  pool: PrivateDataPool;
  /** Organisations whose peers keep private data. */
  organisations: readonly string[];
  collections: () => Collections;
  check: (envelope: Uint8Array) => CheckedTransaction;
  /** Called after the block is durable. */
  committed: (block: CommittedBlock) => void;
}

export interface CommittedBlock {
  number: number;
  transactions: { id: string; code: number }[];
}

interface Judged extends CheckedTransaction {
  index: number;
}

/** Turns ordered envelopes into blocks: validates, updates state and stores both as one. */
export class Committer {
  #nextNumber: number;
  #previousHash: Uint8Array;
  #previousCommitHash: Uint8Array | undefined;
  #lastConfig: number;

  readonly #options: CommitterOptions;

  constructor(options: CommitterOptions) {
    this.#options = options;

    const { reader } = options.store;
    this.#nextNumber = reader.height();
    this.#previousHash = (this.#nextNumber > 0 && reader.blockHash(this.#nextNumber - 1)) || Buffer.alloc(0);
    this.#previousCommitHash = reader.meta('commitHash');
    this.#lastConfig = Number(reader.meta('lastConfig')?.toString() ?? '0');
  }

  /** Commits a block of client transactions. */
  commit(envelopes: readonly Uint8Array[], meta?: Record<string, Uint8Array>): void {
    const number = this.#nextNumber;
    const updates = new BlockUpdates();
    const judged = this.#judge(envelopes, number, updates);
    const codes = Uint8Array.from(judged, ({ code }) => code);
    this.#append(envelopes, judged, codes, updates, meta);
  }

  /** Commits a configuration block, which the ledger itself makes. */
  commitConfig(transaction: Uint8Array, transactionId: string, meta?: Record<string, Uint8Array>): void {
    this.#lastConfig = this.#nextNumber;
    const judged = [{ code: Code.VALID, transactionId, sets: [], index: 0 }];
    const lastConfig = { lastConfig: Buffer.from(String(this.#nextNumber)) };
    this.#append([transaction], judged, Uint8Array.of(Code.VALID), new BlockUpdates(), {
      ...meta,
      ...lastConfig,
    });
  }

  #judge(envelopes: readonly Uint8Array[], number: number, updates: BlockUpdates): Judged[] {
    const seen = new Set<string>();
    return envelopes.map((envelope, index) => {
      const checked = this.#options.check(envelope);
      let { code } = checked;
      if (code === Code.VALID && seen.has(checked.transactionId)) {
        code = Code.DUPLICATE_TXID;
      }
      if (code === Code.VALID) {
        seen.add(checked.transactionId);
        code = conflictOf(checked.sets, updates, this.#options.store.reader);
        if (code === Code.VALID) {
          updates.apply(checked.sets, { block: number, tx: index });
        }
      }
      return { ...checked, code, index };
    });
  }

  #append(
    envelopes: readonly Uint8Array[],
    judged: readonly Judged[],
    codes: Uint8Array,
    updates: BlockUpdates,
    meta: Record<string, Uint8Array> | undefined,
  ): void {
    const number = this.#nextNumber;
    const header: BlockHeader = { number, previousHash: this.#previousHash, dataHash: dataHash(envelopes) };
    const genesis = number === 0;
    const nextCommitHash = genesis ? undefined : commitHash(codes, updates, this.#previousCommitHash);
    const bytes = encodeBlock({
      header,
      data: envelopes,
      signatures: signatureMetadata(header, this.#lastConfig, genesis ? undefined : this.#options.signer),
      validationCodes: codes,
      commitHash: nextCommitHash,
    });
    const hash = headerHash(header);
    const valid = judged.filter(({ code }) => code === Code.VALID);
    const transactions = judged.map(({ transactionId, index, code }) => ({
      id: transactionId,
      tx: index,
      code,
    }));
    this.#options.store.append({
      number,
      hash,
      bytes,
      commitHash: nextCommitHash,
      transactions: transactions.filter(ownsItsId),
      publicChanges: publicChanges(updates),
      history: valid.flatMap(({ sets, index }) => historyOf(sets, { block: number, tx: index })),
      hashChanges: this.#hashChanges(updates, number),
      privateChanges: valid.flatMap((transaction) => this.#privateChanges(transaction, updates, number)),
      ...(meta === undefined ? {} : { meta }),
    });
    this.#nextNumber += 1;
    this.#previousHash = hash;
    this.#previousCommitHash = nextCommitHash ?? this.#previousCommitHash;
    const ids = transactions.map(({ id }) => id);
    this.#options.pool.forget(ids, this.#nextNumber);
    this.#options.committed({ number, transactions });
  }

  #hashChanges(updates: BlockUpdates, number: number): HashChange[] {
    const changes: HashChange[] = [];
    for (const [namespace, collections] of updates.hashes) {
      for (const [collection, writes] of collections) {
        const blockToLive = this.#options.collections().get(collection)?.blockToLive ?? 0;
        for (const { keyHash, valueHash, version } of writes.values()) {
          const expiresAt = blockToLive > 0 ? number + blockToLive + 1 : undefined;
          changes.push({ namespace, collection, keyHash, valueHash, version, expiresAt });
        }
      }
    }
    return changes;
  }

  /**
   * The transaction's private writes, for each member organisation's peer; overwritten ones of the block are
   * left out.
   */
  #privateChanges(transaction: Judged, updates: BlockUpdates, number: number): PrivateChange[] {
    const version: Version = { block: number, tx: transaction.index };
    const changes: PrivateChange[] = [];
    for (const { namespace, collections } of transaction.sets) {
      for (const { name, writes, privateHash } of collections) {
        const bytes = this.#options.pool.find(transaction.transactionId, namespace, name, privateHash);
        if (writes.length === 0 || bytes === undefined) {
          continue;
        }
        const members = this.#options.organisations.filter((mspId) =>
          this.#options.collections().isMember(name, mspId),
        );
        for (const write of decodePrivateWrites(bytes)) {
          const keyHash = sha256(write.key);
          const current = updates.hashes.get(namespace)?.get(name)?.get(keyHash.toString('hex'));
          if (current?.version.tx !== transaction.index) {
            continue;
          }
          const value = write.isDelete ? undefined : write.value;
          for (const organisation of members) {
            changes.push({
              organisation,
              namespace,
              collection: name,
              key: write.key,
              keyHash,
              value,
              version,
            });
          }
        }
      }
    }
    return changes;
  }
}

/**
 * Whether the id of a transaction is indexed. An id that the creator's nonce does not give may be somebody
 * else's: it must not be used up by a forged transaction.
 */
function ownsItsId({ id, code }: { id: string; code: number }): boolean {
  return id !== '' && !FOREIGN_ID.includes(code);
}

function publicChanges(updates: BlockUpdates): PublicChange[] {
  return [...updates.namespaces].flatMap(([namespace, writes]) =>
    [...writes].map(([key, { value, version }]) => ({ namespace, key, value, version })),
  );
}

function historyOf(
  sets: readonly NamespaceSet[],
  version: Version,
): { namespace: string; key: string; version: Version }[] {
  return sets.flatMap(({ namespace, writes }) => writes.map(({ key }) => ({ namespace, key, version })));
}
