// SPDX-License-Identifier: Apache-2.0
import type { Logger } from 'pino';
import { type After, afterTimeout } from '../retry/after';
import {
  type ClockFinding,
  readAsHospital,
  readAsTrustee,
  type ReadVerdicts,
  type TimeVerdict,
  type TimeVerdicts,
} from './clockWords';
import type { ProvenanceLedger } from './provenanceLedger';

/** Pause between two looks while a clock is wrong: somebody sets it and wants to see that it is right. */
const WRONG_MS = 3_000;

interface ClockCheckTiming {
  readonly log: Logger;
  /** Pause between two looks while nothing is wrong, in milliseconds. Default 30,000. */
  readonly everyMs?: number;
  readonly after?: After;
}

export interface HospitalClockOptions extends ClockCheckTiming {
  readonly ledger: Pick<ProvenanceLedger, 'mspId' | 'findSettings' | 'takesTime'>;
  readonly lane: string;
}

export interface TrusteeClockOptions extends ClockCheckTiming {
  readonly ledger: Pick<ProvenanceLedger, 'mspId' | 'organisations' | 'takesTime'>;
}

/** Compares this process' clock with those of the peers. */
export interface ClockCheck {
  verdicts(): TimeVerdicts;
  /**
   * What is wrong, or seems to be, and what to do; `undefined` when the peers take this time, or are not
   * known to refuse it.
   */
  finding(): ClockFinding | undefined;
  close(): void;
}

/**
 * Asks the own peer and the trustee's whether they would take a record of this moment (within 60 s of their
 * clocks): at once, then every half a minute, every 3 s while one refuses. A refusal counts when it is given
 * twice in a row, so that a process that was halted in between is no clock that is wrong. Makes no call that
 * could fail; nothing is recorded, and no client has a part in it.
 */
export function openHospitalClockCheck({ ledger, lane, ...timing }: HospitalClockOptions): ClockCheck {
  return new Checking({
    ...timing,
    mspId: ledger.mspId,
    takesTime: (mspId) => ledger.takesTime(mspId, lane),
    others: async () => {
      const trustee = (await ledger.findSettings())?.trustee;
      return trustee === undefined ? [] : [trustee];
    },
    read: readAsHospital,
  });
}

/**
 * The same for the trustee, with a consent instead of a record: its own peer, and those of the active
 * hospitals, are asked.
 */
export function openTrusteeClockCheck({ ledger, ...timing }: TrusteeClockOptions): ClockCheck {
  return new Checking({
    ...timing,
    mspId: ledger.mspId,
    takesTime: (mspId) => ledger.takesTime(mspId),
    others: async () =>
      (await ledger.organisations())
        .filter(({ role, status }) => role === 'holder' && status === 'active')
        .map(({ mspId }) => mspId),
    read: readAsTrustee,
  });
}

interface CheckingOptions extends ClockCheckTiming {
  readonly mspId: string;
  readonly takesTime: (mspId: string) => Promise<boolean>;
  /** Whose peers are asked beside the own one. */
  readonly others: () => Promise<readonly string[]>;
  readonly read: ReadVerdicts;
}

class Checking implements ClockCheck {
  readonly #options: CheckingOptions;
  #verdicts: TimeVerdicts = { own: 'unknown', others: {} };
  #finding: ClockFinding | undefined;
  #cancel: () => void = () => undefined;
  #isClosed = false;

  constructor(options: CheckingOptions) {
    this.#options = options;
    void this.#run();
  }

  verdicts(): TimeVerdicts {
    return this.#verdicts;
  }

  finding(): ClockFinding | undefined {
    return this.#finding;
  }

  close(): void {
    this.#isClosed = true;
    this.#cancel();
  }

  async #run(): Promise<void> {
    const verdicts = await this.#look();
    if (this.#isClosed) {
      return;
    }
    const { mspId, read, after = afterTimeout, everyMs = 30_000 } = this.#options;
    this.#verdicts = verdicts;
    this.#say(read(verdicts, mspId));
    this.#cancel = after(this.#finding === undefined ? everyMs : Math.min(everyMs, WRONG_MS), () => {
      void this.#run();
    });
  }

  /** Once when it begins, when it becomes another one, and when it is over. */
  #say(finding: ClockFinding | undefined): void {
    const { log } = this.#options;
    if (finding !== undefined && finding.reason !== this.#finding?.reason) {
      const { isCertain, reason, remedy } = finding;
      log[isCertain ? 'error' : 'warn']({ ...this.#verdicts, remedy }, reason);
    } else if (finding === undefined && this.#finding !== undefined) {
      log.info(this.#verdicts, 'the peers take the time of this machine again');
    }
    this.#finding = finding;
  }

  async #look(): Promise<TimeVerdicts> {
    const { mspId } = this.#options;
    // Who cannot be asked for is not asked; the own peer is asked at the same time.
    const others = this.#options.others().catch((): readonly string[] => []);
    const [own, told] = await Promise.all([
      this.#ask(mspId),
      others.then((asked) =>
        Promise.all(
          asked.filter((other) => other !== mspId).map(async (other) => [other, await this.#ask(other)]),
        ),
      ),
    ]);
    return { own, others: Object.fromEntries(told) as Record<string, TimeVerdict> };
  }

  async #ask(mspId: string): Promise<TimeVerdict> {
    const { takesTime, log } = this.#options;
    try {
      const isTaken = (await takesTime(mspId)) || (await takesTime(mspId));
      return isTaken ? 'taken' : 'refused';
    } catch (error) {
      // The parts that need the peer's answer log why there is none.
      log.debug({ err: error, mspId }, 'a peer could not be asked about the time');
      return 'unknown';
    }
  }
}
