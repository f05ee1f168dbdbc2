// SPDX-License-Identifier: Apache-2.0
import { createPrivateKey, randomBytes } from 'node:crypto';
import { common, ledger, peer } from '@hyperledger/fabric-protos';
import {
  createAuthority,
  issueCertificate,
  type KeyAndCertificate,
} from '../../../gateway/src/embedded/identity/certificateAuthority';
import { signLowS } from '../../../gateway/src/embedded/identity/lowS';
import { Membership, serializeIdentity } from '../../../gateway/src/embedded/identity/membership';
import { Collections } from '../../../gateway/src/embedded/policy/collections';
import { parsePolicy } from '../../../gateway/src/embedded/policy/signaturePolicy';
import { transactionIdOf } from '../../../gateway/src/embedded/protocol/proposal';
import { sha256 } from '../../../gateway/src/embedded/protocol/sha256';
import { checkTransaction } from '../../../gateway/src/embedded/validation/transactionValidator';

const Code = peer.TxValidationCode;
const { rwset } = ledger;
const JUNK = Buffer.from([0xff]);

/** What a transaction of the test is made of; each test spoils one part. */
interface Parts {
  type: number;
  id: string | undefined;
  extension: Uint8Array;
  executed: { name: string; version: string } | undefined;
  event: Uint8Array;
  results: Uint8Array;
  body: Uint8Array | undefined;
}

interface Write {
  namespace: string;
  collection?: string;
}

function results(...writes: Write[]): Uint8Array {
  const set = new rwset.TxReadWriteSet();
  for (const { namespace, collection } of writes) {
    const own = new rwset.NsReadWriteSet();
    own.setNamespace(namespace);
    const keys = new rwset.kvrwset.KVRWSet();
    if (collection === undefined) {
      const write = new rwset.kvrwset.KVWrite();
      write.setKey('k');
      write.setValue('v');
      keys.addWrites(write);
    } else {
      const write = new rwset.kvrwset.KVWriteHash();
      write.setKeyHash(sha256('k'));
      write.setValueHash(sha256('v'));
      const hashed = new rwset.kvrwset.HashedRWSet();
      hashed.addHashedWrites(write);
      const collected = new rwset.CollectionHashedReadWriteSet();
      collected.setCollectionName(collection);
      collected.setHashedRwset(hashed.serializeBinary());
      own.addCollectionHashedRwset(collected);
    }
    own.setRwset(keys.serializeBinary());
    set.addNsRwset(own);
  }
  return set.serializeBinary();
}

function extension(name: string): Uint8Array {
  const id = new peer.ChaincodeID();
  id.setName(name);
  const result = new peer.ChaincodeHeaderExtension();
  result.setChaincodeId(id);
  return result.serializeBinary();
}

function event(chaincode: string): Uint8Array {
  const result = new peer.ChaincodeEvent();
  result.setChaincodeId(chaincode);
  result.setEventName('E');
  return result.serializeBinary();
}

