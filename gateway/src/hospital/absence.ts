// SPDX-License-Identifier: Apache-2.0
import type { AccessRequest, RequestItem } from '@chartwitness/chaincode/domain';
import { AppError } from '../errors';
import { isPatientType } from '../fhir/resourceTypes';
import type { Recorder } from '../recorder/recorder';
import { emergencyIncomplete } from './breakGlass';
import { type Errand, requestsFor } from './recordItems';
import { RecordTimes } from './recordTimes';

/** What of the recorder an access needs. */
export type AccessRecorder = Pick<Recorder, 'record' | 'evaluate' | 'commitsNow' | 'timeLeft' | 'rehearse'>;

/** Who asks for what, without the patient. */
export type Inquiry = Omit<Errand, 'subject' | 'formerSubjects' | 'besideSubjects'>;

export interface Absence {
  /** The same recorder; how long accesses take there is noted. */
  readonly recorder: AccessRecorder;
  /** Whether the own peer's last evaluation failed. */
  readonly isBlind: boolean;
  /**
   * Waits as long as a record would, before it is said that nothing is there. Where it is not certain that
   * the ledger would take a record now, nothing is really recorded, as an access to nobody. Of a type that is
   * never given on its own the type alone says so: no wait.
   * @throws AppError what the recorder throws, and EMERGENCY_INCOMPLETE: the answers that somebody who is
   *   there would get.
   */
  settle(type: string, inquiry: Inquiry): Promise<void>;
  /**
   * Before an ordinary search is asked of the source: a chart of several pages needs the own peer's
   * foresight, a small or absent one does not. So while the last evaluation failed, each search asks the own
   * peer about nobody first.
   * @throws what the recorder throws.
   */
  assertForeseen(type: string, inquiry: Inquiry): Promise<void>;
}

export interface AbsenceOptions {
  readonly recorder: AccessRecorder;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  readonly random: (bytes: number) => Uint8Array;
  /** Resolves after so many milliseconds. */
  readonly pause: (milliseconds: number) => Promise<void>;
}

const SUBJECT_BYTES = 32;
/**
 * What the one part of a record names that counts as alike: items, ids, labels and leads. An entry about
 * nobody has one item; what is larger takes the ledger longer.
 */
const ALIKE_NAMES = 64;
/** In place of what the caller wrote, which may name somebody whom nobody could ever find it under. */
const REASON = 'nobody was found';

/**
 * Hides, as far as waiting can, that what is absent is recorded nowhere. README.md, Decisions, has what is
 * left of it.
 */
export function createAbsence(options: AbsenceOptions): Absence {
  return new Waiting(options);
}

/** A record that is under way. */
interface Begun {
  readonly parts: readonly AccessRequest[];
  /** Milliseconds since the epoch. */
  readonly from: number;
  /** Parts of others that were under way then. */
  readonly beside: number;
}

class Waiting implements Absence {
  readonly recorder: AccessRecorder;
  readonly #options: AbsenceOptions;
  readonly #times = new RecordTimes();
  isBlind = false;
  /** Parts of records that have begun and not ended. */
  #underWay = 0;

  constructor(options: AbsenceOptions) {
    this.#options = options;
    const { recorder } = options;
    this.recorder = {
      commitsNow: (isEmergency) => recorder.commitsNow(isEmergency),
      timeLeft: (isEmergency, admittedAt) => recorder.timeLeft(isEmergency, admittedAt),
      evaluate: (request, isRelease) => this.#evaluate(request, isRelease),
      record: async (parts, admittedAt) => {
        const begun = this.#begin(parts);
        try {
          const outcomes = await recorder.record(parts, admittedAt);
          this.#end(begun, outcomes.some(({ late }) => late) ? 'late' : 'recorded');
          return outcomes;
        } catch (error) {
          this.#end(begun, 'refused');
          throw error;
        }
      },
      rehearse: async (request, admittedAt) => {
        const begun = this.#begin([request]);
        try {
          const outcome = await recorder.rehearse(request, admittedAt);
          this.#end(begun, outcome.late ? 'late' : 'recorded');
          return outcome;
        } catch (error) {
          this.#end(begun, 'refused');
          throw error;
        }
      },
    };
  }

