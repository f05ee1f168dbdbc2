// SPDX-License-Identifier: Apache-2.0
import type { PartHealth } from '../http/health';
import type { WatchedLedger } from '../ledger/watchedLedger';
import { STORE_CANNOT_BE_WRITTEN } from '../recorder/laneReason';
import type { Recorder, RecorderState } from '../recorder/recorder';

/** Why nothing is recorded, and what to do about it, as far as the ledger's own failures tell. */
export function recorderHealth(
  recorder: Pick<Recorder, 'state'>,
  ledger: Pick<WatchedLedger, 'trouble'>,
): PartHealth {
  const state = recorder.state();
  const { phase, ledgerAway, storeFailing, owedRefused } = state;
  const ready = phase === 'ready' && !ledgerAway && !storeFailing && !owedRefused;
  const trouble = troubleOf(state);
  if (trouble === undefined) {
    return { ready };
  }
  const { text, remedy, isLedgers = false } = trouble;
  const failure = isLedgers ? ledger.trouble() : undefined;
  if (failure !== undefined) {
    return { ready, reason: `${text}: ${failure.reason}`, ...told(failure.remedy) };
  }
  const unknown = state.ledgerAway && isLedgers ? ': which part of it hangs is being asked' : '';
  return { ready, reason: text + unknown, ...told(remedy) };
}

function told(remedy: string | undefined): Pick<PartHealth, 'remedy'> {
  return remedy === undefined ? {} : { remedy };
}

interface Trouble {
  readonly text: string;
  readonly remedy?: string | undefined;
  /** Whether a failure of the ledger may be the cause. */
  readonly isLedgers?: boolean;
}

function troubleOf({ reason, remedy, notice, ...state }: RecorderState): Trouble | undefined {
  if (reason !== undefined) {
    return { text: reason, remedy };
  }
  if (state.storeFailing) {
    return { text: STORE_CANNOT_BE_WRITTEN.reason, remedy: STORE_CANNOT_BE_WRITTEN.remedy };
  }
  if (state.ledgerAway) {
    return { text: 'the ledger is away: nothing of this lane commits', isLedgers: true };
  }
  if (state.owedRefused) {
    return { text: 'the ledger refuses what this lane owes, and commits nothing', isLedgers: true };
  }
  if (state.ledgerSlow) {
    return {
      text: 'the ledger is slow: it commits, but requests wait',
      remedy: 'fewer requests at once, or faster peers and orderers; emergencies go first',
      isLedgers: true,
    };
  }
  return notice === undefined ? undefined : { text: notice, remedy };
}
