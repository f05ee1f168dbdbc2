// SPDX-License-Identifier: Apache-2.0
import { createPrivateKey } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { Server, ServerCredentials } from '@grpc/grpc-js';
import { common, gateway, peer as peerProtos } from '@hyperledger/fabric-protos';
import { definitionDigest, definitionTransaction, packageId, type Signer } from './chaincodeDefinition';
import { Committer } from './commit/committer';
import { PrivateDataPool } from './commit/privateDataPool';
import { Membership, hasRole, hasSigned, serializeIdentity } from './identity/membership';
import { openOrganisationFiles, type OrganisationFiles } from './identity/organisationFiles';
import type {
  EmbeddedLedger,
  EmbeddedLedgerOptions,
  EmbeddedOrganisation,
  OrganisationOptions,
} from './options';
import { Orderer, type OrdererLimits } from './ordering/orderer';
import { Peer } from './peer';
import { Collections } from './policy/collections';
import { parsePolicy, type SignaturePolicy } from './policy/signaturePolicy';
import { configTransaction } from './protocol/channelConfig';
import { LIFECYCLE, type ChaincodeDefinition } from './protocol/lifecycle';
import { openEndorserTransaction, openEnvelope, type EnvelopeParts } from './protocol/preparedTransaction';
import { decodeReadWriteSet } from './protocol/readWriteSet';
import { sha256 } from './protocol/sha256';
import { BlockFeed } from './services/blockFeed';
import type { ChannelView } from './services/channelView';
import { refusalOf } from './services/accessControl';
import { deliverService } from './services/deliverService';
import { ENDORSER_SERVICE, endorserService } from './services/endorserService';
import { gatewayService } from './services/gatewayService';
import { ChaincodeHost } from './simulation/chaincodeHost';
import { LedgerStore } from './store/ledgerStore';
import { TransientStore } from './store/transientStore';
import { checkTransaction } from './validation/transactionValidator';

const ORDERER_MSP = 'OrdererMSP';
const MAX_MESSAGE_BYTES = 100 * 1024 * 1024;

/** Types of messages that are not ordered as they come, with an orderer's reason; for the change of a channel, with ours. */
const UNSUPPORTED = new Map<number, string>([
  [common.HeaderType.CONFIG, 'message is of type that cannot be processed directly'],
  [common.HeaderType.ORDERER_TRANSACTION, 'message is of type that is no longer supported'],
  [common.HeaderType.CONFIG_UPDATE, 'the channel of an embedded ledger is changed by its options only'],
]);

interface Refusal {
  status: string;
  info: string;
}

function badRequest(info: string): Refusal {
  return { status: 'BAD_REQUEST', info };
}

interface Resolved {
  options: EmbeddedLedgerOptions;
  organisations: readonly OrganisationOptions[];
  mspIds: string[];
  definition: ChaincodeDefinition;
  chaincodePolicy: SignaturePolicy;
  collections: Collections;
  limits: OrdererLimits;
  clock: () => number;
  log: (line: string) => void;
}

const BLOCK_DEFAULTS: OrdererLimits = {
  maxMessageCount: 500,
  preferredMaxBytes: 2 * 1024 * 1024,
  absoluteMaxBytes: 10 * 1024 * 1024,
  batchTimeoutMs: 0,
};

/** Throws when a policy, a collection or the list of organisations cannot be used; nothing is written then. */
function resolve(options: EmbeddedLedgerOptions): Resolved {
  const mspIds = options.organisations.map(({ mspId }) => mspId);
  checkOrganisations(mspIds);
  const { name, version = '1', endorsementPolicy, collections = [] } = options.chaincode;
  checkName('Channel', options.channel, /^[a-z][a-z0-9.-]{0,248}$/);
  checkName('Chaincode', name, /^[a-zA-Z0-9]+([-_][a-zA-Z0-9]+)*$/);
  checkName('Chaincode version', version, /^[A-Za-z0-9_.+-]+$/);
  return {
    options,
    organisations: options.organisations,
    mspIds,
    definition: { name, version, endorsementPolicy, collections },
    chaincodePolicy: parsePolicy(endorsementPolicy),
    collections: new Collections(collections, mspIds),
    limits: { ...BLOCK_DEFAULTS, ...options.block },
    clock: options.clock ?? Date.now,
    log: options.log ?? ((): void => undefined),
  };
}

