// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import {
  type AccessEvent,
  type AccessRequest,
  type BatchRecord,
  batchRecordOf,
  type ClientApplication,
  completeEvent,
  type ConsentPolicy,
  type LEDGER_EVENTS,
  type NetworkSettings,
  type Organisation,
  type PrivateBatch,
} from '@chartwitness/chaincode/domain';
import { LedgerError } from '../../gateway/src/ledger/ledgerError';
import type {
  Committed,
  ConsentVersion,
  LedgerBlock,
  LedgerEvent,
  LedgerPosition,
  LedgerTip,
  ProvenanceLedger,
} from '../../gateway/src/ledger/provenanceLedger';

type EventName = (typeof LEDGER_EVENTS)[keyof typeof LEDGER_EVENTS];

/**
 * A FAKE of the ledger at its port, in memory: one transaction a block, the domain's real decisions and
 * hashes, no endorsement, no MVCC, no signatures. For tests that need to break the ledger in ways that a
 * working one does not.
 */
export class FakeProvenanceLedger implements ProvenanceLedger {
  readonly mspId = 'TrusteeMSP';
  readonly blocks: LedgerEvent[] = [];
  readonly records = new Map<string, BatchRecord>();
  readonly batches = new Map<string, PrivateBatch>();
  readonly consents = new Map<string, ConsentVersion[]>();
  readonly organisationList: Organisation[] = [];
  networkSettings: NetworkSettings | undefined;
  /** Organisations whose peers refuse what is made now. */
  readonly refusingTime = new Set<string>();
  /** Set to make calls fail. */
  failing: LedgerError | undefined;
  /** Fails the next `putConsent` calls, after writing where `written`. */
  readonly putFailures: { error: LedgerError; written: boolean }[] = [];
  /** Blocks that carry no chaincode event, which every real channel has. */
  silentBlocks = 0;
  /** Another one is another ledger: same block numbers, other blocks, from `branchedAt` on. */
  history = 'first';
  branchedAt = 0;
  time = Date.parse('2026-03-01T08:00:00.000Z');
  calls = { getEvents: 0, events: 0 };
  #wake: (() => void)[] = [];

  recordBatch(lane: string, seq: number, batch: { requests: readonly AccessRequest[] }): Promise<never> {
    this.record(lane, batch.requests, seq);
    return Promise.reject(new Error('the fake ledger returns no bitmap'));
  }

  takesTime(mspId: string): Promise<boolean> {
    return Promise.resolve(!this.refusingTime.has(mspId));
  }

  evaluateBatch(): Promise<never> {
    return Promise.reject(new Error('the fake ledger evaluates no batch'));
  }

  /** Commits a batch as the chaincode would decide it. */
  record(lane: string, requests: readonly AccessRequest[], seq = this.nextSeq(lane)): readonly AccessEvent[] {
    const holder = lane.slice(0, lane.indexOf('/'));
    this.time += 1000;
    const at = new Date(this.time).toISOString();
    const defaultPolicy = this.networkSettings?.defaultPolicy ?? { rules: [], default: 'deny' };
    const events = requests.map((request) =>
      completeEvent(request, {
        holder,
        at,
        consent: this.consents.get(request.subject)?.at(-1)?.document,
        defaultPolicy,
        refusal: undefined,
      }),
    );
    this.putBatch(lane, seq, { start: this.laneCount(lane), events });
    return events;
  }

  /** Commits whatever it is given, right or wrong. */
  putBatch(lane: string, seq: number, batch: PrivateBatch, record = recordOf(batch)): void {
    this.records.set(`${lane}~${String(seq)}`, record);
    this.batches.set(`${lane}~${String(seq)}`, batch);
    this.#commit('AccessRecorded', { lane, seq, count: record.count, batchRoot: record.batchRoot });
  }

  nextSeq(lane: string): number {
    return [...this.records.keys()].filter((key) => key.startsWith(`${lane}~`)).length;
  }

  laneCount(lane: string): number {
    return [...this.batches].reduce(
      (sum, [key, batch]) => (key.startsWith(`${lane}~`) ? sum + batch.events.length : sum),
      0,
    );
  }

  findBatch(lane: string, seq: number): Promise<BatchRecord | undefined> {
    return this.#answer(() => this.records.get(`${lane}~${String(seq)}`));
  }

