// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import {
  type AccessEvent,
  type AccessRequest,
  type BatchInput,
  type BatchRecord,
  batchRecordOf,
  type DomainErrorCode,
  outcomeOf,
  parseBatchInput,
  type PrivateBatch,
  NOBODYS_CLIENT,
} from '@chartwitness/chaincode/domain';
import { LedgerError } from '../../../../gateway/src/ledger/ledgerError';
import type { CallOptions, RecordedBatch } from '../../../../gateway/src/ledger/provenanceLedger';
import type { RecordingLedger } from '../../../../gateway/src/recorder/recorder';

/** What happens to one `recordBatch`. */
export type Fault =
  | { readonly kind: 'none' }
  /** Refused before ordering; a new attempt may succeed. */
  | { readonly kind: 'conflict' }
  | { readonly kind: 'away' }
  | { readonly kind: 'refused'; readonly code: DomainErrorCode }
  /** The reply is lost: nothing was written, it was written, or it is written by the next `deliver`. */
  | { readonly kind: 'lost'; readonly fate: 'dropped' | 'written' | 'delayed' }
  /** Answers when `releaseHeld` is called; then by a conflict, if told so. */
  | { readonly kind: 'held'; readonly conflicts?: true }
  /** Every answer of two peers is another. */
  | { readonly kind: 'differ' };

/** What the own peer says when it is asked without a record. `silent`: nothing, for ever. */
export type Evaluation = 'answers' | 'silent' | 'away' | { readonly refused: DomainErrorCode };

const MISSING = 'fake: private data matching public hash version is not available';
const sha256 = (data: Uint8Array): Uint8Array => createHash('sha256').update(data).digest();
/** As if another entry stood there. */
const disguised = (event: AccessEvent): AccessEvent => ({ ...event, id: 'A'.repeat(22) });

const NONE: Fault = { kind: 'none' };

/**
 * A fake of the ledger at the port that the recorder uses: keeps batches in memory, one per place in a lane,
 * and fails as told. Knows no consents: `decide` says what is permitted.
 */
export class FakeLedger implements RecordingLedger {
  readonly mspId = 'NorthHospitalMSP';
  readonly attempts: { readonly lane: string; readonly seq: number; readonly batch: BatchInput }[] = [];
  /** Consumed from the front, one per `recordBatch`. */
  faults: Fault[] = [];
  /** While set, every call fails as if the own peer were away. */
  isAway = false;
  /**
   * While set, the own peer answers what it is asked, but nothing is committed: trustee or orderer is away.
   */
  isCutOff = false;
  /** Entries with which a batch is refused, whatever else is in it; by the own peer's evaluation too. */
  refuses: (request: AccessRequest) => boolean = () => false;
  /** Entries about which the peers that endorse never agree. */
  differsAbout: (request: AccessRequest) => boolean = () => false;
  evaluation: Evaluation = 'answers';
  /** What an evaluation would decide; as `decide` unless set. */
  evaluate: ((request: AccessRequest, item: number) => boolean) | undefined;
  evaluations = 0;
  /** Blocks that the own peer has, and that are known to exist; 0: nobody has told. */
  ownBlocks = 1n;
  knownBlocks = 0n;
  /** Told of each question that the own peer answers, whatever it says. */
  onAnswered: (request: AccessRequest) => void = () => undefined;
  decide: (request: AccessRequest, item: number) => boolean = () => true;
  /**
   * What the trustee's peer says when it is asked for its copy of a batch. `old`: its chaincode knows no such
   * question.
   */
  trusteeCopy: 'gives' | 'lacks' | 'old' | 'lies' | 'away' = 'gives';
  /** Places from which on the own peer does not have a lane yet; the others do. */
  readonly ownEnds = new Map<string, number>();
  /** Batches whose private data the own peer lost with its disk. */
  readonly #lostHere = new Set<PrivateBatch>();
  readonly #lanes = new Map<string, Map<number, PrivateBatch>>();
  #delayed: (() => void)[] = [];
  #held: (() => void)[] = [];

