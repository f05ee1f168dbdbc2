// SPDX-License-Identifier: Apache-2.0
import type { RequestItem } from '@chartwitness/chaincode/domain';
import type { Recorder } from '../recorder/recorder';
import { type Errand, requestsFor } from './recordAccess';

/** What of the recorder an access needs. */
export type AccessRecorder = Pick<Recorder, 'record' | 'evaluate' | 'commitsNow'>;

export interface Absence {
  /** The same recorder; what an access takes there is noted. */
  readonly recorder: AccessRecorder;
  /**
   * Waits as long as a record would, before it is said that nothing is there. Where it is not certain that the ledger would take a record
   * now, nothing is really recorded, as an access to nobody.
   * @throws what the recorder throws; then the answer is the one that somebody who is there would get.
   */
  settle(type: string, errandAbout: (subject: string) => Errand): Promise<void>;
}

export interface AbsenceOptions {
  readonly recorder: AccessRecorder;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  readonly random: (bytes: number) => Uint8Array;
  /** Resolves after so many milliseconds. */
  readonly pause: (milliseconds: number) => Promise<void>;
}

/** How many of the last records' durations are drawn from. */
const REMEMBERED = 64;
const SUBJECT_BYTES = 32;

/** Hides, as far as waiting can, that what is absent is recorded nowhere. README.md, Decisions, has what is left of it. */
export function createAbsence({ recorder, clock, random, pause }: AbsenceOptions): Absence {
  const durations: number[] = [];
  const drawn = (): number => {
    const [high = 0, low = 0] = random(2);
    return durations[(high * 256 + low) % Math.max(1, durations.length)] ?? 0;
  };
  const timed: AccessRecorder = {
    evaluate: (request) => recorder.evaluate(request),
    commitsNow: () => recorder.commitsNow(),
    record: async (parts) => {
      const from = clock();
      const outcomes = await recorder.record(parts);
      durations.push(Math.max(0, clock() - from));
      durations.splice(0, durations.length - REMEMBERED);
      return outcomes;
    },
  };
  return {
    recorder: timed,
    settle: async (type, errandAbout) => {
      if (recorder.commitsNow()) {
        await pause(drawn());
        if (recorder.commitsNow()) {
          return;
        }
      }
      const nothing: RequestItem = { type, labels: [], count: 0, ids: [] };
      // Of nobody: whoever was asked for stays unnamed.
      const subject = Buffer.from(random(SUBJECT_BYTES)).toString('base64url');
      await timed.record(requestsFor([[nothing]], errandAbout(subject), random));
    },
  };
}