  getEvents(lane: string, seq: number): Promise<PrivateBatch> {
    this.calls.getEvents += 1;
    return this.#answer(() => {
      const batch = this.batches.get(`${lane}~${String(seq)}`);
      if (batch === undefined) {
        throw new LedgerError('rejected', 'NOT_FOUND|no such batch', { domainCode: 'NOT_FOUND' });
      }
      return batch;
    });
  }

  getTrusteeCopy(lane: string, seq: number): Promise<PrivateBatch> {
    return this.getEvents(lane, seq);
  }

  trusteeLanes(): Promise<readonly string[]> {
    return this.#answer(() => [...new Set([...this.records.keys()].map((key) => key.split('~')[0] ?? ''))]);
  }

  findTrusteeBatch(lane: string, seq: number): Promise<BatchRecord | undefined> {
    return this.findBatch(lane, seq);
  }

  findConsent(subject: string): Promise<ConsentVersion | undefined> {
    return this.#answer(() => this.consents.get(subject)?.at(-1));
  }

  consentHistory(subject: string): Promise<readonly ConsentVersion[]> {
    return this.#answer(() => this.consents.get(subject) ?? []);
  }

  putConsent(
    subject: string,
    policy: ConsentPolicy,
    expectedVersion: number,
  ): Promise<Committed & { version: number }> {
    const failure = this.putFailures.shift();
    return this.#answer(() => {
      if (failure !== undefined && !failure.written) {
        throw failure.error;
      }
      const committed = this.#writeConsent(subject, policy, expectedVersion);
      if (failure !== undefined) {
        throw failure.error;
      }
      return committed;
    });
  }

  #writeConsent(
    subject: string,
    policy: ConsentPolicy,
    expectedVersion: number,
  ): Committed & { version: number } {
    const versions = this.consents.get(subject) ?? [];
    if (versions.length !== expectedVersion) {
      throw new LedgerError('rejected', 'VERSION_CONFLICT|stale', { domainCode: 'VERSION_CONFLICT' });
    }
    const version = expectedVersion + 1;
    this.time += 1000;
    const at = new Date(this.time).toISOString();
    this.consents.set(subject, [...versions, { document: { subject, version, ...policy }, at }]);
    return { ...this.#commit('ConsentChanged', { subject, version }), version };
  }

  initialise(settings: NetworkSettings): Promise<Committed> {
    this.networkSettings = settings;
    return Promise.resolve(this.#commit('RegistryChanged', { kind: 'settings', id: settings.trustee }));
  }

  findSettings(): Promise<NetworkSettings | undefined> {
    return this.#answer(() => this.networkSettings);
  }

  admitOrganisation(organisation: Omit<Organisation, 'status'>): Promise<Committed> {
    const at = this.organisationList.findIndex(({ mspId }) => mspId === organisation.mspId);
    this.organisationList.splice(at < 0 ? this.organisationList.length : at, at < 0 ? 0 : 1, {
      ...organisation,
      status: 'active',
    });
    return Promise.resolve(this.#commit('RegistryChanged', { kind: 'organisation', id: organisation.mspId }));
  }

  organisations(): Promise<readonly Organisation[]> {
    return this.#answer(() => [...this.organisationList]);
  }

  setOrganisationStatus(): Promise<never> {
    return this.#absent();
  }
  putClient(): Promise<never> {
    return this.#absent();
  }
  setClientStatus(): Promise<never> {
    return this.#absent();
  }
  findClient(): Promise<never> {
    return this.#absent();
  }
  /** Of every organisation none. */
  clients(): Promise<readonly ClientApplication[]> {
    return this.#answer(() => []);
  }

  async *events(after: LedgerPosition | undefined, signal: AbortSignal): AsyncIterable<LedgerEvent> {
    this.calls.events += 1;
    let next = after === undefined ? 0 : this.#indexAfter(after);
    while (!signal.aborted) {
      if (this.failing !== undefined) {
        throw this.failing;
      }
      const event = this.blocks[next];
      if (event === undefined) {
        await this.#changed(signal);
      } else {
        next += 1;
        yield event;
      }
    }
  }

  #indexAfter(after: LedgerPosition): number {
    const at = this.blocks.findIndex(({ transactionId }) => transactionId === after.transactionId);
    return at < 0 ? this.blocks.length : at + 1;
  }

  ownHeight(): Promise<bigint> {
    return this.height();
  }

  knownHeight(): Promise<bigint> {
    return Promise.resolve(BigInt(this.blocks.length + this.silentBlocks));
  }

  height(): Promise<bigint> {
    return this.#answer(() => BigInt(this.blocks.length + this.silentBlocks));
  }

  tip(): Promise<LedgerTip> {
    return this.#answer(() => {
      const height = this.blocks.length + this.silentBlocks;
      return { height: BigInt(height), hash: this.#hashOf(height - 1) };
    });
  }

  findBlock(number: bigint): Promise<LedgerBlock | undefined> {
    return this.#answer(() => {
      if (Number(number) >= this.blocks.length + this.silentBlocks) {
        return undefined;
      }
      const event = this.blocks[Number(number)];
      return {
        number,
        hash: this.#hashOf(Number(number)),
        transactionIds: event === undefined ? [] : [event.transactionId],
      };
    });
  }

  findEventBlock(from: bigint, to: bigint): Promise<bigint | undefined> {
    return this.#answer(() => this.blocks.find(({ block }) => block >= from && block < to)?.block);
  }

  #hashOf(block: number): string {
    return createHash('sha256')
      .update(`${block < this.branchedAt ? 'first' : this.history} block ${String(block)}`)
      .digest('base64url');
  }

  /** Makes every call fail, and breaks open event streams; `undefined` mends it. */
  break(error: LedgerError | undefined): void {
    this.failing = error;
    this.#notify();
  }

  #commit(name: EventName, payload: object): Committed {
    const block = BigInt(this.blocks.length);
    const transactionId = createHash('sha256')
      .update(`${this.history} transaction ${String(block)}`)
      .digest('hex');
    this.blocks.push({ block, transactionId, name, payload } as LedgerEvent);
    this.#notify();
    return { block, transactionId };
  }

  #notify(): void {
    for (const wake of this.#wake.splice(0)) {
      wake();
    }
  }

  #changed(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      this.#wake.push(resolve);
      signal.addEventListener(
        'abort',
        () => {
          resolve();
        },
        { once: true },
      );
    });
  }

  #answer<T>(work: () => T): Promise<T> {
    if (this.failing !== undefined) {
      return Promise.reject(this.failing);
    }
    try {
      return Promise.resolve(work());
    } catch (error) {
      return Promise.reject(error instanceof Error ? error : new Error('fake'));
    }
  }

  #absent(): Promise<never> {
    return Promise.reject(new Error('the fake ledger does not have this'));
  }
}

export function recordOf(batch: PrivateBatch): BatchRecord {
  return batchRecordOf(batch, (data) => createHash('sha256').update(data).digest());
}
