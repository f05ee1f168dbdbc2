// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import {
  type AccessEvent,
  type BatchRecord,
  batchRecordOf,
  DomainError,
  parseLane,
  parsePrivateBatch,
} from '@chartwitness/chaincode/domain';
import { LedgerError } from '../ledger/ledgerError';
import type { LedgerEvent, ProvenanceLedger } from '../ledger/provenanceLedger';
import { ProjectionHalted } from './projectionHalted';

export type AccessRecordedEvent = Extract<LedgerEvent, { name: 'AccessRecorded' }>;

/**
 * A batch's events, proved to be those that the ledger's public record stands for. Where it fits in its lane
 * is not checked yet.
 */
export interface ProvedBatch {
  readonly event: AccessRecordedEvent;
  readonly record: BatchRecord;
  readonly events: readonly AccessEvent[];
}

/** The events are announced but have not reached this organisation's peer yet; asking again later helps. */
export class PrivateDataMissing extends Error {
  override readonly name = 'PrivateDataMissing';
}

/**
 * The peer that was asked does not have an announced batch's public record. Peers behind one address, or an
 * organisation's peers that answer for each other, are not equally far; so one such answer proves nothing.
 */
export class RecordMissing extends Error {
  override readonly name = 'RecordMissing';
  readonly place: string;

  constructor(place: string) {
    super(`${place}: the peer does not have the public record that was announced`);
    this.place = place;
  }
}

/**
 * Reads an announced batch from the own organisation's peer and recomputes its root: announcement, public
 * record and private events must agree.
 * @throws ProjectionHalted when they do not; {@link PrivateDataMissing}; {@link RecordMissing}; LedgerError
 *   when the peer does not answer.
 */
export async function fetchBatch(
  ledger: Pick<ProvenanceLedger, 'findBatch' | 'getEvents'>,
  event: AccessRecordedEvent,
): Promise<ProvedBatch> {
  const { lane, seq, count, batchRoot } = event.payload;
  const place = `lane ${lane}, seq ${String(seq)}`;
  const [record, batch] = await Promise.all([ledger.findBatch(lane, seq), readEvents(ledger, lane, seq)]);
  if (record === undefined) {
    throw new RecordMissing(place);
  }
  if (record.count !== count || record.batchRoot !== batchRoot) {
    throw new ProjectionHalted('RECORD_MISMATCH', `${place}: the public record is not what was announced`);
  }
  const { start, events } = wellFormed(batch, place);
  const proved = batchRecordOf({ start, events }, sha256);
  if (proved.batchRoot !== batchRoot || proved.count !== count) {
    throw new ProjectionHalted('ROOT_MISMATCH', `${place}: the events do not hash to the recorded root`);
  }
  if (start !== record.start) {
    throw new ProjectionHalted('START_MISMATCH', `${place}: private and public start differ`);
  }
  const holder = parseLane(lane).mspId;
  if (events.some((accessEvent) => accessEvent.holder !== holder)) {
    throw new ProjectionHalted('HOLDER_MISMATCH', `${place}: an event names another holder`);
  }
  return { event, record, events };
}

async function readEvents(
  ledger: Pick<ProvenanceLedger, 'getEvents'>,
  lane: string,
  seq: number,
): Promise<unknown> {
  try {
    return await ledger.getEvents(lane, seq);
  } catch (error) {
    if (error instanceof LedgerError && error.domainCode === 'NOT_FOUND') {
      throw new PrivateDataMissing(`lane ${lane}, seq ${String(seq)}: no private data at this peer yet`, {
        cause: error,
      });
    }
    if (error instanceof LedgerError && error.domainCode === 'CORRUPT') {
      throw malformed(`lane ${lane}, seq ${String(seq)}`, error);
    }
    throw error;
  }
}

function malformed(place: string, cause: unknown): ProjectionHalted {
  // The cause names fields, never values; it still stays out of the message, which reaches the status page.
  return new ProjectionHalted('MALFORMED', `${place}: the events do not have their form`, { cause });
}

function wellFormed(batch: unknown, place: string): ReturnType<typeof parsePrivateBatch> {
  try {
    return parsePrivateBatch(batch);
  } catch (error) {
    if (error instanceof DomainError) {
      // The detail names fields, never values; it still stays out of the message, which reaches the status
      // page.
      throw new ProjectionHalted('MALFORMED', `${place}: the events do not have their form`, {
        cause: error,
      });
    }
    throw error;
  }
}

function sha256(data: Uint8Array): Uint8Array {
  return createHash('sha256').update(data).digest();
}