  async recordBatch(
    lane: string,
    seq: number,
    batch: BatchInput,
    { onEndorsed }: CallOptions = {},
  ): Promise<RecordedBatch> {
    const input = parseBatchInput(JSON.parse(JSON.stringify(batch)));
    this.attempts.push({ lane, seq, batch: input });
    await Promise.resolve();
    const fault = this.faults.shift() ?? NONE;
    this.#assertReachable();
    if (this.isCutOff) {
      throw new LedgerError('unavailable', 'fake: no other peer or orderer answers');
    }
    this.#endorse(fault, lane, seq, input);
    onEndorsed?.();
    if (fault.kind === 'conflict') {
      throw new LedgerError('retryable', 'fake: MVCC_READ_CONFLICT');
    }
    if (fault.kind === 'lost') {
      return this.#lose(fault.fate, lane, seq, input);
    }
    if (fault.kind === 'held') {
      await new Promise<void>((resolve) => this.#held.push(resolve));
      if (fault.conflicts) {
        throw new LedgerError('retryable', 'fake: MVCC_READ_CONFLICT');
      }
    }
    return this.#commit(lane, seq, input);
  }

  #endorse(fault: Fault, lane: string, seq: number, { requests }: BatchInput): void {
    if (fault.kind === 'away') {
      throw new LedgerError('unavailable', 'fake: no connection');
    }
    if (fault.kind === 'refused') {
      throw new LedgerError('rejected', 'fake refusal', { domainCode: fault.code });
    }
    if (this.#laneOf(lane).has(seq)) {
      throw new LedgerError('rejected', 'fake: taken', { domainCode: 'BATCH_EXISTS' });
    }
    if (requests.some(this.refuses)) {
      throw new LedgerError('rejected', 'fake: an entry is refused', { domainCode: 'INVALID_INPUT' });
    }
    if (fault.kind === 'differ' || requests.some(this.differsAbout)) {
      throw new LedgerError('retryable', 'fake: the peers differ', { reason: 'PEERS_DIFFER' });
    }
  }

  async evaluateBatch(_lane: string, batch: BatchInput): Promise<readonly (readonly boolean[])[]> {
    const input = parseBatchInput(JSON.parse(JSON.stringify(batch)));
    this.evaluations += 1;
    await Promise.resolve();
    this.#assertReachable();
    if (this.evaluation === 'silent') {
      await new Promise<never>(() => undefined);
    }
    if (this.evaluation === 'away') {
      throw new LedgerError('unavailable', 'fake: the own peer is away');
    }
    if (typeof this.evaluation !== 'object' || this.evaluation.refused !== 'NOT_INITIALISED') {
      input.requests.forEach(this.onAnswered);
    }
    if (typeof this.evaluation === 'object') {
      throw new LedgerError('rejected', 'fake refusal', { domainCode: this.evaluation.refused });
    }
    if (input.requests.some(this.refuses)) {
      throw new LedgerError('rejected', 'fake: a question is refused', { domainCode: 'INVALID_INPUT' });
    }
    const decide = this.evaluate ?? this.decide;
    return input.requests.map((request) => request.items.map((_, item) => decide(request, item)));
  }

  async ownHeight(): Promise<bigint> {
    await Promise.resolve();
    this.#assertReachable();
    if (this.evaluation === 'silent') {
      await new Promise<never>(() => undefined);
    }
    if (this.evaluation === 'away') {
      throw new LedgerError('unavailable', 'fake: the own peer is away');
    }
    return this.ownBlocks;
  }

  async knownHeight(): Promise<bigint> {
    await Promise.resolve();
    return this.knownBlocks;
  }

  async findBatch(lane: string, seq: number): Promise<BatchRecord | undefined> {
    await Promise.resolve();
    this.#assertReachable();
    const batch = this.#ownBatch(lane, seq);
    return batch === undefined ? undefined : batchRecordOf(batch, sha256);
  }

