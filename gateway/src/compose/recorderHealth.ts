// SPDX-License-Identifier: Apache-2.0
import type { PartHealth } from '../http/health';
import type { WatchedLedger } from '../ledger/watchedLedger';
import type { Recorder, RecorderState } from '../recorder/recorder';

/** Why nothing is recorded, and what to do about it, as far as the ledger's own failures tell. */
export function recorderHealth(
  recorder: Pick<Recorder, 'state'>,
  ledger: Pick<WatchedLedger, 'trouble'>,
): PartHealth {
  const state = recorder.state();
  const ready = state.phase === 'ready' && !state.ledgerAway && !state.storeFailing;
  const trouble = troubleOf(state);
  if (trouble === undefined) {
    return { ready };
  }
  const failure = trouble.isLedgers ? ledger.trouble() : undefined;
  const unknown = state.ledgerAway && trouble.isLedgers ? ': which part of it hangs is being asked' : '';
  const cause = failure === undefined ? unknown : `: ${failure.reason}: ${failure.remedy}`;
  return { ready, detail: trouble.text + cause };
}

interface Trouble {
  readonly text: string;
  /** Whether a failure of the ledger may be the cause. */
  readonly isLedgers: boolean;
}

function troubleOf({ reason, notice, ...state }: RecorderState): Trouble | undefined {
  if (reason !== undefined) {
    return { text: reason, isLedgers: false };
  }
  if (state.storeFailing) {
    return { text: 'the recorder store cannot be written', isLedgers: false };
  }
  if (state.ledgerAway) {
    return { text: 'the ledger is away: nothing of this lane commits', isLedgers: true };
  }
  if (state.ledgerSlow) {
    return { text: 'the ledger is slow: it commits, but requests wait', isLedgers: true };
  }
  return notice === undefined ? undefined : { text: notice, isLedgers: false };
}
