// SPDX-License-Identifier: Apache-2.0

/** An answer under load, or that nobody answered. */
export interface StreamAnswer {
  /** When it arrived, by `performance.now()`. */
  readonly at: number;
  readonly status: number | 'unreachable';
  /** Whether it says when to come back. */
  readonly retryAfter: boolean;
  /** The person whose request was answered with data. */
  readonly id?: string;
}

/** Requests that go on until they are stopped. */
export interface Stream {
  /** In the order of their arrival. */
  readonly answers: readonly StreamAnswer[];
  /** Returns when every request in flight has its answer. */
  stop(): Promise<void>;
}
