// SPDX-License-Identifier: Apache-2.0
import { common, peer } from '@hyperledger/fabric-protos';
import { commitHash } from '../commit/commitHash';
import { hasSigned, Membership } from '../identity/membership';
import { BlockUpdates } from '../validation/blockUpdates';
import { dataHash, headerBytes, headerHash, headerOf, METADATA, validationCodes } from './block';
import { membersOf } from './channelConfig';
import { openEndorserTransaction, openEnvelope, type EndorserTransaction } from './preparedTransaction';
import { transactionIdOf } from './proposal';
import { decodeReadWriteSet } from './readWriteSet';
import { sha256 } from './sha256';

const Code = peer.TxValidationCode;

/** A block that does not follow from the ones before it; the message names the block and what is wrong. */
export class BlockVerificationError extends Error {}

export interface ReadTransaction {
  id: string;
  /** `common.HeaderType`. */
  type: number;
  /** `peer.TxValidationCode`. */
  code: number;
  /** Organisations whose peers endorsed. */
  endorsers: string[];
}

export interface ReadBlock {
  number: number;
  hash: Buffer;
  transactions: ReadTransaction[];
}

/**
 * Reads a chain from block 0 on and verifies each block with nothing but the chain itself: the configuration
 * names the authorities; hashes, signatures and the commit hash must fit.
 */
export class BlockReader {
  #next = 0;
  #previousHash: Uint8Array = new Uint8Array();
  #previousCommitHash: Uint8Array | undefined;
  #membership = new Membership([]);
  #orderers = new Set<string>();

