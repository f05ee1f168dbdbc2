// SPDX-License-Identifier: Apache-2.0

/**
 * Tells a lane that is away from one that is slow. Away: something was under way for `awayAfterMs` and no
 * batch of the lane committed in that time, for any cause. It stays so until the next commit, or, when
 * nothing is tried any more, for `memoryMs`. Times are milliseconds since the epoch.
 */
export class LaneHealth {
  readonly #awayAfterMs: number;
  readonly #memoryMs: number;
  /** Since when something is under way without a commit. */
  #busySince: number | undefined;
  /** Since when the lane counts as away; kept while the memory lasts. */
  #awaySince: number | undefined;
  #rememberUntil: number | undefined;
  #awayMs = 0;

  constructor(awayAfterMs: number, memoryMs: number) {
    this.#awayAfterMs = awayAfterMs;
    this.#memoryMs = memoryMs;
  }

  /** Something is under way now. */
  busy(now: number): void {
    this.#look(now);
    this.#busySince ??= now;
  }

  /** Something of the lane committed. @param isBusy whether more is under way. */
  committed(now: number, isBusy: boolean): void {
    this.#look(now);
    this.#end(now);
    this.#busySince = isBusy ? now : undefined;
    this.#rememberUntil = undefined;
  }

  /** Nothing is under way any more, without a commit. */
  idle(now: number): void {
    this.#look(now);
    this.#busySince = undefined;
    if (this.#awaySince !== undefined) {
      this.#rememberUntil = now + this.#memoryMs;
    }
  }

  isAway(now: number): boolean {
    this.#look(now);
    return this.#awaySince !== undefined;
  }

  /** When it will count as away if nothing commits until then; `undefined` when nothing is under way. */
  awayAt(): number | undefined {
    return this.#busySince === undefined ? undefined : this.#busySince + this.#awayAfterMs;
  }

  /** How long it was away since this was made, in milliseconds. */
  awayMs(now: number): number {
    this.#look(now);
    return this.#awayMs + (this.#awaySince === undefined ? 0 : now - this.#awaySince);
  }

  /** Brings the state up to `now`. */
  #look(now: number): void {
    const since = this.awayAt();
    if (since !== undefined && now >= since) {
      this.#awaySince ??= since;
      this.#rememberUntil = undefined;
    } else if (
      this.#rememberUntil !== undefined &&
      now >= this.#rememberUntil &&
      this.#busySince === undefined
    ) {
      this.#end(this.#rememberUntil);
      this.#rememberUntil = undefined;
    }
  }

  #end(at: number): void {
    if (this.#awaySince !== undefined) {
      this.#awayMs += Math.max(0, at - this.#awaySince);
      this.#awaySince = undefined;
    }
  }
}
