// SPDX-License-Identifier: Apache-2.0
import type { Logger } from 'pino';
import { createLabelCheck } from './labelCheck';
import { rereadingUpstream } from './rereadingUpstream';
import type { FactsReader } from '../resourceFacts';
import type { PreparedUpstream, Upstream } from './upstream';
import { watchedUpstream } from './watchedUpstream';

export interface PreparationOptions {
  readonly facts: FactsReader;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  readonly log: Pick<Logger, 'warn' | 'info'>;
  /** Of what one answer holds, also after it was read again. */
  readonly maxBytes: number;
}

/**
 * The source as the gateway uses it: with labels that can be believed as far as its setting says, faults of
 * set-up noticed, and a readiness that says what was found.
 */
export function prepareSource(
  source: Upstream,
  { facts, clock, log, maxBytes }: PreparationOptions,
): PreparedUpstream {
  const checkLabels = createLabelCheck({ source, facts, clock });
  const onUnread = (count: number): void => {
    log.warn(
      { count },
      'an emergency is answered with resources that could not be read again for their labels',
    );
  };
  const told = source.labels === 'reads' ? rereadingUpstream(source, { maxBytes, onUnread }) : source;
  const watched = watchedUpstream(told, { facts, clock, log });
  const over = (inner: Upstream, names: Upstream): PreparedUpstream => ({
    baseUrl: inner.baseUrl,
    labels: inner.labels,
    names,
    within: (room, hurry) => over(inner.within(room, hurry), names.within(room, hurry)),
    read: (type, id, signal) => inner.read(type, id, signal),
    search: (type, parameters, signal, handling) => inner.search(type, parameters, signal, handling),
    everything: (patientId, parameters, signal) => inner.everything(patientId, parameters, signal),
    page: (next, signal) => inner.page(next, signal),
    isReady: async () => {
      const readiness = await inner.isReady();
      if (!readiness.ready) {
        return readiness;
      }
      const { ready, detail } = await checkLabels();
      const said = [readiness.detail, detail].filter((one) => one !== undefined);
      return said.length === 0 ? { ready } : { ready, detail: said.join('; ') };
    },
  });
  return over(watched, source);
}
