// SPDX-License-Identifier: Apache-2.0
import {
  LEDGER_REMEDIES,
  LedgerError,
  ledgerFailureOf,
  type LedgerFailureReason,
  UNNAMED_REMEDY,
} from '../ledger/ledgerError';
import { StoreConflictError, StoreUnavailableError } from '../readmodel/accessStore';
import { PrivateDataMissing, RecordMissing } from './fetchBatch';
import { type HaltReason, ProjectionHalted } from './projectionHalted';

/** What keeps the list from being current: each has a remedy of its own. */
export type ProblemKind =
  | HaltReason
  | LedgerFailureReason
  /** A lane has later batches and none at a place before them, for too long. */
  | 'PLACE_OPEN'
  /** The ledger has events that its stream does not announce. */
  | 'STREAM_SILENT'
  /** The peer announced a batch and does not have its public record. */
  | 'RECORD_MISSING'
  | 'PRIVATE_DATA_MISSING'
  /** The peer answered with a refusal or an error that has no name here. */
  | 'LEDGER_ANSWER'
  | 'STORE_UNAVAILABLE'
  /** A mistake in this program. */
  | 'INTERNAL';

export interface Problem {
  readonly kind: ProblemKind;
  /** For operators' pages: places and codes, never persons, never an address. */
  readonly text: string;
  readonly remedy: string;
}

/** The ledger's blocks have an event that the stream of events kept to itself; a new stream may give it. */
export class StreamSilent extends Error {
  override readonly name = 'StreamSilent';

  constructor(block: number) {
    super(`block ${String(block)} holds an event that the peer's stream does not announce`);
  }
}

const COMPARE_PEER =
  'this peer’s private data are not what was endorsed: compare with the holder’s peer, restore the peer';
const LOST_ON_THE_WAY =
  'ask another peer of this organisation; if it says the same, the lane was tampered with: tell the holder and the other organisations';

/** What an operator does about each kind. The folder's README has the same table with its reasons. */
export const REMEDIES: Readonly<Record<ProblemKind, string>> = {
  ...LEDGER_REMEDIES,
  SEQUENCE_GAP: LOST_ON_THE_WAY,
  START_MISMATCH: LOST_ON_THE_WAY,
  DUPLICATE_ID:
    'a gateway used one event id twice in its lane: tell the holder and its supplier; the list stops before the second one',
  ROOT_MISMATCH: COMPARE_PEER,
  HOLDER_MISMATCH: COMPARE_PEER,
  MALFORMED: COMPARE_PEER,
  RECORD_MISMATCH: 'this peer’s public state is not what it announced: restore the peer',
  LEDGER_FORKED:
    'this ledger is another one than the list was made of: peers or orderers were restored from an older copy, or FABRIC_PEER_ENDPOINT leads elsewhere. Keep a copy of the list, since it names accesses that this ledger does not have; decide with the other organisations which ledger counts; only then run "chartwitness readmodel rebuild"',
  STORE_MISMATCH:
    'the store belongs to another ledger or was changed: run "chartwitness readmodel check", then "chartwitness readmodel rebuild"',
  PLACE_OPEN:
    'entries of this lane’s holder may be missing, and patients are told so: ask the holder to start the gateway whose lane it is, or its successor, which fills the place; if it does not, tell the other organisations. Everybody else’s entries go on, and it ends by itself',
  STREAM_SILENT:
    'the peer’s event stream gives less than its blocks hold; it is opened anew each time. If this stays, restart the peer or lead FABRIC_PEER_ENDPOINT to another one',
  RECORD_MISSING:
    'usually a peer behind the same address that is not as far: none; otherwise restore the peer',
  PRIVATE_DATA_MISSING:
    'the events have not reached this organisation’s peer yet: none; if it stays, see that it reaches the holder’s peer',
  LEDGER_ANSWER: UNNAMED_REMEDY,
  STORE_UNAVAILABLE: 'free the disk or the lock, or bring the database back; nothing is lost',
  INTERNAL: 'a mistake in this program: keep the log, start again',
};

/** Names whatever the projection threw. */
export function problemOf(error: unknown): Problem {
  const kind = kindOf(error);
  return { kind, text: textOf(error), remedy: REMEDIES[kind] };
}

/** Whether asking again later may help. */
export function isPassing(error: unknown): boolean {
  return (
    error instanceof LedgerError ||
    error instanceof PrivateDataMissing ||
    error instanceof RecordMissing ||
    error instanceof StreamSilent ||
    error instanceof StoreUnavailableError
  );
}

function kindOf(error: unknown): ProblemKind {
  if (error instanceof ProjectionHalted) {
    return error.reason;
  }
  if (error instanceof StoreConflictError) {
    return 'STORE_MISMATCH';
  }
  if (error instanceof LedgerError) {
    return error.reason ?? 'LEDGER_ANSWER';
  }
  if (error instanceof PrivateDataMissing) {
    return 'PRIVATE_DATA_MISSING';
  }
  if (error instanceof RecordMissing) {
    return 'RECORD_MISSING';
  }
  if (error instanceof StreamSilent) {
    return 'STREAM_SILENT';
  }
  return error instanceof StoreUnavailableError ? 'STORE_UNAVAILABLE' : 'INTERNAL';
}

function textOf(error: unknown): string {
  if (error instanceof LedgerError) {
    return ledgerFailureOf(error).reason;
  }
  return kindOf(error) === 'INTERNAL' || !(error instanceof Error) ? 'internal error' : error.message;
}