  async settle(type: string, inquiry: Inquiry): Promise<void> {
    if (isPatientType(type)) {
      await this.#wait(type, inquiry);
    }
    if (inquiry.emergency.kind === 'incomplete') {
      throw emergencyIncomplete(inquiry.emergency.problem);
    }
  }

  async #wait(type: string, inquiry: Inquiry): Promise<void> {
    const { recorder, random, pause, clock } = this.#options;
    const request = this.#aboutNobody(type, inquiry);
    const isEmergency = inquiry.emergency.kind === 'declared';
    const [high = 0, low = 0] = random(2);
    const past = this.#times.drawn(kindOf(request), high * 256 + low, clock(), this.#underWay);
    const left = recorder.timeLeft(isEmergency, inquiry.admittedAt);
    // Somebody who is there would not be waited for any longer than this.
    if (past?.isRecorded === true && past.milliseconds < left && recorder.commitsNow(isEmergency)) {
      await pause(past.milliseconds);
      if (recorder.commitsNow(isEmergency)) {
        return;
      }
    }
    await this.recorder.rehearse(request, inquiry.admittedAt);
  }

  async assertForeseen(type: string, inquiry: Inquiry): Promise<void> {
    if (this.isBlind && inquiry.emergency.kind === 'none') {
      await this.#evaluate(this.#aboutNobody(type, inquiry));
    }
  }

  async #evaluate(request: AccessRequest, isRelease = false): Promise<readonly boolean[]> {
    try {
      const permitted = await this.#options.recorder.evaluate(request, isRelease);
      this.isBlind = false;
      return permitted;
    } catch (error) {
      // A refusal is of this one request, and an answer.
      this.isBlind = !(error instanceof AppError && ['denied', 'invalid'].includes(error.kind.family));
      throw error;
    }
  }

  #begin(parts: readonly AccessRequest[]): Begun {
    const begun = { parts, from: this.#options.clock(), beside: this.#underWay };
    this.#underWay += parts.length;
    return begun;
  }

  /**
   * What was decided without the ledger, or is larger than an entry about nobody, tells nothing about how
   * long that takes.
   */
  #end({ parts, from, beside }: Begun, outcome: 'recorded' | 'refused' | 'late'): void {
    this.#underWay -= parts.length;
    const measure = outcome === 'late' ? undefined : likeNobody(parts);
    if (measure !== undefined) {
      const at = this.#options.clock();
      const [milliseconds, isRecorded] = [Math.max(0, at - from), outcome === 'recorded'];
      this.#times.note(kindOf(measure), { milliseconds, isRecorded, at, beside });
    }
  }

  /** Does not name the patient. */
  #aboutNobody(type: string, inquiry: Inquiry): AccessRequest {
    const { random } = this.#options;
    const nothing: RequestItem = { type, labels: [], count: 0, ids: [] };
    const errand: Errand = {
      ...inquiry,
      emergency:
        inquiry.emergency.kind === 'declared'
          ? { kind: 'declared', emergency: { reason: REASON } }
          : inquiry.emergency,
      subject: Buffer.from(random(SUBJECT_BYTES)).toString('base64url'),
    };
    const [request] = requestsFor([[nothing]], errand, random);
    if (request === undefined) {
      throw new RangeError('a request has at least one part');
    }
    return request;
  }
}

/** Clients wait in lines of their own, and emergencies before the others. */
function kindOf({ requester, emergency }: AccessRequest): string {
  return `${emergency === null ? 'ordinary' : 'emergency'} ${requester.org} ${requester.clientId}`;
}

/** The only part of a record that is of alike size as one about nobody; undefined for larger ones. */
function likeNobody(parts: readonly AccessRequest[]): AccessRequest | undefined {
  const [only, ...others] = parts;
  return only === undefined || others.length > 0 || namesIn(only) > ALIKE_NAMES ? undefined : only;
}

function namesIn({ items }: AccessRequest): number {
  return items.reduce(
    (sum, { ids, labels, via }) => sum + 1 + ids.length + labels.length + (via?.length ?? 0),
    0,
  );
}
