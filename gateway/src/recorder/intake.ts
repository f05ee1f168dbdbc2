// SPDX-License-Identifier: Apache-2.0
import type { AccessRequest } from '@chartwitness/chaincode/domain';
import type { PendingBatch } from './pendingBatch';
import type { RecordOutcome } from './recorder';

/** One accepted request and the caller that waits for it. Settled exactly once. */
export class Waiting {
  readonly request: AccessRequest;
  readonly json: string;
  readonly bytes: number;
  /** When it was accepted, milliseconds since the epoch. */
  readonly since: number;
  /** Whether it may be released before its record while the ledger is away. */
  readonly mayBeLate: boolean;
  /** The batch that it went into, and where in it. */
  place: { readonly batch: PendingBatch; readonly index: number } | undefined;
  readonly outcome: Promise<RecordOutcome>;
  settled = false;
  #resolve: (outcome: RecordOutcome) => void = () => undefined;
  #reject: (error: Error) => void = () => undefined;
  #release: () => void = () => undefined;

  constructor(request: AccessRequest, since: number, mayBeLate: boolean) {
    this.request = request;
    this.json = JSON.stringify(request);
    this.bytes = Buffer.byteLength(this.json);
    this.since = since;
    this.mayBeLate = mayBeLate;
    this.outcome = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    // Whoever called may be gone already, having been told by an exception; a refusal that nobody hears is not a fault.
    this.outcome.catch(() => undefined);
  }

  /** What to undo (timer, abort listener) once the request is settled. */
  onSettled(release: () => void): void {
    this.#release = release;
  }

  resolve(outcome: RecordOutcome): void {
    if (this.#settle()) {
      this.#resolve(outcome);
    }
  }

  reject(error: Error): void {
    if (this.#settle()) {
      this.#reject(error);
    }
  }

  #settle(): boolean {
    if (this.settled) {
      return false;
    }
    this.settled = true;
    this.#release();
    return true;
  }
}

/** Requests that wait for a batch, in the order of their arrival. */
export class Intake {
  // A Set keeps the order of arrival and forgets one in constant time when its caller gives up.
  readonly #queue = new Set<Waiting>();

  get length(): number {
    return this.#queue.size;
  }

  /** Since when the oldest waits, milliseconds since the epoch. */
  get oldestSince(): number | undefined {
    return this.#queue.values().next().value?.since;
  }

  add(waiting: Waiting): void {
    this.#queue.add(waiting);
  }

  remove(waiting: Waiting): void {
    this.#queue.delete(waiting);
  }

  /** Takes the oldest, up to `maxCount` and `maxBytes` (a comma each counted). */
  take(maxCount: number, maxBytes: number): Waiting[] {
    const taken: Waiting[] = [];
    let bytes = 0;
    for (const waiting of this.#queue) {
      if (taken.length >= maxCount || bytes + waiting.bytes + 1 > maxBytes) {
        break;
      }
      bytes += waiting.bytes + 1;
      taken.push(waiting);
    }
    for (const waiting of taken) {
      this.#queue.delete(waiting);
    }
    return taken;
  }

  /** Those that may be released before their record; they stay. */
  emergencies(): Waiting[] {
    return [...this.#queue].filter((waiting) => waiting.mayBeLate);
  }

  takeAll(): Waiting[] {
    const all = [...this.#queue];
    this.#queue.clear();
    return all;
  }
}
