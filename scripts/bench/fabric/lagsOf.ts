// SPDX-License-Identifier: Apache-2.0

/**
 * A batch at a moment, milliseconds since the epoch: when its gateway knew of its commit, or when it could be
 * read.
 */
export interface BatchMoment {
  readonly lane: string;
  readonly seq: number;
  readonly events: number;
  readonly at: number;
}

export interface Lags {
  /** Accesses in all pairs. */
  readonly events: number;
  /** Milliseconds below which the share `q` (0–1) of the accesses lies. */
  quantile(q: number): number;
}

/**
 * Pairs each batch's commit with its reading. An access counts once, so a large batch counts more than a
 * small one.
 */
export function lagsOf(commits: readonly BatchMoment[], applied: readonly BatchMoment[]): Lags {
  const committedAt = new Map(commits.map(({ lane, seq, at }) => [`${lane} ${String(seq)}`, at]));
  const lags = applied
    .flatMap(({ lane, seq, events, at }) => {
      const from = committedAt.get(`${lane} ${String(seq)}`);
      // The trustee's peer may commit a block before the gateway has heard of it.
      return from === undefined ? [] : [{ ms: Math.max(0, at - from), events }];
    })
    .sort((one, other) => one.ms - other.ms);
  const total = lags.reduce((sum, { events }) => sum + events, 0);
  return {
    events: total,
    quantile: (q) => {
      let seen = 0;
      return lags.find(({ events }) => (seen += events) >= total * q)?.ms ?? Number.NaN;
    },
  };
}