/** Fabric's own rules, so that what starts here can be named alike on a network. */
function checkName(what: string, name: string, allowed: RegExp): void {
  if (!allowed.test(name))
    throw new Error(`${what} '${name}' is no name that Fabric takes: ${allowed.source}`);
}

function checkOrganisations(mspIds: readonly string[]): void {
  if (mspIds.length === 0) throw new Error('The ledger needs at least one organisation.');
  if (new Set(mspIds).size < mspIds.length || mspIds.includes(ORDERER_MSP)) {
    throw new Error(`Organisations must be distinct and none may be ${ORDERER_MSP}: ${mspIds.join(', ')}.`);
  }
  const bad = mspIds.find((mspId) => !/^[A-Za-z0-9][A-Za-z0-9.-]{0,63}$/.test(mspId));
  if (bad !== undefined) throw new Error(`MSP id '${bad}' must be letters, digits, '.' and '-'.`);
}

interface Identities {
  organisations: OrganisationFiles[];
  ordering: OrganisationFiles;
}

async function openIdentities({ options, organisations, clock }: Resolved): Promise<Identities> {
  const folder = path.join(options.dataDir, 'organisations');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const files: OrganisationFiles[] = [];
  for (const { mspId, users } of organisations) {
    files.push(
      await openOrganisationFiles(
        path.join(folder, mspId),
        mspId,
        'peer',
        users ?? [{ name: 'User1' }],
        clock(),
      ),
    );
  }
  const ordering = await openOrganisationFiles(
    path.join(folder, ORDERER_MSP),
    ORDERER_MSP,
    'orderer',
    [],
    clock(),
  );
  return { organisations: files, ordering };
}

/**
 * Starts the ledger: makes what is missing in `dataDir`, starts each organisation's peer and resolves when all of them
 * accept calls. Rejects when the chaincode cannot be loaded, a port is taken or an option cannot be used.
 */
export async function startEmbeddedLedger(options: EmbeddedLedgerOptions): Promise<EmbeddedLedger> {
  const resolved = resolve(options);
  const identities = await openIdentities(resolved);
  const store = LedgerStore.open(path.join(options.dataDir, 'blocks.db'));
  const transient = TransientStore.open(path.join(options.dataDir, 'transient.db'), resolved.log);
  const ledger = new RunningLedger(resolved, identities, store, transient);
  try {
    await ledger.start();
  } catch (error) {
    await ledger.close();
    throw error;
  }
  return ledger;
}

class RunningLedger implements EmbeddedLedger {
  readonly channel: string;
  readonly chaincodeName: string;
  private readonly membership: Membership;
  private readonly pool: PrivateDataPool;
  private readonly feed: BlockFeed;
  private readonly height = new BigInt64Array(new SharedArrayBuffer(8));
  private readonly hosts: ChaincodeHost[];
  private readonly peers: Peer[];
  private readonly committer: Committer;
  private readonly orderer: Orderer;
  private readonly servers: Server[] = [];
  private closing: Promise<void> | undefined;

  constructor(
    private readonly resolved: Resolved,
    private readonly identities: Identities,
    private readonly store: LedgerStore,
    private readonly transient: TransientStore,
  ) {
    this.pool = new PrivateDataPool(transient);
    const { options, limits, log } = resolved;
    this.channel = options.channel;
    this.chaincodeName = resolved.definition.name;
    const members = [...identities.organisations, identities.ordering];
    this.membership = new Membership(
      members.map(({ mspId, authority }) => [mspId, authority.certificatePem]),
    );
    this.feed = new BlockFeed(store.reader);
    this.committer = this.newCommitter();
    this.hosts = identities.organisations.map((files) => this.newHost(files));
    this.peers = identities.organisations.map((files, i) => this.newPeer(files, this.hosts[i]));
    this.orderer = new Orderer(
      limits,
      (envelopes) => {
        this.committer.commit(envelopes);
      },
      (error) => {
        log(`the ledger stops taking transactions: ${error.stack ?? error.message}`);
      },
    );
  }

