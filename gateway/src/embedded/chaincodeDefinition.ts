// SPDX-License-Identifier: Apache-2.0
import { randomBytes, createPrivateKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { common, peer } from '@hyperledger/fabric-protos';
import { Timestamp } from 'google-protobuf/google/protobuf/timestamp_pb';
import { signLowS } from './identity/lowS';
import { definitionWrites, LIFECYCLE, type ChaincodeDefinition } from './protocol/lifecycle';
import { prepareTransaction, proposalResponsePayload } from './protocol/preparedTransaction';
import { parseProposal, transactionIdOf } from './protocol/proposal';
import { sha256 } from './protocol/sha256';
import { ReadWriteSetBuilder } from './simulation/readWriteSetBuilder';
import type { StateReader } from './store/stateReader';

/** A key with the identity it signs for. */
export interface Signer {
  mspId: string;
  /** `msp.SerializedIdentity`. */
  identity: Uint8Array;
  privateKeyPem: string;
}

/** Recognises the definition again after a restart. */
export function definitionDigest(definition: ChaincodeDefinition): Buffer {
  const { name, version, endorsementPolicy, collections } = definition;
  return sha256(JSON.stringify([name, version, endorsementPolicy, collections]));
}

/** `label:hash` under which the chaincode registers; the hash covers its package.json and main file. */
export function packageId(name: string, version: string, module: string): string {
  const manifest = readFileSync(path.join(module, 'package.json'));
  const { main } = JSON.parse(manifest.toString()) as { main?: string };
  const code = main === undefined ? '' : readFileSync(require.resolve(path.resolve(module, main)));
  return `${name}_${version}:${sha256(manifest, code).toString('hex')}`;
}

/**
 * The transaction that commits a definition: created by an administrator, endorsed by every organisation's
 * peer.
 */
export function definitionTransaction(
  channel: string,
  definition: ChaincodeDefinition,
  signers: { creator: Signer; endorsers: readonly Signer[] },
  reader: StateReader,
  now: number,
): Uint8Array {
  const sequence = 1 + Number(reader.meta(`sequence:${definition.name}`)?.toString() ?? '0');
  const proposal = parseProposal(signedProposal(channel, definition, signers.creator, now));
  const rwset = new ReadWriteSetBuilder();
  for (const { key, value } of definitionWrites(definition, sequence)) {
    rwset.read(LIFECYCLE, key, reader.publicVersion(LIFECYCLE, key));
    rwset.write(LIFECYCLE, key, value);
  }
  const response = new peer.Response();
  response.setStatus(200);
  const responsePayload = proposalResponsePayload({
    proposalHash: proposal.hash,
    results: rwset.encode().results,
    event: new Uint8Array(),
    response,
    chaincodeName: LIFECYCLE,
    chaincodeVersion: 'syscc',
  });
  const endorsements = signers.endorsers.map(({ mspId, identity, privateKeyPem }) => ({
    mspId,
    endorser: identity,
    signature: signLowS(createPrivateKey(privateKeyPem), Buffer.concat([responsePayload, identity])),
  }));
  const envelope = prepareTransaction(proposal, responsePayload, endorsements);
  envelope.setSignature(
    signLowS(createPrivateKey(signers.creator.privateKeyPem), envelope.getPayload_asU8()),
  );
  return envelope.serializeBinary();
}

function signedProposal(
  channel: string,
  definition: ChaincodeDefinition,
  creator: Signer,
  now: number,
): peer.SignedProposal {
  const nonce = randomBytes(24);
  const id = new peer.ChaincodeID();
  id.setName(LIFECYCLE);
  const extension = new peer.ChaincodeHeaderExtension();
  extension.setChaincodeId(id);
  const timestamp = new Timestamp();
  timestamp.setSeconds(Math.floor(now / 1000));
  timestamp.setNanos((now % 1000) * 1e6);
  const channelHeader = new common.ChannelHeader();
  channelHeader.setType(common.HeaderType.ENDORSER_TRANSACTION);
  channelHeader.setChannelId(channel);
  channelHeader.setTxId(transactionIdOf(nonce, creator.identity));
  channelHeader.setTimestamp(timestamp);
  channelHeader.setExtension$(extension.serializeBinary());
  const signatureHeader = new common.SignatureHeader();
  signatureHeader.setCreator(creator.identity);
  signatureHeader.setNonce(nonce);
  const header = new common.Header();
  header.setChannelHeader(channelHeader.serializeBinary());
  header.setSignatureHeader(signatureHeader.serializeBinary());
  const input = new peer.ChaincodeInput();
  input.setArgsList([Buffer.from('CommitChaincodeDefinition'), Buffer.from(definition.name)]);
  const spec = new peer.ChaincodeSpec();
  spec.setType(peer.ChaincodeSpec.Type.GOLANG);
  spec.setChaincodeId(id);
  spec.setInput(input);
  const invocation = new peer.ChaincodeInvocationSpec();
  invocation.setChaincodeSpec(spec);
  const payload = new peer.ChaincodeProposalPayload();
  payload.setInput(invocation.serializeBinary());
  const proposal = new peer.Proposal();
  proposal.setHeader(header.serializeBinary());
  proposal.setPayload(payload.serializeBinary());
  const signed = new peer.SignedProposal();
  signed.setProposalBytes(proposal.serializeBinary());
  signed.setSignature(signLowS(createPrivateKey(creator.privateKeyPem), signed.getProposalBytes_asU8()));
  return signed;
}
