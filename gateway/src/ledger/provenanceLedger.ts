// SPDX-License-Identifier: Apache-2.0
import type {
  AccessRecorded,
  BatchInput,
  BatchRecord,
  ClientApplication,
  ConsentChanged,
  ConsentDocument,
  ConsentPolicy,
  NetworkSettings,
  Organisation,
  PrivateBatch,
  RegistryChanged,
  RegistryStatus,
} from '@chartwitness/chaincode/domain';

/** Where a transaction ended up. */
export interface Committed {
  readonly transactionId: string;
  readonly block: bigint;
}

/**
 * Position after which events are wanted: everything up to and including this transaction has been handled.
 * An empty `transactionId` means from the start of `block`, none of whose transactions has been handled.
 */
export interface LedgerPosition {
  readonly block: bigint;
  readonly transactionId: string;
}

export type LedgerEvent = LedgerPosition &
  (
    | { readonly name: 'AccessRecorded'; readonly payload: AccessRecorded }
    | { readonly name: 'ConsentChanged'; readonly payload: ConsentChanged }
    | { readonly name: 'RegistryChanged'; readonly payload: RegistryChanged }
  );

/**
 * What identifies a block: on one ledger a number has one hash, and the hash stands for everything before it.
 */
export interface LedgerBlock {
  readonly number: bigint;
  /** Hash of the header, base64url. */
  readonly hash: string;
  /** Of every transaction in it, valid or not. */
  readonly transactionIds: readonly string[];
}

/** How far a ledger reaches. */
export interface LedgerTip {
  /** Number of blocks. */
  readonly height: bigint;
  /** Hash of the last block's header, base64url. */
  readonly hash: string;
}

export interface RecordedBatch extends Committed {
  /** Whether each item of each request is permitted, in the order of the batch. */
  readonly permitted: readonly (readonly boolean[])[];
}

export interface ConsentVersion {
  readonly document: ConsentDocument;
  /** Transaction time: RFC 3339 UTC. */
  readonly at: string;
}

export interface CallOptions {
  readonly signal?: AbortSignal;
  /**
   * The peers have endorsed the transaction, and it is handed in next; what this throws keeps it from that
   * and is passed on.
   */
  readonly onEndorsed?: () => void;
}

/**
 * The provenance chaincode as the gateway sees it. Every method throws {@link LedgerError}.
 * Implemented over the fabric-gateway client alone; nothing here knows whether the peer is embedded.
 */
export interface ProvenanceLedger {
  /** MSP id of the identity that signs. */
  readonly mspId: string;
  /** Commits one batch. Does not retry; the error says whether the outcome is known. */
  recordBatch(lane: string, seq: number, batch: BatchInput, options?: CallOptions): Promise<RecordedBatch>;
  /**
   * What the own organisation's peer would decide of the batch now: nothing is recorded.
   * @param options.timeoutMs longest wait for the answer; absent: that of every evaluation.
   */
  evaluateBatch(
    lane: string,
    batch: BatchInput,
    options?: { readonly timeoutMs?: number },
  ): Promise<readonly (readonly boolean[])[]>;
  /**
   * Whether a peer of the organisation would take what is made now: within 60 s of its own clock. Nothing is
   * recorded.
   * @param mspId whose peer is asked, by way of the own one.
   * @param lane of the own organisation, to ask as a holder about a batch; absent: to ask as the trustee
   *   about a consent.
   */
  takesTime(mspId: string, lane?: string): Promise<boolean>;
  findBatch(lane: string, seq: number): Promise<BatchRecord | undefined>;
  /** The batch's private events, from the caller's own organisation's peer. */
  getEvents(lane: string, seq: number): Promise<PrivateBatch>;
  /**
   * The same as the trustee has them, asked of its peer by way of the own one; for the lane's own holder. The
   * answer is that one peer's word: hold it against the public record.
   */
  getTrusteeCopy(lane: string, seq: number): Promise<PrivateBatch>;
  /**
   * The own organisation's lanes that have a batch, as the trustee's peer knows them: it has them all also
   * while the own one catches up.
   */
  trusteeLanes(): Promise<readonly string[]>;
  /** The public record of a batch as the trustee's peer has it, asked by way of the own one. */
  findTrusteeBatch(lane: string, seq: number): Promise<BatchRecord | undefined>;

  findConsent(subject: string): Promise<ConsentVersion | undefined>;
  /** Oldest first. */
  consentHistory(subject: string): Promise<readonly ConsentVersion[]>;
  /** @param expectedVersion version that the change starts from; 0 when none is on file. */
  putConsent(
    subject: string,
    policy: ConsentPolicy,
    expectedVersion: number,
  ): Promise<Committed & { readonly version: number }>;

  initialise(settings: NetworkSettings): Promise<Committed>;
  findSettings(): Promise<NetworkSettings | undefined>;
  admitOrganisation(organisation: Omit<Organisation, 'status'>): Promise<Committed>;
  setOrganisationStatus(mspId: string, status: RegistryStatus): Promise<Committed>;
  organisations(): Promise<readonly Organisation[]>;
  putClient(client: Omit<ClientApplication, 'org' | 'status'>): Promise<Committed>;
  setClientStatus(clientId: string, status: RegistryStatus): Promise<Committed>;
  findClient(clientId: string): Promise<ClientApplication | undefined>;
  clients(mspId: string): Promise<readonly ClientApplication[]>;

  /**
   * Chaincode events in ledger order, from `after` (exclusive), else from the first block. Ends when `signal`
   * aborts; throws {@link LedgerError} `unavailable` when the stream breaks, and the caller resumes from its
   * own checkpoint.
   */
  events(after: LedgerPosition | undefined, signal: AbortSignal): AsyncIterable<LedgerEvent>;
  /** How many blocks the own organisation's peer has. */
  ownHeight(): Promise<bigint>;
  /**
   * How many blocks the ledger certainly has: the highest of which this process has seen anything, and what
   * the trustee's peer says when it is asked through the own one and answers within `timeoutMs`. Never
   * rejects; 0 where nothing is known.
   */
  knownHeight(timeoutMs: number): Promise<bigint>;
  /** Number of blocks in the channel (qscc GetChainInfo). */
  height(): Promise<bigint>;
  /** The same, with the last block's hash. */
  tip(): Promise<LedgerTip>;
  /**
   * A block, in one call to one peer, so that number, hash and content belong together whichever peer
   * answers.
   * @returns `undefined` when the peer does not have it yet. `BLOCKS_MISSING` when it never will.
   */
  findBlock(number: bigint): Promise<LedgerBlock | undefined>;
  /**
   * The first block in [`from`, `to`) that holds a valid transaction with an event that {@link events} would
   * give. Read from the blocks themselves, independently of the stream of events. `undefined`: there is none,
   * or `signal` aborted. `PEER_BEHIND` when the peer does not give the next block within the deadline of a
   * read.
   */
  findEventBlock(from: bigint, to: bigint, signal: AbortSignal): Promise<bigint | undefined>;
}