  async start(): Promise<void> {
    const { log, options, mspIds } = this.resolved;
    log(
      `embedded ledger, channel ${options.channel}, organisations ${mspIds.join(', ')}: one process plays all of them and the orderer. They are not independent parties, and there is no fault tolerance.`,
    );
    this.bootstrap();
    await Promise.all(this.hosts.map((host) => host.start()));
    await this.listen();
  }

  /** Brings the chain to the configuration and chaincode definition of the options. */
  private bootstrap(): void {
    const { reader } = this.store;
    const config = this.configDigest();
    if (reader.meta('config')?.equals(config) !== true) {
      const sequence = Number(reader.meta('configSequence')?.toString() ?? '-1') + 1;
      const transaction = this.configTransaction(sequence);
      const id = openEnvelope(transaction)?.channelHeader.getTxId() ?? '';
      this.committer.commitConfig(transaction, id, { config, configSequence: Buffer.from(String(sequence)) });
    }
    const digest = definitionDigest(this.resolved.definition);
    const { name } = this.resolved.definition;
    if (reader.meta(`definition:${name}`)?.equals(digest) !== true) this.commitDefinition(digest);
    this.publishHeight(reader.height());
  }

  private configDigest(): Buffer {
    const { identities, resolved } = this;
    const authorities = identities.organisations.map(({ mspId, authority }) => [
      mspId,
      authority.certificatePem,
    ]);
    return sha256(JSON.stringify([resolved.options.channel, authorities, resolved.limits]));
  }

  private configTransaction(sequence: number): Uint8Array {
    const { identities, resolved } = this;
    const member = ({
      mspId,
      authority,
    }: OrganisationFiles): { mspId: string; caCertificatePem: string } => ({
      mspId,
      caCertificatePem: authority.certificatePem,
    });
    return configTransaction({
      channel: resolved.options.channel,
      sequence,
      timestampMs: resolved.clock(),
      organisations: identities.organisations.map(member),
      ordering: member(identities.ordering),
      block: resolved.limits,
    });
  }

  private commitDefinition(digest: Buffer): void {
    const { definition, clock, options } = this.resolved;
    const { reader } = this.store;
    const [first] = this.identities.organisations;
    const admin = first?.users.get('Admin');
    if (!first || !admin) throw new Error('The first organisation has no Admin.');
    const creator = signerOf(first.mspId, admin);
    const endorsers = this.identities.organisations.map(({ mspId, node }) => signerOf(mspId, node));
    const transaction = definitionTransaction(
      options.channel,
      definition,
      { creator, endorsers },
      reader,
      clock(),
    );
    const sequence = 1 + Number(reader.meta(`sequence:${definition.name}`)?.toString() ?? '0');
    this.committer.commit([transaction], {
      [`definition:${definition.name}`]: digest,
      [`sequence:${definition.name}`]: Buffer.from(String(sequence)),
    });
  }

  private newCommitter(): Committer {
    const { resolved, identities, membership, store } = this;
    const { mspIds, chaincodePolicy, definition, collections, options } = resolved;
    const everyPeer: SignaturePolicy = {
      kind: 'outOf',
      n: mspIds.length,
      rules: mspIds.map((mspId) => ({ kind: 'signedBy', mspId, role: 'peer' })),
    };
    const policies = new Map([
      [definition.name, chaincodePolicy],
      [LIFECYCLE, everyPeer],
    ]);
    return new Committer({
      store,
      pool: this.pool,
      signer: {
        identity: serializeIdentity(ORDERER_MSP, identities.ordering.node.certificatePem),
        privateKey: createPrivateKey(identities.ordering.node.privateKeyPem),
      },
      organisations: mspIds,
      collections: () => collections,
      check: (envelope) =>
        checkTransaction(envelope, {
          channel: options.channel,
          membership,
          policyOf: (namespace) => policies.get(namespace),
          collections,
          isKnownTransaction: (id) => store.reader.transaction(id) !== undefined,
        }),
      committed: ({ number, transactions }) => {
        this.publishHeight(number + 1);
        this.feed.announce(transactions.map(({ id }) => id));
      },
    });
  }

