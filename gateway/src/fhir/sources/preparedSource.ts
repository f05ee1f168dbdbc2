// SPDX-License-Identifier: Apache-2.0
import type { Logger } from 'pino';
import { createLabelCheck } from './labelCheck';
import { rereadingUpstream } from './rereadingUpstream';
import type { FactsReader } from '../resourceFacts';
import type { PreparedUpstream, Room, SourceReadiness, Upstream } from './upstream';
import { Watch, WatchedUpstream } from './watchedUpstream';

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
  return new Prepared(told, new Watch({ facts, clock, log }), source, checkLabels);
}

class Prepared extends WatchedUpstream implements PreparedUpstream {
  readonly names: Upstream;
  readonly #checkLabels: () => Promise<SourceReadiness>;

  constructor(inner: Upstream, watch: Watch, names: Upstream, checkLabels: () => Promise<SourceReadiness>) {
    super(inner, watch);
    this.names = names;
    this.#checkLabels = checkLabels;
  }

  override within(room: Room, hurry?: AbortSignal): PreparedUpstream {
    const [inner, names] = [this.inner.within(room, hurry), this.names.within(room, hurry)];
    return new Prepared(inner, this.watch, names, this.#checkLabels);
  }

  override async isReady(): Promise<SourceReadiness> {
    const readiness = await super.isReady();
    if (!readiness.ready) {
      return readiness;
    }
    const { ready, detail } = await this.#checkLabels();
    const said = [readiness.detail, detail].filter((one) => one !== undefined);
    return said.length === 0 ? { ready } : { ready, detail: said.join('; ') };
  }
}