describe('the judgement of a transaction that no honest client makes', () => {
  let authority: KeyAndCertificate;
  let client: KeyAndCertificate;
  let endorser: KeyAndCertificate;

  beforeAll(async () => {
    const now = Date.now();
    authority = await createAuthority('AMSP', now);
    client = await issueCertificate(authority, { commonName: 'User1', role: 'client' }, now);
    endorser = await issueCertificate(authority, { commonName: 'peer0', role: 'peer' }, now);
  });

  const sign = (signer: KeyAndCertificate, data: Uint8Array): Buffer =>
    signLowS(createPrivateKey(signer.privateKeyPem), data);

  function body(parts: Parts, header: common.Header): Uint8Array {
    const action = new peer.ChaincodeAction();
    action.setResults(parts.results);
    action.setEvents(parts.event);
    if (parts.executed) {
      const id = new peer.ChaincodeID();
      id.setName(parts.executed.name);
      id.setVersion(parts.executed.version);
      action.setChaincodeId(id);
    }
    const response = new peer.ProposalResponsePayload();
    response.setProposalHash(sha256(header.getChannelHeader_asU8(), header.getSignatureHeader_asU8()));
    response.setExtension$(action.serializeBinary());
    const identity = serializeIdentity('AMSP', endorser.certificatePem);
    const endorsement = new peer.Endorsement();
    endorsement.setEndorser(identity);
    endorsement.setSignature(sign(endorser, Buffer.concat([response.serializeBinary(), identity])));
    const endorsed = new peer.ChaincodeEndorsedAction();
    endorsed.setProposalResponsePayload(response.serializeBinary());
    endorsed.addEndorsements(endorsement);
    const payload = new peer.ChaincodeActionPayload();
    payload.setAction(endorsed);
    const transaction = new peer.Transaction();
    const only = new peer.TransactionAction();
    only.setPayload(payload.serializeBinary());
    transaction.addActions(only);
    return transaction.serializeBinary();
  }

  /** The code of a transaction that differs from a valid one in the given parts. */
  function codeOf(changes: Partial<Parts>): number {
    const parts: Parts = {
      type: common.HeaderType.ENDORSER_TRANSACTION,
      id: undefined,
      extension: extension('cc'),
      executed: { name: 'cc', version: '1' },
      event: event('cc'),
      results: results({ namespace: 'cc' }),
      body: undefined,
      ...changes,
    };
    const signatureHeader = new common.SignatureHeader();
    signatureHeader.setCreator(serializeIdentity('AMSP', client.certificatePem));
    signatureHeader.setNonce(randomBytes(24));
    const own = transactionIdOf(signatureHeader.getNonce_asU8(), signatureHeader.getCreator_asU8());
    const channelHeader = new common.ChannelHeader();
    channelHeader.setType(parts.type);
    channelHeader.setChannelId('ch');
    channelHeader.setTxId(parts.id ?? own);
    channelHeader.setExtension$(parts.extension);
    const header = new common.Header();
    header.setChannelHeader(channelHeader.serializeBinary());
    header.setSignatureHeader(signatureHeader.serializeBinary());
    const payload = new common.Payload();
    payload.setHeader(header);
    payload.setData(parts.body ?? body(parts, header));
    const envelope = new common.Envelope();
    envelope.setPayload(payload.serializeBinary());
    envelope.setSignature(sign(client, envelope.getPayload_asU8()));
    return checkTransaction(envelope.serializeBinary(), {
      channel: 'ch',
      membership: new Membership([['AMSP', authority.certificatePem]]),
      policyOf: (namespace) =>
        ({ cc: parsePolicy("'AMSP.peer'"), strict: parsePolicy("'BMSP.peer'") })[namespace],
      collections: new Collections([{ name: 'pair', policy: "'AMSP.member'" }], ['AMSP']),
      isKnownTransaction: () => false,
    }).code;
  }

  test.each<[string, Partial<Parts>, keyof typeof Code]>([
    ['nothing spoiled', {}, 'VALID'],
    ['no event', { event: new Uint8Array() }, 'VALID'],
    ['a type that nobody knows', { type: common.HeaderType.MESSAGE }, 'BAD_COMMON_HEADER'],
    ['somebody else’s id', { id: 'ab'.repeat(32) }, 'BAD_PROPOSAL_TXID'],
    ['somebody else’s id and a broken body', { id: 'ab'.repeat(32), body: JUNK }, 'BAD_PROPOSAL_TXID'],
    ['a broken body', { body: JUNK }, 'INVALID_ENDORSER_TRANSACTION'],
    ['a broken header extension', { extension: JUNK }, 'BAD_HEADER_EXTENSION'],
    ['a header that names no chaincode', { extension: new Uint8Array() }, 'INVALID_OTHER_REASON'],
    ['an action that names no chaincode', { executed: undefined }, 'INVALID_OTHER_REASON'],
    ['two names of the chaincode', { extension: extension('strict') }, 'INVALID_CHAINCODE'],
    ['chaincode without a version', { executed: { name: 'cc', version: '' } }, 'INVALID_CHAINCODE'],
    ['results that are none', { results: JUNK }, 'BAD_RWSET'],
    ['an event that is none', { event: JUNK }, 'INVALID_OTHER_REASON'],
    ['another chaincode’s event', { event: event('strict') }, 'INVALID_OTHER_REASON'],
    [
      'one namespace twice',
      { results: results({ namespace: 'cc' }, { namespace: 'cc' }) },
      'ILLEGAL_WRITESET',
    ],
    [
      'writes for chaincode that does not exist',
      { results: results({ namespace: 'nocc' }) },
      'INVALID_CHAINCODE',
    ],
    [
      'writes that another chaincode’s policy forbids',
      { results: results({ namespace: 'strict' }) },
      'ENDORSEMENT_POLICY_FAILURE',
    ],
    ['a known collection', { results: results({ namespace: 'cc', collection: 'pair' }) }, 'VALID'],
    [
      'a collection that does not exist',
      { results: results({ namespace: 'cc', collection: 'nocoll' }) },
      'ENDORSEMENT_POLICY_FAILURE',
    ],
  ])('%s', (_what, changes, code) => {
    expect(codeOf(changes)).toBe(Code[code]);
  });
});
