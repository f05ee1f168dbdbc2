// SPDX-License-Identifier: Apache-2.0

/**
 * Pairs each batch's commit with its reading. An access counts once, so a large batch counts more than a small one.
 * @param {{lane: string, seq: number, events: number, at: number}[]} commits
 * @param {{lane: string, seq: number, events: number, at: number}[]} applied both in milliseconds since the epoch
 */
export function lagsOf(commits, applied) {
  const committedAt = new Map(commits.map(({ lane, seq, at }) => [`${lane} ${String(seq)}`, at]));
  const lags = applied
    .filter(({ lane, seq }) => committedAt.has(`${lane} ${String(seq)}`))
    .map(({ lane, seq, events, at }) => ({
      // The trustee's peer may commit a block before the gateway has heard of it.
      ms: Math.max(0, at - committedAt.get(`${lane} ${String(seq)}`)),
      events,
    }))
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
