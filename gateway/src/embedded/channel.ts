// SPDX-License-Identifier: Apache-2.0
import { createPrivateKey } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { bootstrap } from './bootstrap';
import { Committer } from './commit/committer';
import { PrivateDataPool } from './commit/privateDataPool';
import type { Identities } from './identity/identities';
import { Membership, serializeIdentity } from './identity/membership';
import type { OrganisationFiles } from './identity/organisationFiles';
import { Admission, type Refusal } from './ordering/admission';
import { Orderer } from './ordering/orderer';
import { Peer } from './peer';
import type { SignaturePolicy } from './policy/signaturePolicy';
import { LIFECYCLE } from './protocol/lifecycle';
import type { EnvelopeParts } from './protocol/preparedTransaction';
import { ORDERER_MSP, type Resolved, type ResolvedChannel } from './resolvedOptions';
import { BlockFeed } from './services/blockFeed';
import type { ChannelView, JoinedChannel } from './services/channelView';
import type { ReadableLedger } from './services/systemChaincode';
import type { ChaincodeHost } from './simulation/chaincodeHost';
import type { WorkerChannel } from './simulation/workerMessages';
import { LedgerStore } from './store/ledgerStore';
import { TransientStore } from './store/transientStore';
import { checkTransaction } from './validation/transactionValidator';

/** What a channel shares with the others. */
export interface ChannelSurroundings {
  resolved: Resolved;
  identities: Identities;
}

/** One channel: its ledger, its orderer and the peers that have joined it. */
export class EmbeddedChannel {
  readonly name: string;
  readonly #channel: ResolvedChannel;
  readonly #clock: () => number;
  readonly #ordering: OrganisationFiles;
  readonly #members: readonly OrganisationFiles[];
  readonly #membership: Membership;
  readonly #store: LedgerStore;
  readonly #transient: TransientStore;
  readonly #pool: PrivateDataPool;
  readonly #feed: BlockFeed;
  readonly #height = new BigInt64Array(new SharedArrayBuffer(8));
  readonly #committer: Committer;
  readonly #admission: Admission;
  readonly #orderer: Orderer;
  readonly #peers: Peer[] = [];
  readonly #view: ChannelView;

  /** Opens or makes the channel's files. @throws Error when they are not this ledger's. */
  constructor(channel: ResolvedChannel, { resolved, identities }: ChannelSurroundings) {
    const { clock, log } = resolved;
    this.name = channel.name;
    this.#channel = channel;
    this.#clock = clock;
    this.#ordering = identities.ordering;
    this.#members = identities.organisations.filter(({ mspId }) => channel.mspIds.includes(mspId));
    const authorities = [...this.#members, identities.ordering];
    this.#membership = new Membership(
      authorities.map(({ mspId, authority }) => [mspId, authority.certificatePem]),
    );
    const folder = folderOf(channel, resolved);
    this.#store = LedgerStore.open(path.join(folder, 'blocks.db'));
    this.#transient = TransientStore.open(path.join(folder, 'transient.db'), log);
    this.#pool = new PrivateDataPool(this.#transient);
    const { reader } = this.#store;
    this.#feed = new BlockFeed(reader);
    this.#committer = this.#newCommitter();
    this.#admission = new Admission({
      access: channel.access,
      absoluteMaxBytes: channel.limits.absoluteMaxBytes,
      membership: this.#membership,
      reader,
      pool: this.#pool,
      clock,
    });
    this.#orderer = new Orderer(
      channel.limits,
      (envelopes) => {
        this.#committer.commit(envelopes);
      },
      (error) => {
        log(`channel ${channel.name} stops taking transactions: ${error.stack ?? error.message}`);
      },
    );
    this.#view = this.#newView();
  }

  #newCommitter(): Committer {
    const { mspIds, chaincodePolicy, definition, collections, name } = this.#channel;
    const { node } = this.#ordering;
    const membership = this.#membership;
    const store = this.#store;
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
        identity: serializeIdentity(ORDERER_MSP, node.certificatePem),
        privateKey: createPrivateKey(node.privateKeyPem),
      },
      organisations: mspIds,
      collections: () => collections,
      check: (envelope) =>
        checkTransaction(envelope, {
          channel: name,
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

  #newView(): ChannelView {
    const { name, definition, access, chaincodePolicy, collections } = this.#channel;
    return {
      channelId: name,
      chaincodeName: definition.name,
      membership: this.#membership,
      access,
      peers: this.#peers,
      reader: this.#store.reader,
      feed: this.#feed,
      chaincodePolicy: () => chaincodePolicy,
      collections: () => collections,
      keepPrivateData: (transactionId, results) => {
        this.#pool.add(transactionId, results, Number(Atomics.load(this.#height, 0)));
      },
    };
  }

  #publishHeight(height: number): void {
    Atomics.store(this.#height, 0, BigInt(height));
  }

  hasMember(mspId: string): boolean {
    return this.#channel.mspIds.includes(mspId);
  }

  /** What the members' chaincode threads know of this channel. */
  get forWorkers(): WorkerChannel {
    const { name, definition, mspIds, rules } = this.#channel;
    return {
      channel: name,
      chaincodeName: definition.name,
      organisations: mspIds,
      collections: [...definition.collections],
      rules,
      storeFile: this.#store.file,
      height: this.#height.buffer,
    };
  }

  /** The chain, and who may read it. */
  get ledger(): ReadableLedger {
    return { reader: this.#store.reader, access: this.#channel.access };
  }

  /** Makes the peer of a member here; its chaincode runs in `host`. */
  join(
    files: OrganisationFiles,
    host: ChaincodeHost,
    ledgerOf: (channel: string) => ReadableLedger | undefined,
  ): JoinedChannel {
    const local = new Peer({
      mspId: files.mspId,
      identity: serializeIdentity(files.mspId, files.node.certificatePem),
      privateKey: createPrivateKey(files.node.privateKeyPem),
      channel: this.name,
      chaincodeName: this.#channel.definition.name,
      membership: this.#membership,
      access: this.#channel.access,
      reader: this.#store.reader,
      host,
      ledgerOf,
      clock: this.#clock,
    });
    this.#peers.push(local);
    return { view: this.#view, local };
  }

  /** Appends the blocks that bring the chain to the options. */
  start(): void {
    const [channel, organisations, ordering, clock] = [
      this.#channel,
      this.#members,
      this.#ordering,
      this.#clock,
    ];
    const { reader } = this.#store;
    bootstrap({ channel, organisations, ordering, clock }, reader, this.#committer);
    this.#publishHeight(reader.height());
  }

  /** Gives an envelope to the orderer; the orderer's reason when it refuses, with its status. */
  order(bytes: Uint8Array, parts: EnvelopeParts): Refusal | undefined {
    const size = parts.payloadBytes.length + parts.signature.length;
    const refusal = this.#admission.refusal(parts, size);
    if (refusal) {
      return refusal;
    }
    const stopped = this.#orderer.submit(bytes, size);
    return stopped === undefined ? undefined : { status: 'SERVICE_UNAVAILABLE', info: stopped };
  }

  /** Commits what was accepted, and ends the calls that wait for more. */
  finish(): void {
    this.#orderer.flush();
    this.#feed.close();
  }

  closeFiles(): void {
    this.#store.close();
    this.#transient.close();
  }
}

/** The first channel's files lie in the ledger's folder itself: a ledger of one channel is taken over. */
function folderOf({ name }: ResolvedChannel, { options, first }: Resolved): string {
  if (name === first.name) {
    return options.dataDir;
  }
  const folder = path.join(options.dataDir, 'channels', name);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  return folder;
}