  /** Throws BlockVerificationError; the reader then stays where it was. */
  read(bytes: Uint8Array): ReadBlock {
    const block = common.Block.deserializeBinary(bytes);
    const header = headerOf(block);
    const data = block.getData()?.getDataList_asU8() ?? [];
    const codes = validationCodes(block);
    const fail = (reason: string): never => {
      throw new BlockVerificationError(`Block ${this.#next}: ${reason}.`);
    };
    if (header.number !== this.#next) {
      fail(`has number ${header.number}`);
    }
    if (Buffer.compare(header.previousHash, this.#previousHash) !== 0) {
      fail('does not follow the block before it');
    }
    if (!dataHash(data).equals(header.dataHash)) {
      fail('data hash does not fit the transactions');
    }
    if (codes.length !== data.length) {
      fail(`has ${codes.length} validation codes for ${data.length} transactions`);
    }
    if (header.number === 0) {
      this.#configure(data[0] ?? new Uint8Array(), fail);
    } else {
      this.#verifyOrderer(block, headerBytes(header), fail);
    }
    const updates = new BlockUpdates();
    const transactions = data.map((envelope, tx) =>
      this.#transaction(envelope, { code: codes[tx] ?? 255, tx }, updates, fail),
    );
    const committed = header.number === 0 ? undefined : this.#verifyCommitHash(block, codes, updates, fail);
    this.#next += 1;
    this.#previousHash = headerHash(header);
    this.#previousCommitHash = committed ?? this.#previousCommitHash;
    return { number: header.number, hash: Buffer.from(this.#previousHash), transactions };
  }

  #configure(envelope: Uint8Array, fail: (reason: string) => never): void {
    const parts = openEnvelope(envelope);
    if (parts?.channelHeader.getType() !== common.HeaderType.CONFIG) {
      return fail('is no configuration');
    }
    const members = membersOf(parts.payload.getData_asU8());
    const authorities = members.flatMap(({ mspId, rootsPem }) =>
      rootsPem.map((pem): [string, string] => [mspId, pem]),
    );
    if (authorities.length === 0) {
      return fail('configuration names no organisation');
    }
    this.#membership = new Membership(authorities);
    this.#orderers = new Set(members.filter(({ orderer }) => orderer).map(({ mspId }) => mspId));
  }

  #verifyOrderer(block: common.Block, header: Buffer, fail: (reason: string) => never): void {
    const list = block.getMetadata()?.getMetadataList_asU8() ?? [];
    const metadata = common.Metadata.deserializeBinary(list[METADATA.SIGNATURES] ?? new Uint8Array());
    const signed = metadata.getSignaturesList().some((signature) => {
      const signatureHeader = signature.getSignatureHeader_asU8();
      const creator = common.SignatureHeader.deserializeBinary(signatureHeader).getCreator_asU8();
      const identity = this.#membership.identify(creator);
      if (!identity || identity.role !== 'orderer' || !this.#orderers.has(identity.mspId)) {
        return false;
      }
      const content = Buffer.concat([metadata.getValue_asU8(), signatureHeader, header]);
      return hasSigned(identity, content, signature.getSignature_asU8());
    });
    if (!signed) {
      fail('no orderer of the channel has signed it');
    }
  }

  #transaction(
    envelope: Uint8Array,
    place: { code: number; tx: number },
    updates: BlockUpdates,
    fail: (reason: string) => never,
  ): ReadTransaction {
    const { code, tx } = place;
    const parts = openEnvelope(envelope);
    if (!parts) {
      return code === Code.VALID
        ? fail(`transaction ${tx} is malformed`)
        : { id: '', type: -1, code, endorsers: [] };
    }
    const read = {
      id: parts.channelHeader.getTxId(),
      type: parts.channelHeader.getType(),
      code,
      endorsers: [] as string[],
    };
    const transaction = openEndorserTransaction(parts);
    if (read.type === common.HeaderType.CONFIG && this.#next > 0) {
      this.#configure(envelope, fail);
    }
    if (read.type !== common.HeaderType.ENDORSER_TRANSACTION || !transaction) {
      return read;
    }
    const found = this.#endorsers(transaction);
    if (code === Code.VALID) {
      if (found.includes(undefined)) {
        fail(`transaction ${tx} has an endorsement that does not fit`);
      }
      this.#verifyBinding(transaction, tx, fail);
      const version = { block: this.#next, tx };
      updates.apply(decodeReadWriteSet(transaction.chaincodeAction.getResults_asU8()), version);
    }
    return { ...read, endorsers: found.filter((mspId) => mspId !== undefined) };
  }

  /** Organisation of each endorsement; undefined where its signature does not hold. */
  #endorsers({ endorsements, responsePayload }: EndorserTransaction): (string | undefined)[] {
    return endorsements.map(({ endorser, signature }) => {
      const identity = this.#membership.identify(endorser);
      const holds = identity && hasSigned(identity, Buffer.concat([responsePayload, endorser]), signature);
      return holds ? identity.mspId : undefined;
    });
  }

  #verifyBinding(transaction: EndorserTransaction, tx: number, fail: (reason: string) => never): void {
    const { signatureHeader, channelHeader, header } = transaction;
    const creator = signatureHeader.getCreator_asU8();
    const identity = this.#membership.identify(creator);
    if (!identity || !hasSigned(identity, transaction.payloadBytes, transaction.signature)) {
      fail(`transaction ${tx} is not signed by its creator`);
    }
    if (channelHeader.getTxId() !== transactionIdOf(signatureHeader.getNonce_asU8(), creator)) {
      fail(`transaction ${tx} has an id that is not its own`);
    }
    const hash = sha256(header.channelHeader, header.signatureHeader, transaction.proposalPayload);
    if (!hash.equals(transaction.proposalHash)) {
      fail(`transaction ${tx} was endorsed for another proposal`);
    }
  }

  #verifyCommitHash(
    block: common.Block,
    codes: Uint8Array,
    updates: BlockUpdates,
    fail: (reason: string) => never,
  ): Uint8Array {
    const bytes = block.getMetadata()?.getMetadataList_asU8()[METADATA.COMMIT_HASH] ?? new Uint8Array();
    const stored = common.Metadata.deserializeBinary(bytes).getValue_asU8();
    const expected = commitHash(codes, updates, this.#previousCommitHash);
    if (!expected.equals(stored)) {
      fail('commit hash does not fit the changes');
    }
    return stored;
  }
}
