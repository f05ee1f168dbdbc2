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
import type { Network } from '@hyperledger/fabric-gateway';
import type { Logger } from 'pino';
import { BlockReader } from './blockReader';
import { type Connection, type ConnectionOptions, openConnection } from './connection';
import { Heights } from './heights';
import { LedgerError } from './ledgerError';
import { isRefusedForTime, toLedgerError } from './ledgerErrors';
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
import {
  type Deadlines,
  DEFAULT_DEADLINES,
  Submitter,
  type SubmitResult,
  type TransactionCall,
} from './submitter';
import * as wire from './wire';

export interface FabricLedgerOptions extends ConnectionOptions {
  readonly channel: string;
  readonly chaincode: string;
  /** Absent: read from the network's settings before the first write that needs it. */
  readonly trusteeMspId?: string;
  /**
   * Organisations that endorse the trustee's own writes to the Registry. Absent: the peer's discovery chooses.
   */
  readonly registryEndorsers?: readonly string[];
  readonly deadlines?: Partial<Deadlines>;
  /** Orderers that take a transaction when the own peer reaches none. Absent: only the peer hands transactions on. */
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
/** Small writes (registry, consent) are tried again by themselves after a conflict; batches are the recorder's to retry. */
const WRITE_ATTEMPTS = 6;
const WRITE_BACKOFF_MS = 25;

type Contract = 'Registry' | 'Consent' | 'Access';

class FabricGatewayLedger implements FabricLedger {
  readonly mspId: string;
  readonly #connection: Connection;
  readonly #network: Network;
  readonly #orderers: Orderers | undefined;
  readonly #own: OwnOrganisation;
  readonly #submitter: Submitter;
  readonly #blocks: BlockReader;
  readonly #heights: Heights;
  readonly #options: FabricLedgerOptions;
  #trustee: string | undefined;

