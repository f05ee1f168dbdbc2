// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto';
import {
  type BatchInput,
  type BatchRecord,
  type ClientApplication,
  type ConsentPolicy,
  MAX_SEQ,
  type NetworkSettings,
  type Organisation,
  type PrivateBatch,
  type RegistryStatus,
} from '@chartwitness/chaincode/domain';
import type { Logger } from 'pino';
import { BlockReader } from './blockReader';
import { type Connection, type ConnectionOptions, openConnection } from './connection';
import { eventStream, type EventStreamOptions } from './eventStream';
import { Heights } from './heights';
import { afterCommit, committedOf, found, LedgerCalls } from './ledgerCalls';
import { LedgerError } from './ledgerError';
import { isRefusedForTime } from './ledgerErrors';
import { Orderers, type OrderersOptions } from './orderers';
import { OwnOrganisation } from './ownOrganisation';
import type {
  CallOptions,
  Committed,
  ConsentVersion,
  LedgerBlock,
  LedgerEvent,
  LedgerPosition,
  LedgerTip,
  ProvenanceLedger,
  RecordedBatch,
} from './provenanceLedger';
import { RegistryCalls } from './registryCalls';
import { type Deadlines, DEFAULT_DEADLINES, Submitter } from './submitter';
import * as wire from './wire';

export interface FabricLedgerOptions extends ConnectionOptions {
  readonly channel: string;
  readonly chaincode: string;
  /** Absent: read from the network's settings before the first write that needs it. */
  readonly trusteeMspId?: string;
  /**
   * Organisations that endorse the trustee's own writes to the Registry. Absent: the peer's discovery
   * chooses.
   */
  readonly registryEndorsers?: readonly string[];
  readonly deadlines?: Partial<Deadlines>;
  /**
   * Orderers that take a transaction when the own peer reaches none. Absent: only the peer hands transactions
   * on.
   */
  readonly orderers?: OrderersOptions;
  readonly log: Logger;
  /** Source of change ids; the platform's secure one unless given. */
  readonly random?: (bytes: number) => Uint8Array;
}

/** The ledger over one peer connection. `close` ends the connection; calls in flight fail. */
export interface FabricLedger extends ProvenanceLedger {
  close(): void;
}

/**
 * Opens the connection and checks the identity; makes no call, so it succeeds while the peer is away.
 * @throws Error when the certificate has expired or does not belong to the signer's key.
 */
export async function connectLedger(options: FabricLedgerOptions): Promise<FabricLedger> {
  return new FabricGatewayLedger(await openConnection(options), options);
}

const CHANGE_ID_BYTES = 16;

class FabricGatewayLedger implements FabricLedger {
  readonly mspId: string;
  readonly #connection: Connection;
  readonly #orderers: Orderers | undefined;
  readonly #submitter: Submitter;
  readonly #calls: LedgerCalls;
  readonly #registry: RegistryCalls;
  readonly #blocks: BlockReader;
  readonly #heights: Heights;
  readonly #events: EventStreamOptions;
  readonly #random: (bytes: number) => Uint8Array;

