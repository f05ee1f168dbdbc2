// SPDX-License-Identifier: Apache-2.0
import { createPrivateKey } from 'node:crypto';
import path from 'node:path';
import type { Server } from '@grpc/grpc-js';
import { bootstrap } from './bootstrap';
import { packageId } from './chaincodeDefinition';
import { Committer } from './commit/committer';
import { PrivateDataPool } from './commit/privateDataPool';
import { openIdentities, type Identities } from './identity/identities';
import { Membership, serializeIdentity } from './identity/membership';
import type { OrganisationFiles } from './identity/organisationFiles';
import type { EmbeddedLedger, EmbeddedLedgerOptions, EmbeddedOrganisation } from './options';
import { Admission, badRequest, type Refusal } from './ordering/admission';
import { Orderer } from './ordering/orderer';
import { Peer } from './peer';
import type { SignaturePolicy } from './policy/signaturePolicy';
import { LIFECYCLE } from './protocol/lifecycle';
import { openEnvelope } from './protocol/preparedTransaction';
import { ORDERER_MSP, resolveOptions, type Resolved } from './resolvedOptions';
import { BlockFeed } from './services/blockFeed';
import type { ChannelView } from './services/channelView';
import { bind, newPeerServer, shutDown } from './services/peerServer';
import { ChaincodeHost } from './simulation/chaincodeHost';
import { LedgerStore } from './store/ledgerStore';
import { TransientStore } from './store/transientStore';
import { checkTransaction } from './validation/transactionValidator';

/**
 * Starts the ledger: makes what is missing in `dataDir`, starts each organisation's peer and resolves when
 * all of them accept calls. Rejects when the chaincode cannot be loaded, a port is taken or an option cannot
 * be used.
 */
