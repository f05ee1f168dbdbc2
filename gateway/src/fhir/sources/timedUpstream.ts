// SPDX-License-Identifier: Apache-2.0
import { AppError } from '../../errors';
import type { Upstream } from './upstream';

export interface SourceTimes {
  /** Milliseconds of a clock that only goes forward. */
  readonly now: () => number;
  /** @param result `answered`, `absent` (404, 410), or the code of the error. */
  readonly observe: (milliseconds: number, result: string) => void;
}

/** A source whose every answer is timed, by what came of it: for the operator's metrics. */
export function timedUpstream(source: Upstream, { now, observe }: SourceTimes): Upstream {
  const timed = async <T>(ask: () => Promise<T>): Promise<T> => {
    const began = now();
    try {
      const answer = await ask();
      observe(now() - began, answer === undefined ? 'absent' : 'answered');
      return answer;
    } catch (error) {
      observe(now() - began, error instanceof AppError ? error.code : 'INTERNAL');
      throw error;
    }
  };
  const over = (inner: Upstream): Upstream => ({
    baseUrl: inner.baseUrl,
    labels: inner.labels,
    within: (room, hurry) => over(inner.within(room, hurry)),
    read: (type, id, signal) => timed(() => inner.read(type, id, signal)),
    search: (type, parameters, signal, handling) =>
      timed(() => inner.search(type, parameters, signal, handling)),
    everything: (patientId, parameters, signal) =>
      timed(() => inner.everything(patientId, parameters, signal)),
    page: (next, signal) => timed(() => inner.page(next, signal)),
    isReady: () => inner.isReady(),
  });
  return over(source);
}