  async trusteeLanes(): Promise<readonly string[]> {
    await Promise.resolve();
    this.#assertTrustee();
    return [...this.#lanes].flatMap(([lane, { size }]) => (size > 0 ? [lane] : []));
  }

  async findTrusteeBatch(lane: string, seq: number): Promise<BatchRecord | undefined> {
    await Promise.resolve();
    this.#assertTrustee();
    return this.#recordAt(lane, seq);
  }

  async getEvents(lane: string, seq: number): Promise<PrivateBatch> {
    await Promise.resolve();
    this.#assertReachable();
    const batch = this.#ownBatch(lane, seq);
    if (batch === undefined) {
      throw new LedgerError('rejected', 'fake: no such batch', { domainCode: 'NOT_FOUND' });
    }
    if (this.#lostHere.has(batch)) {
      throw new LedgerError('retryable', MISSING);
    }
    return batch;
  }

  async getTrusteeCopy(lane: string, seq: number): Promise<PrivateBatch> {
    await Promise.resolve();
    this.#assertTrustee();
    const batch = this.#laneOf(lane).get(seq);
    if (this.trusteeCopy === 'old' || batch === undefined) {
      throw new LedgerError('rejected', 'fake: no such function');
    }
    if (this.trusteeCopy === 'lacks') {
      throw new LedgerError('retryable', MISSING);
    }
    return this.trusteeCopy === 'lies' ? { ...batch, events: batch.events.map(disguised) } : batch;
  }

  /**
   * The own peer comes back from its backup: it gets the blocks again, and not its own private data of the
   * batches that `kept` lacks.
   */
  restoreOwnPeer(kept: ReadonlySet<PrivateBatch>): void {
    for (const batch of this.batches()) {
      if (!kept.has(batch)) {
        this.#lostHere.add(batch);
      }
    }
  }

  /** All that is on the ledger now. */
  batches(): ReadonlySet<PrivateBatch> {
    return new Set([...this.#lanes.values()].flatMap((lane) => [...lane.values()]));
  }

  /** Batches of the lane in the order of their numbers. */
  lane(lane: string): readonly (PrivateBatch & { readonly seq: number })[] {
    return [...this.#laneOf(lane)].map(([seq, batch]) => ({ ...batch, seq })).sort((a, b) => a.seq - b.seq);
  }

  events(lane: string): readonly AccessEvent[] {
    return this.lane(lane).flatMap((batch) => batch.events);
  }

  /** Writes as another gateway would. */
  put(lane: string, seq: number, batch: BatchInput): void {
    this.#write(lane, seq, batch);
  }

  /**
   * The lane as it was when it had `places` batches; what was under way is lost as well.
   * @returns puts back what was taken.
   */
  restoreTo(lane: string, places: number): () => void {
    const now = this.#laneOf(lane);
    const then = [...now].sort(([a], [b]) => a - b).slice(0, places);
    this.#lanes.set(lane, new Map(then));
    this.#delayed = [];
    return () => {
      this.#lanes.set(lane, now);
    };
  }

  /** Ordered transactions whose reply was lost reach their block. */
  deliver(): void {
    this.#delayed.splice(0).forEach((write) => {
      write();
    });
  }

  releaseHeld(): void {
    this.#held.splice(0).forEach((resume) => {
      resume();
    });
  }

  #assertReachable(): void {
    if (this.isAway) {
      throw new LedgerError('unavailable', 'fake: the peer is away');
    }
  }

  #assertTrustee(): void {
    this.#assertReachable();
    if (this.trusteeCopy === 'away' || this.isCutOff) {
      throw new LedgerError('unavailable', 'fake: the trustee’s peer is away', { reason: 'NO_ANSWER' });
    }
  }

  #recordAt(lane: string, seq: number): BatchRecord | undefined {
    const batch = this.#laneOf(lane).get(seq);
    return batch === undefined ? undefined : batchRecordOf(batch, sha256);
  }

  #lose(fate: 'dropped' | 'written' | 'delayed', lane: string, seq: number, batch: BatchInput): never {
    if (fate === 'written') {
      this.#write(lane, seq, batch);
    } else if (fate === 'delayed') {
      this.#delayed.push(() => {
        if (!this.#laneOf(lane).has(seq)) {
          this.#write(lane, seq, batch);
        }
      });
    }
    throw new LedgerError('unknown', 'fake: reply lost');
  }

  #commit(lane: string, seq: number, batch: BatchInput): RecordedBatch {
    if (this.#laneOf(lane).has(seq)) {
      throw new LedgerError('retryable', 'fake: MVCC_READ_CONFLICT');
    }
    const written = this.#write(lane, seq, batch);
    return {
      transactionId: `tx-${lane}-${String(seq)}`,
      block: BigInt(seq + 1),
      permitted: written.events.map((event) => event.items.map((item) => item.decision === 'permit')),
    };
  }

  #write(lane: string, seq: number, batch: BatchInput): PrivateBatch {
    const events = batch.requests.map((request) => this.#complete(request));
    const written = { start: batch.start, events };
    this.#laneOf(lane).set(seq, written);
    return written;
  }

  #complete(request: AccessRequest): AccessEvent {
    const items = request.items.map((item, index) => ({
      ...item,
      // No client is registered under this id.
      decision:
        request.requester.clientId !== NOBODYS_CLIENT && this.decide(request, index)
          ? ('permit' as const)
          : ('deny' as const),
      basis: { kind: 'networkDefault' as const },
    }));
    return {
      ...request,
      v: 2,
      kind: request.amends === undefined ? 'access' : 'amendment',
      holder: this.mspId,
      at: request.requestedAt,
      outcome: outcomeOf(items),
      items,
    };
  }

  /** Whether the lane has a batch there, read without being away. */
  has(lane: string, seq: number): boolean {
    return this.#laneOf(lane).has(seq);
  }

  #ownBatch(lane: string, seq: number): PrivateBatch | undefined {
    return seq < (this.ownEnds.get(lane) ?? Infinity) ? this.#laneOf(lane).get(seq) : undefined;
  }

  #laneOf(lane: string): Map<number, PrivateBatch> {
    const known = this.#lanes.get(lane) ?? new Map<number, PrivateBatch>();
    this.#lanes.set(lane, known);
    return known;
  }
}
