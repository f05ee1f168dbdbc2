// SPDX-License-Identifier: Apache-2.0
import { isStoreFailing, type LaneContext, oldestWaitOf } from './laneContext';
import type { LaneKeeper } from './laneKeeper';
import { refusesFillers } from './laneReason';
import type { LaneWriter } from './laneWriter';
import type { LateReleases } from './lateReleases';
import type { LostEvents } from './lostEvents';
import type { RecorderState } from './recorder';

export interface Watched {
  readonly keeper: Pick<LaneKeeper, 'phase' | 'reason'>;
  readonly writer: Pick<LaneWriter, 'totals' | 'suspects' | 'isOwedRefused'>;
  readonly late: Pick<LateReleases, 'totals'>;
  readonly lost: Pick<LostEvents, 'waiting' | 'reason' | 'remedy'>;
}

/** What an operator reads of one recorder now. */
export function stateOf(context: LaneContext, { keeper, writer, late, lost }: Watched): RecorderState {
  const { lane, outbox, places, queue, health, awake, scheduler, limits } = context;
  const now = scheduler.now();
  const isAway = health.isAway(awake.now());
  const stuck = keeper.phase === 'ready' ? [...places.pending].find(({ isStuck }) => isStuck) : undefined;
  const why = stuck === undefined ? keeper.reason : refusesFillers(stuck);
  const owed = outbox.owed();
  const { totals: committed } = writer;
  const { ownPeer, deployment, refusedSlow, refusedAway } = late.totals;
  return {
    phase: stuck === undefined ? keeper.phase : 'stuck',
    reason: why?.reason,
    remedy: why === undefined ? lost.remedy : why.remedy,
    lane,
    queued: queue.length + writer.suspects,
    inFlight: places.inFlight,
    owed: owed.entries,
    setAside: owed.setAside,
    waiting: lost.waiting,
    notice: lost.reason,
    amendmentsOwed: owed.amendments + places.amendments,
    nextSeq: places.nextSeq,
    lastCommitAt: committed.lastCommitAt,
    ledgerAway: isAway,
    owedRefused: writer.isOwedRefused,
    ledgerSlow: !isAway && oldestWaitOf(context, now) >= limits.awayAfterMs,
    awaySeconds: health.awayMs(awake.now()) / 1000,
    storeFailing: isStoreFailing(context, now),
    committedEvents: committed.events,
    committedBatches: committed.batches,
    failedAttempts: committed.failed,
    lateReleases: { ownPeer, deployment },
    emergenciesRefused: { slow: refusedSlow, away: refusedAway },
  };
}