export async function startEmbeddedLedger(options: EmbeddedLedgerOptions): Promise<EmbeddedLedger> {
  const resolved = resolveOptions(options);
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
  readonly #membership: Membership;
  readonly #pool: PrivateDataPool;
  readonly #feed: BlockFeed;
  readonly #height = new BigInt64Array(new SharedArrayBuffer(8));
  readonly #hosts: ChaincodeHost[];
  readonly #peers: Peer[];
  readonly #committer: Committer;
  readonly #admission: Admission;
  readonly #orderer: Orderer;
  readonly #servers: Server[] = [];
  #closing: Promise<void> | undefined;

  readonly #resolved: Resolved;
  readonly #identities: Identities;
  readonly #store: LedgerStore;
  readonly #transient: TransientStore;

  constructor(resolved: Resolved, identities: Identities, store: LedgerStore, transient: TransientStore) {
    this.#resolved = resolved;
    this.#identities = identities;
    this.#store = store;
    this.#transient = transient;

    this.#pool = new PrivateDataPool(transient);
    const { options, limits, log } = resolved;
    this.channel = options.channel;
    this.chaincodeName = resolved.definition.name;
    const members = [...identities.organisations, identities.ordering];
    this.#membership = new Membership(
      members.map(({ mspId, authority }) => [mspId, authority.certificatePem]),
    );
    this.#feed = new BlockFeed(store.reader);
    this.#committer = this.#newCommitter();
    this.#hosts = identities.organisations.map((files) => this.#newHost(files));
    this.#peers = identities.organisations.map((files, i) => this.#newPeer(files, this.#hosts[i]));
    this.#admission = new Admission({
      channel: this.channel,
      absoluteMaxBytes: limits.absoluteMaxBytes,
      membership: this.#membership,
      reader: store.reader,
      pool: this.#pool,
      clock: resolved.clock,
    });
    this.#orderer = new Orderer(
      limits,
      (envelopes) => {
        this.#committer.commit(envelopes);
      },
      (error) => {
        log(`the ledger stops taking transactions: ${error.stack ?? error.message}`);
      },
    );
  }

  async start(): Promise<void> {
    const { log, options, mspIds } = this.#resolved;
    log(
      `embedded ledger, channel ${options.channel}, organisations ${mspIds.join(', ')}: one process plays all of them and the orderer. They are not independent parties, and there is no fault tolerance.`,
    );
    bootstrap(this.#resolved, this.#identities, this.#store.reader, this.#committer);
    this.#publishHeight(this.#store.reader.height());
    await Promise.all(this.#hosts.map((host) => host.start()));
    await this.#listen();
  }

  #newCommitter(): Committer {
    const identities = this.#identities;
    const membership = this.#membership;
    const store = this.#store;
    const { mspIds, chaincodePolicy, definition, collections, options } = this.#resolved;
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
      pool: this.#pool,
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
        this.#publishHeight(number + 1);
        this.#feed.announce(transactions.map(({ id }) => id));
      },
    });
  }

  #publishHeight(height: number): void {
    Atomics.store(this.#height, 0, BigInt(height));
  }

  #newHost(files: OrganisationFiles): ChaincodeHost {
    const { options, definition, mspIds, log } = this.#resolved;
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
        storeFile: this.#store.file,
        endorser: serializeIdentity(files.mspId, files.node.certificatePem),
        endorserKeyPem: files.node.privateKeyPem,
        height: this.#height.buffer,
      },
      onExit: options.chaincode.onExit ?? 'restart',
      executeTimeoutMs: options.chaincode.executeTimeoutMs ?? 30_000,
      log,
      stopped: () => {
        for (const host of this.#hosts) {
          host.stop();
        }
      },
    });
  }

  #newPeer(files: OrganisationFiles, host: ChaincodeHost | undefined): Peer {
    if (!host) {
      throw new Error(`No chaincode host for ${files.mspId}.`);
    }
    return new Peer({
      mspId: files.mspId,
      identity: serializeIdentity(files.mspId, files.node.certificatePem),
      privateKey: createPrivateKey(files.node.privateKeyPem),
      channel: this.channel,
      membership: this.#membership,
      reader: this.#store.reader,
      host,
      clock: this.#resolved.clock,
    });
  }

  async #listen(): Promise<void> {
    const { host = '127.0.0.1', port = 0 } = this.#resolved.options.listen ?? {};
    const view = this.#view();
    for (const [i, peer] of this.#peers.entries()) {
      const server = newPeerServer(view, peer);
      const bound = await bind(server, host, port === 0 ? 0 : port + i);
      this.#servers.push(server);
      peer.endpoint = `${host}:${bound}`;
      this.#resolved.log(`peer of ${peer.mspId} at ${peer.endpoint}`);
    }
  }

  #view(): ChannelView {
    const resolved = this.#resolved;
    const membership = this.#membership;
    const peers = this.#peers;
    const store = this.#store;
    const feed = this.#feed;
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
        this.#pool.add(transactionId, results, Number(Atomics.load(this.#height, 0)));
      },
      order: (envelope) => this.#order(envelope),
      clock: resolved.clock,
      log: resolved.log,
    };
  }

  /** Gives an envelope to the orderer; the orderer's reason when it refuses, with its status. */
  #order(bytes: Uint8Array): Refusal | undefined {
    if (this.#closing) {
      return { status: 'SERVICE_UNAVAILABLE', info: 'the ledger is closing' };
    }
    const parts = openEnvelope(bytes);
    if (!parts) {
      return badRequest('could not determine channel ID: envelope is malformed');
    }
    const size = parts.payloadBytes.length + parts.signature.length;
    const refusal = this.#admission.refusal(parts, size);
    if (refusal) {
      return refusal;
    }
    const stopped = this.#orderer.submit(bytes, size);
    return stopped === undefined ? undefined : { status: 'SERVICE_UNAVAILABLE', info: stopped };
  }

  organisation(mspId: string): EmbeddedOrganisation {
    const files = this.#identities.organisations.find((candidate) => candidate.mspId === mspId);
    const peer = this.#peers.find((candidate) => candidate.mspId === mspId);
    if (!files || !peer) {
      throw new Error(`Organisation ${mspId} is not on channel ${this.channel}.`);
    }
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
    this.#closing ??= this.#stop();
    return this.#closing;
  }

  async #stop(): Promise<void> {
    this.#orderer.flush();
    this.#feed.close();
    await Promise.all(this.#servers.map(shutDown));
    await Promise.all(this.#hosts.map((host) => host.close()));
    this.#store.close();
    this.#transient.close();
  }
}