  constructor(connection: Connection, options: FabricLedgerOptions) {
    const { channel, chaincode, log } = options;
    this.mspId = options.identity.mspId;
    this.#connection = connection;
    this.#random = options.random ?? randomBytes;
    const network = connection.gateway.getNetwork(channel);
    this.#orderers = options.orderers === undefined ? undefined : new Orderers(options.orderers);
    const deadlines = { ...DEFAULT_DEADLINES, ...options.deadlines };
    const own = new OwnOrganisation({
      client: connection.client,
      gateway: connection.gateway,
      network,
      channel,
      mspId: this.mspId,
      signer: options.signer,
      deadlineMs: deadlines.evaluateMs,
    });
    this.#submitter = new Submitter({
      own,
      gateway: connection.gateway,
      channel,
      deadlines,
      orderers: this.#orderers,
      log,
    });
    this.#blocks = new BlockReader({
      network,
      channel,
      chaincode,
      submitter: this.#submitter,
      own,
      silenceMs: deadlines.evaluateMs,
    });
    this.#heights = new Heights({
      network,
      channel,
      mspId: this.mspId,
      trustee: () => this.#calls.trusteeMspId(),
      submitter: this.#submitter,
    });
    this.#calls = new LedgerCalls({
      network,
      chaincode,
      mspId: this.mspId,
      submitter: this.#submitter,
      heights: this.#heights,
      trusteeMspId: options.trusteeMspId,
    });
    this.#registry = new RegistryCalls(this.#calls, options.registryEndorsers);
    this.#events = { network, chaincode, own, heights: this.#heights, log };
  }

  close(): void {
    this.#orderers?.close();
    this.#connection.close();
  }

  async recordBatch(
    lane: string,
    seq: number,
    batch: BatchInput,
    options?: CallOptions,
  ): Promise<RecordedBatch> {
    const submitted = await this.#calls.submit(
      {
        contract: this.#calls.contract('Access'),
        name: 'Record',
        args: [lane, String(seq)],
        transient: { batch: JSON.stringify(batch) },
        // Implicit collections are written, and the peer spreads transient data only to organisations that
        // are named.
        ...(await this.#calls.ownAndTrustee()),
      },
      options,
    );
    return {
      transactionId: submitted.transactionId,
      block: submitted.block,
      permitted: afterCommit(submitted, () =>
        wire.parsePermitted(
          submitted.result,
          batch.requests.map((request) => request.items.length),
        ),
      ),
    };
  }

  async evaluateBatch(
    lane: string,
    batch: BatchInput,
    options: { readonly timeoutMs?: number } = {},
  ): Promise<readonly (readonly boolean[])[]> {
    const result = await this.#submitter.evaluate(
      {
        contract: this.#calls.contract('Access'),
        name: 'Record',
        // A place that no lane reaches is never taken.
        args: [lane, String(MAX_SEQ)],
        transient: { batch: JSON.stringify(batch) },
        endorsers: [this.mspId],
      },
      options.timeoutMs,
    );
    return wire.parsePermitted(
      result,
      batch.requests.map((request) => request.items.length),
    );
  }

  async takesTime(mspId: string, lane?: string): Promise<boolean> {
    // Both look at the time before they look at what they are to do, and this call brings nothing that they
    // could do.
    const question =
      lane === undefined
        ? { contract: this.#calls.contract('Consent'), name: 'Put', args: ['', '0'] }
        : { contract: this.#calls.contract('Access'), name: 'Record', args: [lane, String(MAX_SEQ)] };
    try {
      await this.#submitter.evaluate({ ...question, endorsers: [mspId] });
      return true;
    } catch (error) {
      if (isRefusedForTime(error)) {
        return false;
      }
      if (error instanceof LedgerError && error.domainCode === 'INVALID_INPUT') {
        return true;
      }
      throw error;
    }
  }

  async findBatch(lane: string, seq: number): Promise<BatchRecord | undefined> {
    return this.#calls.find('Access', 'GetBatch', [lane, String(seq)], wire.parseBatchRecord);
  }

  async getEvents(lane: string, seq: number): Promise<PrivateBatch> {
    return wire.parsePrivateBatch(await this.#calls.evaluate('Access', 'GetEvents', [lane, String(seq)]));
  }

  async getTrusteeCopy(lane: string, seq: number): Promise<PrivateBatch> {
    return wire.parsePrivateBatch(
      await this.#calls.askTrustee('Access', 'GetTrusteeCopy', [lane, String(seq)]),
    );
  }

  async trusteeLanes(): Promise<readonly string[]> {
    return wire.parseLanes(await this.#calls.askTrustee('Access', 'ListLanes', []));
  }

  async findTrusteeBatch(lane: string, seq: number): Promise<BatchRecord | undefined> {
    return found(
      async () => this.#calls.askTrustee('Access', 'GetBatch', [lane, String(seq)]),
      wire.parseBatchRecord,
    );
  }

  async findConsent(subject: string): Promise<ConsentVersion | undefined> {
    return this.#calls.find('Consent', 'Get', [subject], wire.parseConsentVersion);
  }

  async consentHistory(subject: string): Promise<readonly ConsentVersion[]> {
    return (await this.#calls.find('Consent', 'History', [subject], wire.parseConsentHistory)) ?? [];
  }

  async putConsent(
    subject: string,
    policy: ConsentPolicy,
    expectedVersion: number,
  ): Promise<Committed & { readonly version: number }> {
    const changeId = Buffer.from(this.#random(CHANGE_ID_BYTES)).toString('base64url');
    const submitted = await this.#calls.write(
      'Consent',
      'Put',
      [subject, String(expectedVersion)],
      { endorsers: [this.mspId] },
      {
        policy: JSON.stringify(policy),
        changeId,
      },
    );
    return {
      ...committedOf(submitted),
      version: afterCommit(submitted, () => wire.parseVersion(submitted.result)),
    };
  }

  initialise(settings: NetworkSettings): Promise<Committed> {
    return this.#registry.initialise(settings);
  }

  findSettings(): Promise<NetworkSettings | undefined> {
    return this.#registry.findSettings();
  }

  admitOrganisation(organisation: Omit<Organisation, 'status'>): Promise<Committed> {
    return this.#registry.admitOrganisation(organisation);
  }

  setOrganisationStatus(mspId: string, status: RegistryStatus): Promise<Committed> {
    return this.#registry.setOrganisationStatus(mspId, status);
  }

  organisations(): Promise<readonly Organisation[]> {
    return this.#registry.organisations();
  }

  putClient(client: Omit<ClientApplication, 'org' | 'status'>): Promise<Committed> {
    return this.#registry.putClient(client);
  }

  setClientStatus(clientId: string, status: RegistryStatus): Promise<Committed> {
    return this.#registry.setClientStatus(clientId, status);
  }

  findClient(clientId: string): Promise<ClientApplication | undefined> {
    return this.#registry.findClient(clientId);
  }

  clients(mspId: string): Promise<readonly ClientApplication[]> {
    return this.#registry.clients(mspId);
  }

  events(after: LedgerPosition | undefined, signal: AbortSignal): AsyncIterable<LedgerEvent> {
    return eventStream(this.#events, after, signal);
  }

  ownHeight(): Promise<bigint> {
    return this.#heights.own();
  }

  knownHeight(timeoutMs: number): Promise<bigint> {
    return this.#heights.known(timeoutMs);
  }

  async height(): Promise<bigint> {
    return (await this.tip()).height;
  }

  tip(): Promise<LedgerTip> {
    return this.#blocks.tip();
  }

  findBlock(number: bigint): Promise<LedgerBlock | undefined> {
    return this.#blocks.find(number);
  }

  findEventBlock(from: bigint, to: bigint, signal: AbortSignal): Promise<bigint | undefined> {
    return this.#blocks.findEventBlock(from, to, signal);
  }
}
