// SPDX-License-Identifier: Apache-2.0
import type { Logger } from 'pino';
import { type After, afterTimeout } from '../retry/after';
import { LedgerError, type LedgerFailure, ledgerFailureOf, type LedgerFailureReason } from './ledgerError';
import type { ProvenanceLedger } from './provenanceLedger';
import { ownHangs } from './whatHangs';

/** Pause between two looks; one takes as long as a call that nobody answers. */
const EVERY_MS = 5_000;

export interface NetworkCheckOptions {
  readonly ledger: Pick<ProvenanceLedger, 'mspId' | 'takesTime' | 'ownHeight'>;
  readonly log: Logger;
  readonly after?: After;
}

type Writing = Pick<ProvenanceLedger, 'putConsent'>;

/** A failed write that no orderer took; how high the ledger was when it was looked at after that. */
interface NotOrdered {
  readonly failure: LedgerError;
  readonly height?: bigint;
}

/**
 * Whether the trustee does what the whole network depends on: its peer endorses every record of every
 * hospital, so without it, or its chaincode, nobody can record anything. Only the trustee's operator can mend
 * that. Both are asked every 5 s by a question of which nothing is recorded.
 *
 * Orderers that are away show in the trustee's own writes alone: until one works, or the ledger grows by
 * anybody's. While nobody changes a consent they are the hospitals' to notice.
 */
export class NetworkCheck {
  readonly #options: NetworkCheckOptions;
  #finding: LedgerFailure | undefined;
  #notOrdered: NotOrdered | undefined;
  #cancel: () => void = () => undefined;
  #isClosed = false;

  constructor(options: NetworkCheckOptions) {
    this.#options = options;
    void this.#run();
  }

  /** What is wrong, and what to do about it; `undefined` while all that was asked has answered. */
  finding(): LedgerFailure | undefined {
    return this.#finding;
  }

  /** The same ledger; whether its writes are ordered is noted. */
  noting<Ledger extends Writing>(ledger: Ledger): Ledger {
    const putConsent: Writing['putConsent'] = async (...change) => {
      try {
        const written = await ledger.putConsent(...change);
        this.#notOrdered = undefined;
        return written;
      } catch (error) {
        if (error instanceof LedgerError && error.reason === 'ORDERER_AWAY') {
          this.#notOrdered = { failure: error };
          this.#say(ledgerFailureOf(error));
        }
        throw error;
      }
    };
    return new Proxy(ledger, {
      get: (target, name) => {
        const member: unknown = name === 'putConsent' ? putConsent : Reflect.get(target, name, target);
        return typeof member === 'function' ? (member.bind(target) as unknown) : member;
      },
    });
  }

  close(): void {
    this.#isClosed = true;
    this.#cancel();
  }

  async #run(): Promise<void> {
    const found = await this.#look();
    if (this.#isClosed) {
      return;
    }
    this.#say(found);
    const { after = afterTimeout } = this.#options;
    this.#cancel = after(EVERY_MS, () => void this.#run());
  }

  async #look(): Promise<LedgerFailure | undefined> {
    const { ledger } = this.#options;
    const hanging = await ownHangs(ledger);
    if (hanging !== undefined) {
      return failureBy(hanging);
    }
    const before = this.#notOrdered;
    if (before === undefined) {
      return undefined;
    }
    // It has just answered; if it does not any more, the next look says so.
    const height = await ledger.ownHeight().catch(() => undefined);
    if (height !== undefined && this.#notOrdered === before) {
      const hasGrown = before.height !== undefined && height > before.height;
      this.#notOrdered = hasGrown ? undefined : { height, ...before };
    }
    return this.#notOrdered === undefined ? undefined : ledgerFailureOf(this.#notOrdered.failure);
  }

  /** Once when it begins, when it becomes another one, and when it is over. */
  #say(found: LedgerFailure | undefined): void {
    const { log } = this.#options;
    const before = this.#finding;
    this.#finding = found;
    if (found !== undefined && found.problem !== before?.problem) {
      log.error({ ...found }, 'no access of anybody in the network can be recorded');
    } else if (found === undefined && before !== undefined) {
      log.info({ problem: before.problem }, 'this peer does its part for the network again');
    }
  }
}

function failureBy(reason: LedgerFailureReason): LedgerFailure {
  return ledgerFailureOf(new LedgerError('unavailable', 'found by asking', { reason }));
}
