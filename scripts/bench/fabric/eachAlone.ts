// SPDX-License-Identifier: Apache-2.0
import { setTimeout as wait } from 'node:timers/promises';
import type { AccessRequest } from '@chartwitness/chaincode/domain';
import type { FabricLedger } from '../../../gateway/dist/ledger/fabricLedger';
import { LedgerError } from '../../../gateway/dist/ledger/ledgerError';
import type { RecordOutcome } from '../../../gateway/dist/recorder/recorder';
import type { CountedRecorder } from '../gateways';

const RETRY_MS = 20;
/** Nothing here refuses for its time. */
const TIME_LEFT_MS = 10_000;

interface Lane {
  readonly name: string;
  seq: number;
  start: number;
}

/**
 * What the product is compared with: the same chaincode, client and checks, but every access is a transaction
 * of its own and nothing bounds how many are under way. It keeps no outbox, so it is a little better off than
 * a gateway that must survive a crash. Each access under way has a lane of its own, because a lane's places
 * follow each other.
 */
export function createEachAlone(ledger: FabricLedger, tag: string): CountedRecorder {
  const free: Lane[] = [];
  const totals = { events: 0, batches: 0, failed: 0, lanes: 0, underWay: 0 };
  const newLane = (): Lane => {
    totals.lanes += 1;
    return { name: `${ledger.mspId}/each-${tag}-${String(totals.lanes)}`, seq: 0, start: 0 };
  };
  const commit = async (lane: Lane, parts: readonly AccessRequest[]): Promise<readonly RecordOutcome[]> => {
    for (;;) {
      try {
        const batch = { start: lane.start, requests: parts };
        const { permitted, transactionId } = await ledger.recordBatch(lane.name, lane.seq, batch);
        lane.seq += 1;
        lane.start += parts.length;
        free.push(lane);
        totals.events += parts.length;
        totals.batches += 1;
        return permitted.map((items) => ({ permitted: items, late: false, transactionId }));
      } catch (error) {
        if (!(error instanceof LedgerError) || error.kind !== 'retryable') {
          throw error;
        }
        totals.failed += 1;
        await wait(RETRY_MS * (1 + Math.random()));
      }
    }
  };
  const record = async (parts: readonly AccessRequest[]): Promise<readonly RecordOutcome[]> => {
    const lane = free.pop() ?? newLane();
    totals.underWay += 1;
    try {
      return await commit(lane, parts);
    } finally {
      totals.underWay -= 1;
    }
  };
  return {
    record,
    rehearse: async (request) => {
      await record([request]);
      return { late: false };
    },
    evaluate: async (request) => {
      const lane = free.at(-1) ?? newLane();
      const [items = []] = await ledger.evaluateBatch(lane.name, { start: lane.start, requests: [request] });
      return items;
    },
    admit: () => ({ at: performance.now(), release: () => undefined }),
    commitsNow: () => true,
    timeLeft: () => TIME_LEFT_MS,
    state: () => ({
      queued: 0,
      inFlight: totals.underWay,
      committedEvents: totals.events,
      committedBatches: totals.batches,
      failedAttempts: totals.failed,
    }),
  };
}