  private publishHeight(height: number): void {
    Atomics.store(this.height, 0, BigInt(height));
  }

  private newHost(files: OrganisationFiles): ChaincodeHost {
    const { options, definition, mspIds, log } = this.resolved;
    const module = path.resolve(options.chaincode.module);
    return new ChaincodeHost({
      settings: {
        module,
        chaincodeName: definition.name,
        chaincodeVersion: definition.version,
        chaincodeId: packageId(definition.name, definition.version, module),
        mspId: files.mspId,
        channel: options.channel,
        organisations: mspIds,
        collections: [...definition.collections],
        storeFile: this.store.file,
        endorser: serializeIdentity(files.mspId, files.node.certificatePem),
        endorserKeyPem: files.node.privateKeyPem,
        height: this.height.buffer,
      },
      onExit: options.chaincode.onExit ?? 'restart',
      executeTimeoutMs: options.chaincode.executeTimeoutMs ?? 30_000,
      log,
      stopped: () => {
        for (const host of this.hosts) host.stop();
      },
    });
  }

  private newPeer(files: OrganisationFiles, host: ChaincodeHost | undefined): Peer {
    if (!host) throw new Error(`No chaincode host for ${files.mspId}.`);
    return new Peer({
      mspId: files.mspId,
      identity: serializeIdentity(files.mspId, files.node.certificatePem),
      privateKey: createPrivateKey(files.node.privateKeyPem),
      channel: this.channel,
      membership: this.membership,
      reader: this.store.reader,
      host,
      clock: this.resolved.clock,
    });
  }

  private async listen(): Promise<void> {
    const { host = '127.0.0.1', port = 0 } = this.resolved.options.listen ?? {};
    for (const [i, peer] of this.peers.entries()) {
      const server = new Server({
        'grpc.max_receive_message_length': MAX_MESSAGE_BYTES,
        'grpc.max_send_message_length': MAX_MESSAGE_BYTES,
      });
      const view = this.view();
      server.addService(gateway.GatewayService, gatewayService(view, peer));
      server.addService(ENDORSER_SERVICE, endorserService(view, peer));
      server.addService(peerProtos.DeliverService, deliverService(view));
      const bound = await bind(server, host, port === 0 ? 0 : port + i);
      this.servers.push(server);
      peer.endpoint = `${host}:${bound}`;
      this.resolved.log(`peer of ${peer.mspId} at ${peer.endpoint}`);
    }
  }

  private view(): ChannelView {
    const { resolved, membership, peers, store, feed } = this;
    return {
      channelId: resolved.options.channel,
      chaincodeName: resolved.definition.name,
      membership,
      peers,
      reader: store.reader,
      feed,
      chaincodePolicy: () => resolved.chaincodePolicy,
      collections: () => resolved.collections,
      keepPrivateData: (transactionId, results) => {
        this.pool.add(transactionId, results, Number(Atomics.load(this.height, 0)));
      },
      order: (envelope) => this.order(envelope),
      clock: resolved.clock,
      log: resolved.log,
    };
  }

  /** Gives an envelope to the orderer; the orderer's reason when it refuses, with its status. */
  private order(bytes: Uint8Array): Refusal | undefined {
    if (this.closing) return { status: 'SERVICE_UNAVAILABLE', info: 'the ledger is closing' };
    const parts = openEnvelope(bytes);
    if (!parts) return badRequest('could not determine channel ID: envelope is malformed');
    const size = parts.payloadBytes.length + parts.signature.length;
    const refusal = this.refusalOfMessage(parts, size) ?? this.refusalOfSigner(parts);
    if (refusal) return refusal;
    if (!this.holdsPrivateData(parts)) {
      return badRequest('the private data of the transaction are not here any more, endorse a new proposal');
    }
    const stopped = this.orderer.submit(bytes, size);
    return stopped === undefined ? undefined : { status: 'SERVICE_UNAVAILABLE', info: stopped };
  }

