// SPDX-License-Identifier: Apache-2.0
import type { AccessRequest } from '@chartwitness/chaincode/domain';
import { LedgerError } from '../ledger/ledgerError';
import type { ProvenanceLedger } from '../ledger/provenanceLedger';
import { PeerBehind } from './peerBehind';
import { isAnswered, mayBeOneEntrys } from './refusals';
import type { Scheduler } from './scheduler';

export interface OwnPeerOptions {
  readonly ledger: Pick<ProvenanceLedger, 'evaluateBatch' | 'findBatch' | 'ownHeight' | 'knownHeight'>;
  readonly lane: string;
  readonly scheduler: Scheduler;
  /** Longest wait for an answer, in milliseconds. */
  readonly waitMs: number;
  /** Bounds of what is asked in one call. */
  readonly maxEvents: number;
  readonly maxBytes: number;
  /** The highest place of the lane that is certainly on the ledger; `undefined` when none is known. */
  readonly provenSeq: () => number | undefined;
}

/** Evaluations under way at once: a peer that hangs must not collect more. */
const MAX_CALLS = 4;
/**
 * As many of them may be without an emergency's question, so that one never waits behind a flood of searches.
 */
const MAX_ORDINARY_CALLS = 3;

/** A call may take longer than anybody waits for it: while this process is busy its answer lies unread. */
const CALL_PATIENCE = 3;

/** The part of the wait in which the trustee's peer may say how many blocks there are. */
const KNOWN_WITHIN = 0.3;
/**
 * A peer that lacks blocks, or failed to say whether it does, is asked again so often, so many milliseconds
 * apart.
 */
const CATCHING_UP = 4;
const CATCHING_UP_MS = 50;

const NO_TURN = new LedgerError('rejected', 'the own peer answers others, and had no turn for this', {
  domainCode: 'CORRUPT',
});
const UNCERTAIN_DENIAL = new LedgerError(
  'rejected',
  'the own peer denies, and does not say whether it is up to date',
  { domainCode: 'CORRUPT' },
);

interface Question {
  readonly request: AccessRequest;
  readonly isEmergency: boolean;
  /** Whether data leave by the answer. */
  readonly isRelease: boolean;
  /** How many of the same client waited before it. */
  readonly turn: number;
  readonly bytes: number;
  readonly resolve: (permitted: readonly boolean[]) => void;
  readonly reject: (error: unknown) => void;
  /**
   * What counts when the time is over: a refusal of a call with this question, or a denial that is not
   * certain yet.
   */
  refusal: LedgerError | undefined;
  /** What it was last told by a peer that is behind, or of which that is not known yet. */
  oldWord: readonly boolean[] | undefined;
  /** Why its last answer counts as none. */
  behind: LedgerError | undefined;
  isOver: boolean;
  isAsked: boolean;
}

interface Lacking {
  /**
   * Why the peer's answers count as none; `undefined` when it has all blocks that are known. Never rejects.
   */
  readonly failure: Promise<LedgerError | undefined>;
}

/** No failure is this one. */
const NOTHING = Symbol('nothing');

const NOT_ASKED: Lacking = { failure: Promise.resolve(undefined) };

/**
 * What the own organisation's peer would decide now, without a record. Questions that come together are asked
 * together. A peer that lacks a batch of this lane that was committed is behind, and its permission counts as
 * none ({@link PeerBehind}). By whose answer data leave, has all blocks besides that are known to exist: a
 * batch of the lane says nothing about a consent that came after it.
 */
export class OwnPeer {
  readonly #options: OwnPeerOptions;
  /** Emergencies first; among them, and among the others, clients take turns. */
  #waiting: Question[] = [];
  #calls = 0;
  #answeredAt = -Infinity;

  constructor(options: OwnPeerOptions) {
    this.#options = options;
  }

