// SPDX-License-Identifier: Apache-2.0
import { setTimeout as wait } from 'node:timers/promises';
import { dist } from '../dist.mjs';

const { LedgerError } = dist('ledger/ledgerError.js');
const RETRY_MS = 20;

/**
 * What the product is compared with: the same chaincode, client and checks, but every access is a transaction of its own and nothing bounds
 * how many are under way. It keeps no outbox, so it is a little better off than a gateway that must survive a crash.
 * Each access under way has a lane of its own, because a lane's places follow each other.
 */
export function createEachAlone({ ledger, mspId, tag }) {
  const free = [];
  const totals = { events: 0, failed: 0, lanes: 0, underWay: 0 };
  const newLane = () => {
    totals.lanes += 1;
    return { name: `${mspId}/each-${tag}-${String(totals.lanes)}`, seq: 0 };
  };
  return {
    async record(request) {
      const lane = free.pop() ?? newLane();
      totals.underWay += 1;
      try {
        return await commit(lane, request);
      } finally {
        totals.underWay -= 1;
      }
    },
    state: () => ({
      queued: 0,
      inFlight: totals.underWay,
      committedEvents: totals.events,
      committedBatches: totals.events,
      failedAttempts: totals.failed,
    }),
    close: () => Promise.resolve(),
  };

  async function commit(lane, request) {
    for (;;) {
      try {
        const { permitted, transactionId } = await ledger.recordBatch(lane.name, lane.seq, {
          start: lane.seq,
          requests: [request],
        });
        lane.seq += 1;
        free.push(lane);
        totals.events += 1;
        return { permitted: permitted[0], late: false, transactionId };
      } catch (error) {
        if (!(error instanceof LedgerError) || error.kind !== 'retryable') throw error;
        totals.failed += 1;
        await wait(RETRY_MS * (1 + Math.random()));
      }
    }
  }
}
