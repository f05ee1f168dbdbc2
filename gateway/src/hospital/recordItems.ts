// SPDX-License-Identifier: Apache-2.0
import type { AccessRequest, Action, RequestItem } from '@chartwitness/chaincode/domain';
import type { Logger } from 'pino';
import type { Principal } from '../auth/principal';
import { AppError } from '../errors';
import { LedgerError } from '../ledger/ledgerError';
import { releasable } from '../recorder/peerBehind';
import type { EmergencyWithoutLedger, Recorder } from '../recorder/recorder';
import { emergencyIncomplete, type EmergencyDeclaration } from './breakGlass';
import type { Kind } from './foresight';
import { type AskUnder, type Narrowed, narrowedByFormer } from './formerConsents';
import { splitItems } from './requestParts';

/** Who asks for what about whom, whatever the data turn out to be. */
export interface Errand {
  readonly subject: string;
  /** Further subjects of the same person, whose consents must permit as well. */
  readonly formerSubjects?: readonly string[] | undefined;
  /**
   * The same, by the other numbers of a record in use: while the own peer is silent the deployment decides.
   */
  readonly besideSubjects?: readonly string[] | undefined;
  readonly principal: Principal;
  readonly emergency: EmergencyDeclaration;
  readonly action: Action;
  /** RFC 3339 in UTC with milliseconds. */
  readonly requestedAt: string;
  /** When the request was admitted, by the recorder's clock: its deadline counts from there. */
  readonly admittedAt: number;
}

export interface RecordDependencies {
  readonly recorder: Pick<Recorder, 'record' | 'evaluate'>;
  readonly random: (bytes: number) => Uint8Array;
  readonly emergencyWithoutLedger: EmergencyWithoutLedger;
  readonly log: Pick<Logger, 'warn'>;
}

/** Items as the ledger ends up saying of them. */
export interface RecordedItems {
  /** For each item whether it may leave. */
  readonly decisions: readonly boolean[];
  /** Decided ahead of the record, because the ledger is away. */
  readonly isLate: boolean;
}

/**
 * Records an access, as one event or several parts of one. Nothing but what is permitted here may leave.
 * @throws AppError EMERGENCY_INCOMPLETE after the attempt is recorded as refused; what the recorder throws:
 *   then nothing may leave.
 */
export async function recordItems(
  items: readonly RequestItem[],
  errand: Errand,
  dependencies: RecordDependencies,
): Promise<RecordedItems> {
  const { recorder, random } = dependencies;
  const narrowed = hasFurtherSubjects(errand) ? await narrow(items, errand, dependencies, true) : undefined;
  const parts = splitItems(narrowed?.items ?? items);
  const outcomes = await recorder.record(
    requestsFor(
      parts.map((part) => part.items),
      errand,
      random,
    ),
    errand.admittedAt,
  );
  if (errand.emergency.kind === 'incomplete') {
    throw emergencyIncomplete(errand.emergency.problem);
  }
  const decisions = items.map(() => false);
  for (const [number, { origins }] of parts.entries()) {
    const permitted = outcomes[number]?.permitted;
    if (permitted?.length !== origins.length) {
      throw new AppError('INTERNAL', 'the recorder answered for another number of items');
    }
    origins.forEach((origin, place) => {
      if (origin !== undefined) {
        const isAllowed = narrowed === undefined || narrowed.allowed[origin] === true;
        decisions[origin] = permitted[place] === true && isAllowed;
      }
    });
  }
  return { decisions, isLate: outcomes.some(({ late }) => late) };
}

/** What the own peer would say of kinds of data now, under all of the person's subjects. */
export async function foreseen(
  kinds: readonly Kind[],
  errand: Errand,
  dependencies: RecordDependencies,
): Promise<readonly boolean[]> {
  const items = kinds.map((kind) => ({ ...kind, count: 0, ids: [] }));
  const [permitted, { allowed }] = await Promise.all([
    evaluate(items, errand, dependencies),
    narrow(items, errand, dependencies, false),
  ]);
  return items.map((_item, place) => permitted[place] === true && allowed[place] === true);
}

/** Most persons have one number, whose consent the ledger itself decides by. */
function hasFurtherSubjects({ formerSubjects = [], besideSubjects = [] }: Errand): boolean {
  return formerSubjects.length + besideSubjects.length > 0;
}

/**
 * An incomplete emergency is refused whatever the consents say.
 * @param isRelease whether data leave by what is said here: nothing on the ledger decides on further numbers.
 */
async function narrow(
  items: readonly RequestItem[],
  errand: Errand,
  dependencies: RecordDependencies,
  isRelease: boolean,
): Promise<Narrowed> {
  const { formerSubjects = [], besideSubjects = [], emergency } = errand;
  if (emergency.kind === 'incomplete') {
    return { items, allowed: items.map(() => true) };
  }
  const ask: AskUnder = (subject, asked) => evaluate(asked, { ...errand, subject }, dependencies, isRelease);
  const askBeside = heardOr(ask, dependencies);
  return narrowedByFormer(items, [...formerSubjects, ...besideSubjects], (subject, asked) =>
    besideSubjects.includes(subject) ? askBeside(subject, asked) : ask(subject, asked),
  );
}

/**
 * The same, but while the own peer is silent or behind the deployment's choice decides, as it does on the
 * number that the access is listed under: what a peer that is behind denies stays denied.
 */
function heardOr(ask: AskUnder, { emergencyWithoutLedger, log }: RecordDependencies): AskUnder {
  return async (subject, items) => {
    try {
      return await ask(subject, items);
    } catch (error) {
      if (emergencyWithoutLedger === 'refuse' || !isSilence(error)) {
        throw error;
      }
      log.warn({ err: error }, 'the own peer has no word on a further number in an emergency');
      return releasable(items.length, error.cause);
    }
  };
}

/** A refusal is an answer: what is not understood counts as what would be withheld. */
function isSilence(error: unknown): error is AppError {
  return (
    error instanceof AppError &&
    error.code === 'LEDGER_UNAVAILABLE' &&
    !(error.cause instanceof LedgerError && error.cause.kind === 'rejected')
  );
}

/** Item by item, however many events they would take. */
async function evaluate(
  items: readonly RequestItem[],
  errand: Errand,
  { recorder, random }: RecordDependencies,
  isRelease = false,
): Promise<readonly boolean[]> {
  const permitted = items.map(() => false);
  for (const part of splitItems(items)) {
    const [request] = requestsFor([part.items], errand, random);
    const answers = request === undefined ? [] : await recorder.evaluate(request, isRelease);
    part.origins.forEach((origin, place) => {
      if (origin !== undefined) {
        permitted[origin] = answers[place] === true;
      }
    });
  }
  return permitted;
}

/** One request, or the parts of one, which share the first one's id. */
export function requestsFor(
  parts: readonly (readonly RequestItem[])[],
  errand: Errand,
  random: (bytes: number) => Uint8Array,
): readonly AccessRequest[] {
  const { principal, emergency } = errand;
  // 128 random bits each.
  const token = (): string => Buffer.from(random(16)).toString('base64url');
  const request = token();
  return parts.map((items, index) => ({
    id: index === 0 ? request : token(),
    salt: token(),
    subject: errand.subject,
    requester: principal.requester,
    purpose: principal.purpose,
    action: errand.action,
    emergency: emergency.kind === 'declared' ? emergency.emergency : null,
    items,
    requestedAt: errand.requestedAt,
    late: false,
    ...(parts.length === 1 ? {} : { part: { request, number: index + 1, of: parts.length } }),
  }));
}