  /**
   * Whether each item of the request would be permitted.
   * @param isEmergency goes before all that are not.
   * @param isRelease whether data leave by the answer, without the ledger's: then it counts only from a peer
   *   that has all known blocks.
   * @throws LedgerError `rejected` when the chaincode refuses this request, or a group with it and there is
   *   no time to find out which. Also `rejected`, since the peer is not silent, when it had no turn while the
   *   peer answered others; `unavailable` when there is no answer in time, {@link PeerBehind} when the peer
   *   is behind.
   */
  ask(request: AccessRequest, isEmergency: boolean, isRelease = false): Promise<readonly boolean[]> {
    return new Promise((resolve, reject) => {
      let cancel: () => void = () => undefined;
      const over = (settle: () => void): void => {
        if (!question.isOver) {
          question.isOver = true;
          cancel();
          settle();
        }
      };
      const question: Question = {
        request,
        isEmergency,
        isRelease,
        turn: this.#waiting.filter((one) => one.isEmergency === isEmergency && isOfSameClient(one, request))
          .length,
        bytes: Buffer.byteLength(JSON.stringify(request)),
        refusal: undefined,
        oldWord: undefined,
        behind: undefined,
        isOver: false,
        isAsked: false,
        resolve: (permitted) => {
          over(() => {
            resolve(permitted);
          });
        },
        reject: (error) => {
          over(() => {
            reject(error instanceof Error ? error : new Error(String(error)));
          });
        },
      };
      cancel = this.#options.scheduler.after(this.#options.waitMs, () => {
        const hasAnswered = this.#options.scheduler.now() - this.#answeredAt <= this.#options.waitMs;
        const noTurn = !question.isAsked && hasAnswered ? NO_TURN : undefined;
        question.reject(
          whyNone(question) ??
            noTurn ??
            new LedgerError(
              'unavailable',
              `the own peer gave no answer within ${String(this.#options.waitMs)} ms`,
            ),
        );
      });
      const behind = this.#waiting.findIndex((one) => isBefore(question, one));
      this.#waiting.splice(behind < 0 ? this.#waiting.length : behind, 0, question);
      this.#next();
    });
  }

  #next(): void {
    for (;;) {
      // A question for which nobody waits any more must not take the place of others.
      this.#waiting = this.#waiting.filter(({ isOver }) => !isOver);
      if (this.#calls >= (this.#waiting[0]?.isEmergency === true ? MAX_CALLS : MAX_ORDINARY_CALLS)) {
        return;
      }
      const together = this.#take();
      if (together.length === 0) {
        return;
      }
      this.#calls += 1;
      void this.#askTogether(together).finally(() => {
        this.#calls -= 1;
        this.#next();
      });
    }
  }

  /**
   * The next questions for one call: within its bounds, no request twice, and none that is not an emergency's
   * beside one that is.
   */
  #take(): Question[] {
    const ids = new Set<string>();
    const together: Question[] = [];
    const later: Question[] = [];
    const isEmergency = this.#waiting[0]?.isEmergency === true;
    let bytes = 0;
    for (const question of this.#waiting) {
      const fits =
        together.length === 0 ||
        (question.isEmergency === isEmergency &&
          together.length < this.#options.maxEvents &&
          bytes + question.bytes + 1 <= this.#options.maxBytes);
      if (!fits || ids.has(question.request.id)) {
        later.push(question);
        continue;
      }
      ids.add(question.request.id);
      bytes += question.bytes + 1;
      question.isAsked = true;
      together.push(question);
    }
    this.#waiting = later;
    return together;
  }

  /** @param looks how often the peer lacked blocks before. */
  async #askTogether(together: readonly Question[], looks = 0): Promise<void> {
    const { ledger, lane, waitMs, scheduler } = this.#options;
    const lacking = together.some(({ isRelease }) => isRelease) ? await this.#lacksBlocks() : NOT_ASKED;
    const standing = this.#notBehind(lacking);
    try {
      const requests = together.map(({ request }) => request);
      // The timer above answers the caller; this bounds only how long a call that hangs keeps its place.
      const timeoutMs = waitMs * CALL_PATIENCE;
      const permitted = await ledger.evaluateBatch(lane, { start: 0, requests }, { timeoutMs });
      this.#answeredAt = scheduler.now();
      await this.#tell(together, permitted, standing);
    } catch (error) {
      const behind = await this.#behindAfter(error, together, standing);
      if (looks < CATCHING_UP && [error, behind].includes((await lacking.failure) ?? NOTHING)) {
        await this.#askAgain(together, behind, looks + 1);
      } else {
        await this.#end(together, behind, error, looks);
      }
    }
  }

  /** @param behind why nothing that the peer says counts; else `error` is what came of the call. */
  async #end(
    together: readonly Question[],
    behind: LedgerError | undefined,
    error: unknown,
    looks: number,
  ): Promise<void> {
    if (together.length > 1 && error instanceof LedgerError && mayBeOneEntrys(error)) {
      // One question may be the cause; the others are not answered with its refusal.
      const middle = Math.ceil(together.length / 2);
      await this.#askTogether(together.slice(0, middle), looks);
      await this.#askTogether(together.slice(middle), looks);
      return;
    }
    for (const question of together) {
      question.behind = behind;
      question.reject(whyNone(question) ?? error);
    }
  }

  /** The peer may be getting the blocks that it lacks, or may say in a moment how many it has. */
  async #askAgain(
    together: readonly Question[],
    behind: LedgerError | undefined,
    looks: number,
  ): Promise<void> {
    for (const question of together) {
      question.behind = behind;
    }
    await new Promise<void>((resolve) => this.#options.scheduler.after(CATCHING_UP_MS, resolve));
    const open = together.filter(({ isOver }) => !isOver);
    if (open.length > 0) {
      await this.#askTogether(open, looks);
    }
  }

  /** @throws why the answer counts as none. */
  async #tell(
    together: readonly Question[],
    permitted: readonly (readonly boolean[])[],
    standing: Promise<Error | undefined>,
  ): Promise<void> {
    for (const [index, question] of together.entries()) {
      const items = permitted[index];
      question.oldWord = items?.length === question.request.items.length ? items : undefined;
      question.behind = undefined;
      // What it denies is denied, even when it does not say whether it is up to date.
      question.refusal = items?.every(Boolean) === true ? undefined : UNCERTAIN_DENIAL;
    }
    const failure = await standing;
    if (failure !== undefined) {
      throw failure;
    }
    together.forEach(({ request, resolve, reject }, index) => {
      const items = permitted[index];
      if (items?.length === request.items.length) {
        resolve(items);
      } else {
        reject(
          new LedgerError('rejected', "the own peer's answer does not fit the question", {
            domainCode: 'CORRUPT',
          }),
        );
      }
    });
  }

  /** A refusal stands from now on. @returns why what it permits counts as none. */
  async #behindAfter(
    error: unknown,
    together: readonly Question[],
    standing: Promise<Error | undefined>,
  ): Promise<LedgerError | undefined> {
    if (isAnswered(error)) {
      for (const question of together) {
        question.refusal = error;
      }
    }
    const failure = isAnswered(error) ? await standing : error;
    return failure instanceof LedgerError && failure.reason === 'PEER_BEHIND' ? failure : undefined;
  }

  /**
   * Resolves when the peer has said how many blocks it has: what it is asked afterwards rests on all of them.
   * Never rejects.
   */
  async #lacksBlocks(): Promise<Lacking> {
    const { ledger, waitMs } = this.#options;
    const known = ledger.knownHeight(waitMs * KNOWN_WITHIN);
    let own: bigint;
    try {
      own = await ledger.ownHeight();
    } catch (error) {
      return {
        failure: Promise.resolve(
          new LedgerError('unavailable', 'the own peer does not say how far it is', { cause: error }),
        ),
      };
    }
    const behind = (height: bigint): LedgerError =>
      new LedgerError(
        'unavailable',
        `the own peer is behind: it has ${String(own)} blocks of ${String(height)}`,
        { reason: 'PEER_BEHIND' },
      );
    return { failure: known.then((height) => (own < height ? behind(height) : undefined)) };
  }

  /** Why the peer's answers count as none; `undefined` when they count. Never rejects. */
  async #notBehind(lacking: Lacking): Promise<Error | undefined> {
    const { ledger, lane, provenSeq } = this.#options;
    const seq = provenSeq();
    try {
      if (seq === undefined || (await ledger.findBatch(lane, seq)) !== undefined) {
        return await lacking.failure;
      }
    } catch (error) {
      return error instanceof Error ? error : new Error(String(error));
    }
    return new LedgerError(
      'unavailable',
      `the own peer is behind: it lacks batch ${String(seq)} of ${lane}`,
      { reason: 'PEER_BEHIND' },
    );
  }
}

/**
 * Why the peer gave no word on it, as far as was heard: a refusal stands whether or not the peer is behind.
 */
function whyNone({ refusal, behind, oldWord }: Question): LedgerError | undefined {
  if (behind === undefined || (refusal !== undefined && refusal !== UNCERTAIN_DENIAL)) {
    return refusal;
  }
  return new PeerBehind(behind, oldWord);
}

function isOfSameClient({ request: { requester } }: Question, other: AccessRequest): boolean {
  return requester.clientId === other.requester.clientId && requester.org === other.requester.org;
}

function isBefore(one: Question, other: Question): boolean {
  return one.isEmergency === other.isEmergency ? one.turn < other.turn : one.isEmergency;
}