  /** What an orderer checks first: channel, type and size. */
  private refusalOfMessage({ channelHeader }: EnvelopeParts, size: number): Refusal | undefined {
    if (channelHeader.getChannelId() !== this.channel) return badRequest('channel does not exist');
    const unsupported = UNSUPPORTED.get(channelHeader.getType());
    if (unsupported !== undefined) return badRequest(unsupported);
    const limit = this.resolved.limits.absoluteMaxBytes;
    if (size <= limit) return undefined;
    return badRequest(`message payload is ${size} bytes and exceeds maximum allowed ${limit} bytes`);
  }

  /** Then expiry, and that a writer of the channel signed. */
  private refusalOfSigner(parts: EnvelopeParts): Refusal | undefined {
    const creatorBytes = parts.signatureHeader.getCreator_asU8();
    if (this.membership.hasExpired(creatorBytes, this.resolved.clock()))
      return badRequest('broadcast client identity expired');
    const creator = this.membership.identify(creatorBytes);
    const hasCreated = creator && hasRole(creator) && hasSigned(creator, parts.payloadBytes, parts.signature);
    if (hasCreated && refusalOf(creator, 'Writers', this.channel) === undefined) return undefined;
    return {
      status: 'FORBIDDEN',
      info: `implicit policy evaluation failed - 0 sub-policies were satisfied, but this policy requires 1 of the 'Writers' sub-policies to be satisfied: permission denied`,
    };
  }

  /**
   * Private data of an endorsed transaction lie in the transient store until it commits. Where they were lost with the disk, ordering it
   * would commit hashes without their data, so it is refused and the client endorses again.
   */
  private holdsPrivateData(parts: EnvelopeParts): boolean {
    const transaction = openEndorserTransaction(parts);
    const id = parts.channelHeader.getTxId();
    if (!transaction || this.store.reader.transaction(id)) return true;
    try {
      return decodeReadWriteSet(transaction.chaincodeAction.getResults_asU8()).every(
        ({ namespace, collections }) =>
          collections.every(
            ({ name, writes, privateHash }) =>
              writes.length === 0 || this.pool.find(id, namespace, name, privateHash) !== undefined,
          ),
      );
    } catch {
      return true; // not a read-write set: the validator marks the transaction BAD_RWSET
    }
  }

  organisation(mspId: string): EmbeddedOrganisation {
    const files = this.identities.organisations.find((candidate) => candidate.mspId === mspId);
    const peer = this.peers.find((candidate) => candidate.mspId === mspId);
    if (!files || !peer) throw new Error(`Organisation ${mspId} is not on channel ${this.channel}.`);
    const users = [...files.users].map(([name, { certificatePem, certificatePath, privateKeyPath }]) => [
      name,
      { certificatePem, certificatePath, privateKeyPath },
    ]);
    return {
      mspId,
      endpoint: peer.endpoint,
      caCertificatePem: files.authority.certificatePem,
      users: Object.fromEntries(users) as EmbeddedOrganisation['users'],
    };
  }

  close(): Promise<void> {
    this.closing ??= this.stop();
    return this.closing;
  }

  private async stop(): Promise<void> {
    this.orderer.flush();
    this.feed.close();
    await Promise.all(this.servers.map(shutDown));
    await Promise.all(this.hosts.map((host) => host.close()));
    this.store.close();
    this.transient.close();
  }
}

function signerOf(mspId: string, credentials: { certificatePem: string; privateKeyPem: string }): Signer {
  const { certificatePem, privateKeyPem } = credentials;
  return { mspId, identity: serializeIdentity(mspId, certificatePem), privateKeyPem };
}

function bind(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolveBound, reject) => {
    server.bindAsync(`${host}:${port}`, ServerCredentials.createInsecure(), (error, bound) => {
      if (error) reject(new Error(`Port ${port} on ${host} cannot be used: ${error.message}`));
      else resolveBound(bound);
    });
  });
}

const GRACE_MS = 2_000;

/** Lets calls in hand end; what has not ended after a moment is cut. */
function shutDown(server: Server): Promise<void> {
  return new Promise((resolveDown) => {
    const timer = setTimeout(() => {
      server.forceShutdown();
    }, GRACE_MS);
    server.tryShutdown(() => {
      clearTimeout(timer);
      resolveDown();
    });
  });
}
