// SPDX-License-Identifier: Apache-2.0
import type { AccessRequest } from '@chartwitness/chaincode/domain';
import type { Logger } from 'pino';
import type { ProvenanceLedger } from '../ledger/provenanceLedger';
import type { RecorderLimits } from './limits';
import type { Outbox } from './outbox';
import type { Scheduler } from './scheduler';
import type { Admission } from './shares';

/** What the recorder needs of the ledger. */
export type RecordingLedger = Pick<
  ProvenanceLedger,
  | 'mspId'
  | 'recordBatch'
  | 'evaluateBatch'
  | 'findBatch'
  | 'getEvents'
  | 'getTrusteeCopy'
  | 'trusteeLanes'
  | 'findTrusteeBatch'
  | 'ownHeight'
  | 'knownHeight'
>;

/** What became of one part of a request. */
export interface RecordOutcome {
  /** Whether each item may leave, in the order of the part. What the ledger ends up saying left. */
  readonly permitted: readonly boolean[];
  /** Whether the release precedes the record: break-glass while the ledger is away. */
  readonly late: boolean;
  /** Absent when `late`, and when the commit was found by reading the ledger after a lost reply. */
  readonly transactionId?: string;
}

/** `release`: everything is given, and recorded later. `refuse`: nothing is given. */
export type EmergencyWithoutLedger = 'release' | 'refuse';

export type RecorderPhase =
  /**
   * The lane's end is not known yet, or the ledger lacks what was committed there; requests wait, and nothing
   * is handed in.
   */
  | 'recovering'
  | 'ready'
  /** A place of the lane needs an entry about nobody, and the ledger refuses even that: it takes nothing. */
  | 'stuck'
  /** Another gateway writes in this lane; everything is refused until this gateway gets another name. */
  | 'fenced'
  | 'closed';

export interface RecorderState {
  readonly phase: RecorderPhase;
  /** Why it is not ready, for an operator. */
  readonly reason: string | undefined;
  /** What an operator does about `reason`, else about `notice`; `undefined` where waiting is all there is. */
  readonly remedy: string | undefined;
  readonly lane: string;
  /** Requests waiting for a batch. */
  readonly queued: number;
  /** Batches whose commit is not known. */
  readonly inFlight: number;
  /**
   * Entries that the ledger lacks and no batch has taken up yet: released break-glass requests, and
   * amendments.
   */
  readonly owed: number;
  /**
   * Entries that the ledger refuses while it takes others: tried again every 15 minutes and at each start.
   */
  readonly setAside: number;
  /** Entries that may stand in places whose events nobody gives any more; they wait until that is known. */
  readonly waiting: number;
  /** What an operator must know though recording goes on. */
  readonly notice: string | undefined;
  /** Amendments that the ledger lacks, those under way included. */
  readonly amendmentsOwed: number;
  /** Sequence number of the next batch. */
  readonly nextSeq: number;
  /** Milliseconds since the epoch; absent before the first commit. */
  readonly lastCommitAt: number | undefined;
  /** Something of this lane was under way for `awayAfterMs` and no batch of it committed, for any cause. */
  readonly ledgerAway: boolean;
  /** The ledger refused what this lane owes, for no entry's fault, and nothing has committed since. */
  readonly owedRefused: boolean;
  /** Commits go on, but the oldest request has waited for `awayAfterMs`. */
  readonly ledgerSlow: boolean;
  /** How long the ledger was away since the start of this process. */
  readonly awaySeconds: number;
  /**
   * Whether the recorder's own store could not be written a moment ago (disk full); requests are refused
   * meanwhile.
   */
  readonly storeFailing: boolean;
  /** Totals since the start of this process. */
  readonly committedEvents: number;
  readonly committedBatches: number;
  readonly failedAttempts: number;
  /** Emergencies that were released before their record, by whose word. */
  readonly lateReleases: { readonly ownPeer: number; readonly deployment: number };
  /** Emergencies that were refused: the ledger was slow; or away, without a word that would release them. */
  readonly emergenciesRefused: { readonly slow: number; readonly away: number };
}

/** What one batch took. */
export interface BatchReport {
  readonly lane: string;
  readonly seq: number;
  readonly events: number;
  /** From the batch's opening to its commit. */
  readonly milliseconds: number;
}

