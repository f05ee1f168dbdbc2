// SPDX-License-Identifier: Apache-2.0
import type { Logger } from 'pino';
import { createLabelCheck } from './labelCheck';
import { rereadingUpstream } from './rereadingUpstream';
import type { FactsReader } from './resourceFacts';
import type { Upstream } from './upstream';
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
 * The source as the gateway uses it: with labels that can be believed as far as its setting says, faults of set-up noticed, and a readiness
 * that says what was found.
 */
export function prepareSource(
  source: Upstream,
  { facts, clock, log, maxBytes }: PreparationOptions,
): Upstream {
  const checkLabels = createLabelCheck({ source, facts, clock });
  const onUnread = (count: number): void => {
    log.warn(
      { count },
      'an emergency is answered with resources that could not be read again for their labels',
    );
  };
  const told = source.labels === 'reads' ? rereadingUpstream(source, { maxBytes, onUnread }) : source;
  const watched = watchedUpstream(told, { facts, clock, log });
  return {
    baseUrl: watched.baseUrl,
    labels: watched.labels,
    within: (room, hurry) => watched.within(room, hurry),
    read: (type, id, signal) => watched.read(type, id, signal),
    search: (type, parameters, signal, handling) => watched.search(type, parameters, signal, handling),
    everything: (patientId, parameters, signal) => watched.everything(patientId, parameters, signal),
    page: (next, signal) => watched.page(next, signal),
    isReady: async () => {
      const readiness = await watched.isReady();
      if (!readiness.ready) {
        return readiness;
      }
      const { ready, detail } = await checkLabels();
      const said = [readiness.detail, detail].filter((one) => one !== undefined);
      return said.length === 0 ? { ready } : { ready, detail: said.join('; ') };
    },
  };
}
