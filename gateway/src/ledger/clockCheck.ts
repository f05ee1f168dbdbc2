// SPDX-License-Identifier: Apache-2.0
import type { Logger } from 'pino';
import type { ProvenanceLedger } from './provenanceLedger';

/** What a peer makes of this process' time: it takes records made now, it refuses them for their time alone, or it gave no answer. */
export type TimeVerdict = 'taken' | 'refused' | 'unknown';

/** Of the two peers whose word every record needs. */
export interface TimeVerdicts {
  readonly own: TimeVerdict;
  readonly trustee: TimeVerdict;
}

export interface ClockCheckOptions {
  readonly ledger: Pick<ProvenanceLedger, 'mspId' | 'findSettings' | 'takesTime'>;
  readonly lane: string;
  readonly log: Logger;
  /** Pause between two looks, in milliseconds. Default 30,000. */
  readonly everyMs?: number;
  /** Runs `action` once after `milliseconds` unless the returned function is called before; keeps no process alive. */
  readonly after?: (milliseconds: number, action: () => void) => () => void;
}

/** Compares this process' clock with those of the peers. */
export interface ClockCheck {
  verdicts(): TimeVerdicts;
  /** Why nothing can be recorded at this time, and what to do, for an operator; `undefined` when both peers take it, or are not known to refuse. */
  problem(): string | undefined;
  close(): void;
}

const UNKNOWN: TimeVerdicts = { own: 'unknown', trustee: 'unknown' };

/**
 * Asks the own peer and the trustee's, at once and then every half a minute, whether they would take a record of this moment (within 60 s
 * of their clocks). A refusal counts when it is given twice in a row, so that a process that was halted in between is no clock that is wrong.
 * Makes no call that could fail; nothing is recorded, and no client has a part in it.
 */
export function openClockCheck(options: ClockCheckOptions): ClockCheck {
  return new Checking(options);
}

class Checking implements ClockCheck {
  readonly #options: ClockCheckOptions;
  #verdicts = UNKNOWN;
  #problem: string | undefined;
  #cancel: () => void = () => undefined;
  #isClosed = false;

  constructor(options: ClockCheckOptions) {
    this.#options = options;
    void this.#run();
  }

  verdicts(): TimeVerdicts {
    return this.#verdicts;
  }

  problem(): string | undefined {
    return this.#problem;
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
    this.#verdicts = verdicts;
    this.#say(problemOf(verdicts, this.#options.ledger.mspId));
    const { after = afterTimeout, everyMs = 30_000 } = this.#options;
    this.#cancel = after(everyMs, () => void this.#run());
  }

  /** Once when it begins, when it becomes another one, and when it is over. */
  #say(problem: string | undefined): void {
    const { log } = this.#options;
    if (problem !== undefined && problem !== this.#problem) {
      log.error(this.#verdicts, problem);
    } else if (problem === undefined && this.#problem !== undefined) {
      log.info(this.#verdicts, 'the peers take the time of this gateway again');
    }
    this.#problem = problem;
  }

  async #look(): Promise<TimeVerdicts> {
    const { ledger } = this.#options;
    const trustee = await ledger.findSettings().then(
      (settings) => settings?.trustee,
      () => undefined,
    );
    const [own, other] = await Promise.all([this.#ask(ledger.mspId), this.#ask(trustee)]);
    return { own, trustee: other };
  }

  async #ask(mspId: string | undefined): Promise<TimeVerdict> {
    const { ledger, lane, log } = this.#options;
    if (mspId === undefined) {
      return 'unknown';
    }
    try {
      const isTaken = (await ledger.takesTime(lane, mspId)) || (await ledger.takesTime(lane, mspId));
      return isTaken ? 'taken' : 'refused';
    } catch (error) {
      // Whatever kept the peer from answering is told by those who need it.
      log.debug({ err: error, mspId }, 'a peer could not be asked about the time');
      return 'unknown';
    }
  }
}

function problemOf({ own, trustee }: TimeVerdicts, mspId: string): string | undefined {
  const consequence =
    'nothing can be recorded, and clients whose clocks are right may be refused their tokens';
  if (own === 'refused' && trustee === 'refused') {
    return `CLOCK_WRONG: this machine's clock is more than 60 s from those of both peers: ${consequence}. Set this machine's clock by a time server`;
  }
  if (own === 'refused') {
    const other = trustee === 'taken' ? ', while that of the trustee’s peer agrees with it' : '';
    return `CLOCK_WRONG: this machine's clock is more than 60 s from that of ${mspId}'s peer${other}: ${consequence}. Set the one that is wrong by a time server`;
  }
  if (trustee === 'refused') {
    const other = own === 'taken' ? `, while that of ${mspId}'s peer agrees with it` : '';
    return `CLOCK_WRONG: this machine's clock is more than 60 s from that of the trustee's peer${other}: ${consequence}. Compare this machine's and the own peer's clock with a time server; if they are right, the trustee has to set that of its peer`;
  }
  return undefined;
}

function afterTimeout(milliseconds: number, action: () => void): () => void {
  const timer = setTimeout(action, milliseconds);
  timer.unref();
  return () => {
    clearTimeout(timer);
  };
}
