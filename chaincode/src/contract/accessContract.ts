// SPDX-License-Identifier: Apache-2.0
import { Contract, Info, Returns, Transaction } from 'fabric-contract-api';
import {
  type AccessRecorded,
  canonicalJson,
  DomainError,
  encodePermitted,
  LEDGER_EVENTS,
  MAX_BATCH_BYTES,
  parseBatchInput,
  parseLane,
  parseSeq,
} from '../domain';
import { sealBatch } from '../domain/sealBatch';
import { decideBatch } from '../ledger/decideBatch';
import { sha256 } from '../ledger/sha256';
import { transientJson } from './argument';
import { callerMspId, requireMember } from './caller';
import { ProvenanceContext } from './context';

/** The access log: batches of decided access events, one lane per gateway. */
@Info({ title: 'Access', description: 'Access requests, decided and recorded' })
export class AccessContract extends Contract {
  /** This peer's clock in milliseconds since 1970; a test's to replace. */
  clock: () => number = Date.now;

  constructor() {
    super('Access');
  }

  override createContext(): ProvenanceContext {
    return new ProvenanceContext();
  }

  /**
   * Decides and records one batch of requests. Transient `batch`: JSON of a BatchInput, at most 1 MiB and
   * 1,000 requests. The caller is an active holder and the lane its own. It reads settings, the organisations
   * and clients that take part, the subjects' consents and the absence of its own batch, and nothing that
   * another batch writes.
   * @returns which items are permitted: see {@link encodePermitted}.
   */
  @Transaction()
  @Returns('string')
  async Record(ctx: ProvenanceContext, lane: string, seq: string): Promise<string> {
    const { mspId } = parseLane(lane);
    const number = parseSeq(seq);
    const { settings, organisation } = await requireMember(ctx);
    if (organisation.role !== 'holder') {
      throw new DomainError('NOT_ALLOWED', 'only a holder records accesses');
    }
    if (mspId !== organisation.mspId) {
      throw new DomainError('NOT_ALLOWED', 'the lane belongs to another organisation');
    }
    const at = ctx.timeWithin(this.clock());
    const { batches } = ctx.stores;
    if (await batches.isTaken(lane, number)) {
      throw new DomainError('BATCH_EXISTS', `seq ${number} of this lane is recorded already`);
    }
    const input = parseBatchInput(transientJson(ctx, 'batch', MAX_BATCH_BYTES));
    const batch = await decideBatch(input, { holder: mspId, at, settings }, ctx.stores);
    const { bytes, record } = sealBatch(batch, sha256);
    await batches.put(lane, number, record, bytes, [mspId, settings.trustee]);
    const recorded: AccessRecorded = { lane, seq: number, count: record.count, batchRoot: record.batchRoot };
    ctx.emit(LEDGER_EVENTS.accessRecorded, recorded);
    return encodePermitted(batch.events);
  }

  /** The public record of a batch, for any caller; `NOT_FOUND` when the lane has no such batch. */
  @Transaction(false)
  @Returns('string')
  async GetBatch(ctx: ProvenanceContext, lane: string, seq: string): Promise<string> {
    parseLane(lane);
    const record = await ctx.stores.batches.findRecord(lane, parseSeq(seq));
    if (record === undefined) {
      throw notFound();
    }
    return canonicalJson(record);
  }

  /**
   * The names of the caller's own lanes that have a batch, in order: a gateway whose store came back from a
   * copy cannot know those that were opened since. Public data; a lane belongs to nobody who has no
   * certificate of its organisation.
   */
  @Transaction(false)
  @Returns('string')
  async ListLanes(ctx: ProvenanceContext): Promise<string> {
    return canonicalJson(await ctx.stores.batches.lanesOf(callerMspId(ctx)));
  }

  /**
   * The private events of a batch, for callers of the lane's holder and of the trustee, each from its own
   * organisation's collection: an implicit collection alone does not keep other members from reading.
   * `NOT_FOUND` also while this peer has not received them yet.
   */
  @Transaction(false)
  @Returns('string')
  async GetEvents(ctx: ProvenanceContext, lane: string, seq: string): Promise<string> {
    const { mspId } = parseLane(lane);
    const number = parseSeq(seq);
    const { settings } = await requireMember(ctx);
    const caller = callerMspId(ctx);
    if (caller !== mspId && caller !== settings.trustee) {
      throw new DomainError('NOT_ALLOWED', 'only the lane’s holder and the trustee read its events');
    }
    const batch = await ctx.stores.batches.findPrivate(lane, number, caller);
    if (batch === undefined) {
      throw notFound();
    }
    return canonicalJson(batch);
  }

  /**
   * The private events of a batch as the trustee has them, for the lane's own holder: one whose peer came
   * back from a backup has no other way to learn what it recorded in between. Only the trustee's peer can
   * answer; the caller holds the answer against the public record.
   */
  @Transaction(false)
  @Returns('string')
  async GetTrusteeCopy(ctx: ProvenanceContext, lane: string, seq: string): Promise<string> {
    const { mspId } = parseLane(lane);
    const number = parseSeq(seq);
    const { settings } = await requireMember(ctx);
    if (callerMspId(ctx) !== mspId) {
      throw new DomainError('NOT_ALLOWED', 'the lane belongs to another organisation');
    }
    const batch = await ctx.stores.batches.findPrivate(lane, number, settings.trustee);
    if (batch === undefined) {
      throw notFound();
    }
    return canonicalJson(batch);
  }
}

function notFound(): DomainError {
  return new DomainError('NOT_FOUND', 'no such batch');
}
