// SPDX-License-Identifier: Apache-2.0
import { randomBytes, type KeyObject } from 'node:crypto';
import { common } from '@hyperledger/fabric-protos';
import { signLowS } from '../identity/lowS';
import { sha256 } from './sha256';

/** Positions in a block's metadata. */
export const METADATA = {
  SIGNATURES: 0,
  LAST_CONFIG: 1,
  TRANSACTIONS_FILTER: 2,
  ORDERER: 3,
  COMMIT_HASH: 4,
} as const;

export interface BlockHeader {
  number: number;
  previousHash: Uint8Array;
  dataHash: Uint8Array;
}

function der(tag: number, body: Uint8Array): Buffer {
  const head = body.length < 0x80 ? [tag, body.length] : [tag, 0x81, body.length];
  return Buffer.concat([Buffer.from(head), body]);
}

function derInteger(value: number): Buffer {
  let hex = value.toString(16);
  if (hex.length % 2 === 1) {
    hex = `0${hex}`;
  }
  if (parseInt(hex.slice(0, 2), 16) > 0x7f) {
    hex = `00${hex}`;
  }
  return der(0x02, Buffer.from(hex, 'hex'));
}

/**
 * SEQUENCE { INTEGER number, OCTET STRING previousHash, OCTET STRING dataHash }: what is hashed and signed.
 */
export function headerBytes(header: BlockHeader): Buffer {
  return der(
    0x30,
    Buffer.concat([derInteger(header.number), der(0x04, header.previousHash), der(0x04, header.dataHash)]),
  );
}

export function headerHash(header: BlockHeader): Buffer {
  return sha256(headerBytes(header));
}

export function headerOf(block: common.Block): BlockHeader {
  const header = block.getHeader() ?? new common.BlockHeader();
  return {
    number: header.getNumber(),
    previousHash: header.getPreviousHash_asU8(),
    dataHash: header.getDataHash_asU8(),
  };
}

export interface OrdererSigner {
  identity: Uint8Array;
  privateKey: KeyObject;
}

/** What the orderer signs beside the header: the number of the last configuration block. */
export function ordererMetadata(lastConfigBlock: number): Uint8Array {
  const lastConfig = new common.LastConfig();
  lastConfig.setIndex(lastConfigBlock);
  const metadata = new common.OrdererBlockMetadata();
  metadata.setLastConfig(lastConfig);
  return metadata.serializeBinary();
}

/** The block's signature metadata; without a signer (block 0) it has a value only. */
export function signatureMetadata(
  header: BlockHeader,
  lastConfigBlock: number,
  signer?: OrdererSigner,
): Uint8Array {
  const metadata = new common.Metadata();
  const value = ordererMetadata(lastConfigBlock);
  metadata.setValue(value);
  if (signer) {
    const signatureHeader = new common.SignatureHeader();
    signatureHeader.setCreator(signer.identity);
    signatureHeader.setNonce(randomBytes(24));
    const headerValue = signatureHeader.serializeBinary();
    const signature = new common.MetadataSignature();
    signature.setSignatureHeader(headerValue);
    signature.setSignature(
      signLowS(signer.privateKey, Buffer.concat([value, headerValue, headerBytes(header)])),
    );
    metadata.setSignaturesList([signature]);
  }
  return metadata.serializeBinary();
}

export interface BlockParts {
  header: BlockHeader;
  data: readonly Uint8Array[];
  signatures: Uint8Array;
  validationCodes: Uint8Array;
  /** Absent in block 0. */
  commitHash: Uint8Array | undefined;
}

export function encodeBlock(parts: BlockParts): Uint8Array {
  const header = new common.BlockHeader();
  header.setNumber(parts.header.number);
  header.setPreviousHash(parts.header.previousHash);
  header.setDataHash(parts.header.dataHash);
  const data = new common.BlockData();
  data.setDataList([...parts.data]);
  const commitHash = new common.Metadata();
  if (parts.commitHash) {
    commitHash.setValue(parts.commitHash);
  }
  const metadata = new common.BlockMetadata();
  const none = new Uint8Array();
  metadata.setMetadataList([
    parts.signatures,
    none,
    parts.validationCodes,
    none,
    parts.commitHash ? commitHash.serializeBinary() : none,
  ]);
  const block = new common.Block();
  block.setHeader(header);
  block.setData(data);
  block.setMetadata(metadata);
  return block.serializeBinary();
}

/** SHA-256 of the concatenated transactions. */
export function dataHash(data: readonly Uint8Array[]): Buffer {
  return sha256(...data);
}

/** Validation code of every transaction of the block. */
export function validationCodes(block: common.Block): Uint8Array {
  return block.getMetadata()?.getMetadataList_asU8()[METADATA.TRANSACTIONS_FILTER] ?? new Uint8Array();
}