export interface RecorderDeps {
  readonly ledger: RecordingLedger;
  /** `<MSP id>/<gateway name>`; no other gateway may use it. */
  readonly lane: string;
  /** Owned by the recorder from now on; `close` closes it. */
  readonly outbox: Outbox;
  readonly log: Logger;
  /**
   * What becomes of an emergency when the ledger is away and the own peer gives no answer: the deployment's
   * choice.
   */
  readonly emergencyWithoutLedger: EmergencyWithoutLedger;
  readonly limits?: Partial<RecorderLimits>;
  readonly scheduler?: Scheduler;
  /** Random bytes for the ids and salts of amendments; the platform's secure ones unless given. */
  readonly random?: (bytes: number) => Uint8Array;
  /** A number from 0 (inclusive) to 1 (exclusive) that spreads retries. */
  readonly jitter?: () => number;
  readonly onBatch?: (report: BatchReport) => void;
}

/** The only way from a request to a release. */
export interface Recorder {
  /**
   * Gives a request its place, before the source is asked. Clients share the places; break-glass has places
   * of its own, shared alike. `release` once, when the request is answered. While nothing can be recorded
   * (away, fenced, stopping) only break-glass gets one, so that others are refused before anything about
   * their target is known.
   * @throws AppError `OVERLOADED` with `retryAfterSeconds` when the client holds its share already;
   *   `LEDGER_UNAVAILABLE`, `LANE_FENCED`.
   */
  admit(client: string, isEmergency: boolean): Admission;
  /**
   * Whether a small request that is handed in now is sure to be recorded, as far as can be known: something
   * of the lane committed within `awayAfterMs`, nothing has failed since, and there is room.
   */
  commitsNow(isEmergency: boolean): boolean;
  /**
   * Milliseconds that {@link record} would wait for the ledger with a request that is handed in now.
   * @param admittedAt as there.
   */
  timeLeft(isEmergency: boolean, admittedAt?: number): number;
  /**
   * Takes and refuses a request about nobody as {@link record} would one about somebody. It is recorded; only
   * an emergency while the ledger is away is merely decided, and leaves nothing behind: then the outcome is
   * `late`.
   * @param admittedAt as there.
   * @throws what `record` throws.
   */
  rehearse(request: AccessRequest, admittedAt?: number): Promise<Pick<RecordOutcome, 'late'>>;
  /**
   * What the own peer would decide now, item by item, without a record. Never a permission to release: only
   * `record` gives that.
   * @param isRelease whether a release rests on the answer beside the record's: then it counts only from a
   *   peer with all known blocks.
   * @throws AppError `BAD_REQUEST`, `LEDGER_UNAVAILABLE` when the own peer does not answer in time or is
   *   behind (its `cause` is a `PeerBehind` then), `FORBIDDEN`.
   */
  evaluate(request: AccessRequest, isRelease?: boolean): Promise<readonly boolean[]>;
  /**
   * Records one request, as one event or as 2 to 1,000 parts of it that share `part.request`. There is no way
   * to call it off: an access is recorded whether or not somebody still waits for the answer.
   *
   * Resolves with one outcome for each part after the ledger has committed all of them; or, for a break-glass
   * request while the ledger is away, after what is not committed yet is on the disk. Never resolves
   * otherwise.
   * @param admittedAt the `at` of its admission, from which its deadline counts; absent: now. README,
   *   _Deadlines_.
   * @throws AppError `BAD_REQUEST` (no part, or one that has not its documented form), `PAYLOAD_TOO_LARGE`,
   *   `OVERLOADED` and `LEDGER_UNAVAILABLE` (with `retryAfterSeconds`), `LANE_FENCED`, `FORBIDDEN` (the
   *   ledger refuses this organisation). After any of these nothing may be released; the events may still be
   *   recorded, and say then that nothing was given.
   */
  record(parts: readonly AccessRequest[], admittedAt?: number): Promise<readonly RecordOutcome[]>;
  state(): RecorderState;
  /**
   * The process is about to end. Requests are still taken, but from now on nobody waits for a lane that is
   * away: ordinary requests are refused then, emergencies treated as ever. The time that a stop may take
   * begins.
   */
  windDown(): void;
  /**
   * Takes no more requests, waits for those accepted, refuses the rest and closes the outbox. Does not wait
   * for a lane that is away, and for any other `drainMs` from {@link windDown} at most.
   */
  close(): Promise<void>;
}
