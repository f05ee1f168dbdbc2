// SPDX-License-Identifier: Apache-2.0
import path from 'node:path';
import type { Server } from '@grpc/grpc-js';
import { packageId } from './chaincodeDefinition';
import { EmbeddedChannel } from './channel';
import { openIdentities, type Identities } from './identity/identities';
import { serializeIdentity } from './identity/membership';
import type { OrganisationFiles } from './identity/organisationFiles';
import type { EmbeddedLedger, EmbeddedLedgerOptions, EmbeddedOrganisation } from './options';
import { badRequest, type Refusal } from './ordering/admission';
import { openEnvelope } from './protocol/preparedTransaction';
import { resolveOptions, type Resolved } from './resolvedOptions';
import type { JoinedChannel, PeerNode } from './services/channelView';
import { bind, newPeerServer, shutDown } from './services/peerServer';
import { ChaincodeHost } from './simulation/chaincodeHost';

/**
 * Starts the ledger: makes what is missing in `dataDir`, starts each organisation's peer and resolves when
 * all of them accept calls. Rejects when the chaincode cannot be loaded, a port is taken or an option cannot
 * be used.
 */
export async function startEmbeddedLedger(options: EmbeddedLedgerOptions): Promise<EmbeddedLedger> {
  const resolved = resolveOptions(options);
  const identities = await openIdentities(resolved);
  const channels = openChannels(resolved, identities);
  const ledger = new RunningLedger(resolved, identities, channels);
  try {
    await ledger.start();
  } catch (error) {
    await ledger.close();
    throw error;
  }
  return ledger;
}

/** All or none. */
function openChannels(resolved: Resolved, identities: Identities): EmbeddedChannel[] {
  const opened: EmbeddedChannel[] = [];
  try {
    for (const channel of resolved.channels) {
      opened.push(new EmbeddedChannel(channel, { resolved, identities }));
    }
    return opened;
  } catch (error) {
    for (const channel of opened) {
      channel.closeFiles();
    }
    throw error;
  }
}

/** One organisation's peer, with one address and one chaincode thread for all channels that it has joined. */
interface Node extends PeerNode {
  files: OrganisationFiles;
  host: ChaincodeHost;
  endpoint: string;
}

class RunningLedger implements EmbeddedLedger {
  readonly channel: string;
  readonly chaincodeName: string;
  readonly #channels: ReadonlyMap<string, EmbeddedChannel>;
  readonly #nodes: Node[];
  readonly #servers: Server[] = [];
  #closing: Promise<void> | undefined;

  readonly #resolved: Resolved;

  constructor(resolved: Resolved, identities: Identities, channels: readonly EmbeddedChannel[]) {
    this.#resolved = resolved;
    this.channel = resolved.first.name;
    this.chaincodeName = resolved.first.definition.name;
    this.#channels = new Map(channels.map((channel) => [channel.name, channel]));
    this.#nodes = identities.organisations.map((files) => this.#newNode(files));
  }

  async start(): Promise<void> {
    const { log, mspIds } = this.#resolved;
    const names = [...this.#channels.keys()];
    log(
      `embedded ledger, ${names.length === 1 ? 'channel' : 'channels'} ${names.join(', ')}, organisations ${mspIds.join(', ')}: one process plays all of them and the orderer. They are not independent parties, and there is no fault tolerance.`,
    );
    for (const channel of this.#channels.values()) {
      channel.start();
    }
    await Promise.all(this.#nodes.map(({ host }) => host.start()));
    await this.#listen();
  }

  #newNode(files: OrganisationFiles): Node {
    const { mspId } = files;
    const own = new Map([...this.#channels].filter(([, channel]) => channel.hasMember(mspId)));
    const host = this.#newHost(files, [...own.values()]);
    const ledgerOf = (name: string): EmbeddedChannel['ledger'] | undefined => own.get(name)?.ledger;
    const joined = [...own].map(([name, channel]): [string, JoinedChannel] => [
      name,
      channel.join(files, host, ledgerOf),
    ]);
    return {
      mspId,
      files,
      host,
      endpoint: '',
      channels: new Map(joined),
      order: (envelope) => this.#order(envelope),
      clock: this.#resolved.clock,
      log: this.#resolved.log,
    };
  }

  #newHost(files: OrganisationFiles, channels: readonly EmbeddedChannel[]): ChaincodeHost {
    const { options, first, log } = this.#resolved;
    const { definition } = first;
    const module = path.resolve(options.chaincode.module);
    return new ChaincodeHost({
      settings: {
        module,
        chaincodeVersion: definition.version,
        chaincodeId: packageId(definition.name, definition.version, module),
        mspId: files.mspId,
        channels: channels.map(({ forWorkers }) => forWorkers),
        endorser: serializeIdentity(files.mspId, files.node.certificatePem),
        endorserKeyPem: files.node.privateKeyPem,
      },
      onExit: options.chaincode.onExit ?? 'restart',
      executeTimeoutMs: options.chaincode.executeTimeoutMs ?? 30_000,
      log,
      stopped: () => {
        for (const { host } of this.#nodes) {
          host.stop();
        }
      },
    });
  }

  async #listen(): Promise<void> {
    const { host = '127.0.0.1', port = 0 } = this.#resolved.options.listen ?? {};
    for (const [i, node] of this.#nodes.entries()) {
      const server = newPeerServer(node);
      const bound = await bind(server, host, port === 0 ? 0 : port + i);
      this.#servers.push(server);
      node.endpoint = `${host}:${bound}`;
      for (const { local } of node.channels.values()) {
        local.endpoint = node.endpoint;
      }
      this.#resolved.log(`peer of ${node.mspId} at ${node.endpoint}`);
    }
  }

  /** Gives an envelope to its channel's orderer; the reason when it is refused, with a status. */
  #order(bytes: Uint8Array): Refusal | undefined {
    if (this.#closing) {
      return { status: 'SERVICE_UNAVAILABLE', info: 'the ledger is closing' };
    }
    const parts = openEnvelope(bytes);
    if (!parts) {
      return badRequest('could not determine channel ID: envelope is malformed');
    }
    const channel = this.#channels.get(parts.channelHeader.getChannelId());
    return channel === undefined ? badRequest('channel does not exist') : channel.order(bytes, parts);
  }

  organisation(mspId: string): EmbeddedOrganisation {
    const node = this.#nodes.find((candidate) => candidate.mspId === mspId);
    if (!node) {
      throw new Error(`Organisation ${mspId} is not on channel ${this.channel}.`);
    }
    const { files, endpoint } = node;
    const users = [...files.users].map(([name, { certificatePem, certificatePath, privateKeyPath }]) => [
      name,
      { certificatePem, certificatePath, privateKeyPath },
    ]);
    return {
      mspId,
      endpoint,
      caCertificatePem: files.authority.certificatePem,
      users: Object.fromEntries(users) as EmbeddedOrganisation['users'],
    };
  }

  close(): Promise<void> {
    this.#closing ??= this.#stop();
    return this.#closing;
  }

  async #stop(): Promise<void> {
    const channels = [...this.#channels.values()];
    for (const channel of channels) {
      channel.finish();
    }
    await Promise.all(this.#servers.map(shutDown));
    await Promise.all(this.#nodes.map(({ host }) => host.close()));
    for (const channel of channels) {
      channel.closeFiles();
    }
  }
}