  constructor(connection: Connection, options: FabricLedgerOptions) {
    this.mspId = options.identity.mspId;
    this.#connection = connection;
    this.#options = options;
    this.#network = connection.gateway.getNetwork(options.channel);
    this.#orderers = options.orderers === undefined ? undefined : new Orderers(options.orderers);
    const deadlines = { ...DEFAULT_DEADLINES, ...options.deadlines };
    this.#own = new OwnOrganisation({
      client: connection.client,
      gateway: connection.gateway,
      network: this.#network,
      channel: options.channel,
      mspId: this.mspId,
      signer: options.signer,
      deadlineMs: deadlines.evaluateMs,
    });
    this.#submitter = new Submitter({
      own: this.#own,
      gateway: connection.gateway,
      channel: options.channel,
      deadlines,
      orderers: this.#orderers,
      log: options.log,
    });
    this.#blocks = new BlockReader({
      network: this.#network,
      channel: options.channel,
      chaincode: options.chaincode,
      submitter: this.#submitter,
      own: this.#own,
      silenceMs: deadlines.evaluateMs,
    });
    this.#heights = new Heights({
      network: this.#network,
      channel: options.channel,
      mspId: this.mspId,
      trustee: () => this.#trusteeMspId(),
      submitter: this.#submitter,
    });
    this.#trustee = options.trusteeMspId;
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
    const submitted = await this.#submit(
      {
        contract: this.#contract('Access'),
        name: 'Record',
        args: [lane, String(seq)],
        transient: { batch: JSON.stringify(batch) },
        // Implicit collections are written, and the peer spreads transient data only to organisations that are named.
        endorsers: await this.#ownAndTrustee(),
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
        contract: this.#contract('Access'),
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
    // Both look at the time before they look at what they are to do, and this call brings nothing that they could do.
    const question =
      lane === undefined
        ? { contract: this.#contract('Consent'), name: 'Put', args: ['', '0'] }
        : { contract: this.#contract('Access'), name: 'Record', args: [lane, String(MAX_SEQ)] };
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
    return this.#find('Access', 'GetBatch', [lane, String(seq)], wire.parseBatchRecord);
  }

  async getEvents(lane: string, seq: number): Promise<PrivateBatch> {
    return wire.parsePrivateBatch(await this.#evaluate('Access', 'GetEvents', [lane, String(seq)]));
  }

  async getTrusteeCopy(lane: string, seq: number): Promise<PrivateBatch> {
    const copy = await this.#submitter.evaluate({
      contract: this.#contract('Access'),
      name: 'GetTrusteeCopy',
      args: [lane, String(seq)],
      endorsers: [await this.#trusteeMspId()],
    });
    return wire.parsePrivateBatch(copy);
  }

  async findConsent(subject: string): Promise<ConsentVersion | undefined> {
    return this.#find('Consent', 'Get', [subject], wire.parseConsentVersion);
  }

  async consentHistory(subject: string): Promise<readonly ConsentVersion[]> {
    return (await this.#find('Consent', 'History', [subject], wire.parseConsentHistory)) ?? [];
  }

  async putConsent(
    subject: string,
    policy: ConsentPolicy,
    expectedVersion: number,
  ): Promise<Committed & { readonly version: number }> {
    const random = this.#options.random ?? randomBytes;
    const changeId = Buffer.from(random(CHANGE_ID_BYTES)).toString('base64url');
    const submitted = await this.#write('Consent', 'Put', [subject, String(expectedVersion)], [this.mspId], {
      policy: JSON.stringify(policy),
      changeId,
    });
    return {
      ...committedOf(submitted),
      version: afterCommit(submitted, () => wire.parseVersion(submitted.result)),
    };
  }

  async initialise(settings: NetworkSettings): Promise<Committed> {
    return committedOf(
      await this.#write('Registry', 'Initialise', [JSON.stringify(settings)], this.#registryEndorsers()),
    );
  }

  async findSettings(): Promise<NetworkSettings | undefined> {
    try {
      return await this.#find('Registry', 'GetSettings', [], wire.parseSettings);
    } catch (error) {
      if (error instanceof LedgerError && error.domainCode === 'NOT_INITIALISED') {
        return undefined;
      }
      throw error;
    }
  }

  async admitOrganisation(organisation: Omit<Organisation, 'status'>): Promise<Committed> {
    return this.#registryWrite('AdmitOrganisation', [JSON.stringify(organisation)]);
  }

  async setOrganisationStatus(mspId: string, status: RegistryStatus): Promise<Committed> {
    return this.#registryWrite('SetOrganisationStatus', [mspId, status]);
  }

  async organisations(): Promise<readonly Organisation[]> {
    return wire.parseOrganisations(await this.#evaluate('Registry', 'ListOrganisations', []));
  }

  async putClient(client: Omit<ClientApplication, 'org' | 'status'>): Promise<Committed> {
    return this.#registryWrite('PutClient', [JSON.stringify(client)]);
  }

  async setClientStatus(clientId: string, status: RegistryStatus): Promise<Committed> {
    return this.#registryWrite('SetClientStatus', [clientId, status]);
  }

  async findClient(clientId: string): Promise<ClientApplication | undefined> {
    return this.#find('Registry', 'GetClient', [clientId], wire.parseClient);
  }

  async clients(mspId: string): Promise<readonly ClientApplication[]> {
    return wire.parseClients(await this.#evaluate('Registry', 'ListClients', [mspId]));
  }

  async *events(after: LedgerPosition | undefined, signal: AbortSignal): AsyncIterable<LedgerEvent> {
    const stream = await this.#openEvents(after);
    const stop = (): void => {
      stream.close();
    };
    signal.addEventListener('abort', stop, { once: true });
    try {
      if (signal.aborted) {
        return;
      }
      for await (const event of stream) {
        const position = { block: event.blockNumber, transactionId: event.transactionId };
        this.#heights.note(position.block);
        const parsed = wire.parseLedgerEvent(event.eventName, event.payload, position);
        if (parsed === undefined) {
          this.#options.log.warn({ event: event.eventName }, 'unknown chaincode event skipped');
        } else {
          yield parsed;
        }
      }
      throw new LedgerError('unavailable', 'the peer ended the event stream');
    } catch (error) {
      if (!signal.aborted) {
        this.#own.forget();
        throw toLedgerError(error, 'events');
      }
    } finally {
      signal.removeEventListener('abort', stop);
      stream.close();
    }
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

  async #openEvents(after: LedgerPosition | undefined) {
    await this.#own.prove();
    try {
      return await this.#network.getChaincodeEvents(
        this.#options.chaincode,
        after === undefined
          ? { startBlock: 0n }
          : {
              checkpoint: {
                getBlockNumber: () => after.block,
                getTransactionId: () => after.transactionId,
              },
            },
      );
    } catch (error) {
      throw toLedgerError(error, 'events');
    }
  }

  async #submit(call: TransactionCall, options?: CallOptions): Promise<SubmitResult> {
    const submitted = await this.#submitter.submit(call, options);
    this.#heights.note(submitted.block);
    return submitted;
  }

  #contract(name: Contract) {
    return this.#network.getContract(this.#options.chaincode, name);
  }

  /** Reads on the own organisation's peer: it has what this process just committed, and its own private data. */
  async #evaluate(contract: Contract, name: string, args: readonly string[]): Promise<Uint8Array> {
    return this.#submitter.evaluate({
      contract: this.#contract(contract),
      name,
      args,
      endorsers: [this.mspId],
    });
  }

  async #find<T>(
    contract: Contract,
    name: string,
    args: readonly string[],
    parse: (bytes: Uint8Array) => T,
  ): Promise<T | undefined> {
    try {
      return parse(await this.#evaluate(contract, name, args));
    } catch (error) {
      if (error instanceof LedgerError && error.domainCode === 'NOT_FOUND') {
        return undefined;
      }
      throw error;
    }
  }

  async #registryWrite(name: string, args: readonly string[]): Promise<Committed> {
    const endorsers =
      this.mspId === (await this.#trusteeMspId()) ? this.#registryEndorsers() : await this.#ownAndTrustee();
    return committedOf(await this.#write('Registry', name, args, endorsers));
  }

  #registryEndorsers(): readonly string[] {
    return this.#options.registryEndorsers ?? [];
  }

  /**
   * A write that reads what an earlier one wrote meets peers that have not committed that one yet (their answers then differ), so it is
   * proposed again a few times. Nothing was written by the attempts before.
   */
  async #write(
    contract: Contract,
    name: string,
    args: readonly string[],
    endorsers: readonly string[],
    transient?: Readonly<Record<string, string>>,
  ): Promise<SubmitResult> {
    const call = { contract: this.#contract(contract), name, args, endorsers };
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#submit(transient === undefined ? call : { ...call, transient });
      } catch (error) {
        if (!(error instanceof LedgerError) || error.kind !== 'retryable' || attempt === WRITE_ATTEMPTS) {
          throw error;
        }
        await pause(WRITE_BACKOFF_MS * 2 ** attempt * (0.5 + Math.random()));
      }
    }
  }

  async #ownAndTrustee(): Promise<readonly string[]> {
    const trustee = await this.#trusteeMspId();
    return trustee === this.mspId ? [trustee] : [this.mspId, trustee];
  }

  async #trusteeMspId(): Promise<string> {
    if (this.#trustee === undefined) {
      const settings = await this.findSettings();
      if (settings === undefined) {
        throw new LedgerError(
          'rejected',
          'the network has no settings yet: the trustee has to initialise it',
          {
            domainCode: 'NOT_INITIALISED',
          },
        );
      }
      this.#trustee = settings.trustee;
    }
    return this.#trustee;
  }
}

/** A transaction is on the ledger, whatever its answer looks like: who cannot read the answer reads the ledger instead. */
function afterCommit<T>({ transactionId }: SubmitResult, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new LedgerError('unknown', 'the transaction is committed, but its answer cannot be read', {
      transactionId,
      cause: error,
    });
  }
}

function committedOf(submitted: SubmitResult): Committed {
  return { transactionId: submitted.transactionId, block: submitted.block };
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
