// SPDX-License-Identifier: Apache-2.0
import type { Logger } from 'pino';
import { LedgerError, ledgerFailureOf, UNNAMED_REMEDY } from '../ledger/ledgerError';
import type { ProvenanceLedger } from '../ledger/provenanceLedger';
import { type After, afterTimeout } from '../retry/after';
import type { RegistryFile } from './registryFile';
import type { RegistryAsOf } from './registryFileForm';
import { type PeerAnswer, RegistryPeer } from './registryPeer';
import { isBelievable, type Remembered } from './rememberedAnswer';
import { readWholeRegistry, type WholeRegistry } from './wholeRegistry';

/** Why the Registry cannot be read: kinds and codes, never an address. */
export interface RegistryFailure {
  readonly problem: string;
  readonly reason: string;
  readonly remedy: string;
}

/** How things stand, for an operator. */
export interface RegistryMemoryState {
  /** When what is remembered was read, in milliseconds since the epoch; `undefined`: nothing is. */
  readonly readAt: number | undefined;
  /** Until when it may be given while the ledger is away. */
  readonly usableUntil: number | undefined;
  /** Whether it may be given now. */
  readonly isUsable: boolean;
  /** Why the ledger gave no answer when it was asked last; `undefined`: it did, or is being asked. */
  readonly failure: RegistryFailure | undefined;
}

/** The whole Registry as it was last read, by this process or the one before; for a ledger that is away. */
export interface RegistryMemory {
  /** The own peer, which knows as many blocks as what is remembered rests on, or does not count. */
  readonly peer: RegistryPeer;
  recall(): Remembered<WholeRegistry> | undefined;
  /** A change was announced, or may have been missed: it is read again. */
  outdate(): void;
  /** Something may be wrong: it is read again. */
  look(): void;
  state(): RegistryMemoryState;
  /** Waits for what is being written, not for the ledger. */
  close(): Promise<void>;
}

export interface RegistryMemoryOptions {
  readonly ledger: Pick<ProvenanceLedger, 'findSettings' | 'organisations' | 'clients' | 'ownHeight'>;
  /** What the process before has left, as {@link RegistryFile.read} gave it. */
  readonly remembered: RegistryAsOf | undefined;
  readonly file: Pick<RegistryFile, 'write'>;
  readonly log: Pick<Logger, 'info' | 'warn' | 'error'>;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  /** Longest age, in milliseconds, of what is given while the ledger is away. */
  readonly staleMs: number;
  /** Told of each write that failed. */
  readonly onWriteFailed?: () => void;
  readonly after?: After;
}

/** Changes in a row are read together. */
const PAUSE_MS = 1_000;
/** While nothing changes, so that the file does not look older than it is. */
const REREAD_MS = 300_000;
/** While the ledger gives no answer. */
const RETRY_MS = 10_000;

/** Starts reading; makes no call that could fail. */
export function openRegistryMemory(options: RegistryMemoryOptions): RegistryMemory {
  return new FollowedMemory(options);
}

class FollowedMemory implements RegistryMemory {
  readonly peer: RegistryPeer;
  readonly #options: RegistryMemoryOptions;
  #known: RegistryAsOf | undefined;
  #changes = 0;
  #changesKnown = 0;
  #failure: RegistryFailure | undefined;
  #isClosed = false;
  #isAsked = false;
  #wake: (() => void) | undefined;
  #writing: Promise<void> = Promise.resolve();
  #saidWriting: string | undefined;

  constructor(options: RegistryMemoryOptions) {
    this.#options = options;
    this.#known = options.remembered;
    this.peer = new RegistryPeer(options.ledger, options.remembered?.height);
    void this.#follow();
  }

  recall(): Remembered<WholeRegistry> | undefined {
    return (
      this.#known && {
        value: this.#known.registry,
        height: this.#known.height,
        readAt: this.#known.readAt,
        isOutdated: this.#changes !== this.#changesKnown,
      }
    );
  }

  outdate(): void {
    this.#changes += 1;
    this.look();
  }

  look(): void {
    this.#isAsked = true;
    this.#wake?.();
  }

  state(): RegistryMemoryState {
    const { clock, staleMs } = this.#options;
    const readAt = this.#known?.readAt;
    return {
      readAt,
      usableUntil: readAt === undefined ? undefined : readAt + staleMs,
      isUsable: readAt !== undefined && isBelievable(readAt, { now: clock, staleMs }),
      failure: this.#failure,
    };
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#wake?.();
    await this.#writing;
  }

  async #follow(): Promise<void> {
    const rereadMs = Math.min(REREAD_MS, this.#options.staleMs / 4);
    while (!this.#isClosed) {
      this.#isAsked = false;
      await this.#read();
      await this.#pause(PAUSE_MS, false);
      await this.#pause(this.#failure !== undefined ? RETRY_MS : rereadMs, true);
    }
  }

  async #read(): Promise<void> {
    const { ledger, clock } = this.#options;
    const changes = this.#changes;
    const readAt = clock();
    let answer: PeerAnswer<WholeRegistry>;
    try {
      answer = await this.peer.ask(() => readWholeRegistry(ledger));
    } catch (error) {
      this.#tellReading(error);
      return;
    }
    if (this.#isClosed) {
      return;
    }
    this.#known = { registry: answer.value, height: answer.height, readAt };
    this.#changesKnown = changes;
    this.#tellReading();
    this.#writing = this.#write(this.#known);
    await this.#writing;
  }

  /** Never fails: what is remembered in this process is as good until it ends. */
  async #write(known: RegistryAsOf): Promise<void> {
    const { file, log, onWriteFailed } = this.#options;
    try {
      await file.write(known);
      this.#saidWriting = undefined;
    } catch (error) {
      onWriteFailed?.();
      const why = error instanceof Error ? error.message : String(error);
      if (why !== this.#saidWriting) {
        this.#saidWriting = why;
        log.error({ why }, 'the Registry cannot be kept on disk; a start without the ledger lacks it');
      }
    }
  }

  /** Once until the cause changes, and once when it is over. */
  #tellReading(error?: unknown): void {
    const { log } = this.#options;
    const before = this.#failure;
    this.#failure = error === undefined ? undefined : failureOf(error);
    if (this.#failure !== undefined && this.#failure.problem !== before?.problem) {
      const { readAt, usableUntil, isUsable } = this.state();
      log.warn(
        { ...this.#failure, readAt: instantOf(readAt), usableUntil: instantOf(usableUntil), isUsable },
        'the whole Registry cannot be read; what is remembered of it serves emergencies meanwhile',
      );
    } else if (this.#failure === undefined && before !== undefined) {
      log.info('the whole Registry is read again');
    }
  }

  #pause(milliseconds: number, endsWhenAsked: boolean): Promise<void> {
    return new Promise((resolve) => {
      if (this.#isClosed || (endsWhenAsked && this.#isAsked)) {
        resolve();
        return;
      }
      const finish = (): void => {
        cancel();
        this.#wake = undefined;
        resolve();
      };
      const cancel = (this.#options.after ?? afterTimeout)(milliseconds, finish);
      this.#wake = () => {
        if (endsWhenAsked || this.#isClosed) {
          finish();
        }
      };
    });
  }
}

function failureOf(error: unknown): RegistryFailure {
  if (error instanceof LedgerError) {
    return ledgerFailureOf(error);
  }
  const reason = error instanceof Error ? error.name : 'failed';
  return { problem: 'INTERNAL', reason, remedy: UNNAMED_REMEDY };
}

function instantOf(at: number | undefined): string | undefined {
  return at === undefined ? undefined : new Date(at).toISOString();
}
