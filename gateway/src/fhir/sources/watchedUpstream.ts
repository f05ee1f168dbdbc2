// SPDX-License-Identifier: Apache-2.0
import type { Logger } from 'pino';
import { elements, type FhirResource } from '../resource';
import type { FactsReader } from '../resourceFacts';
import { isPatientType } from '../resourceTypes';
import { sourceFailed } from './sourceFailed';
import type { SourcePage, SourceReadiness, Upstream } from './upstream';

export interface WatchOptions {
  readonly facts: FactsReader;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  readonly log: Pick<Logger, 'warn' | 'info'>;
}

const BINDING = ['patient', 'subject', 'patient:Patient', 'subject:Patient'];
const MAX_SHOWN_BASES = 3;
/** A gateway that is not ready gets no requests, so no whole answer could end the fault. */
const FAULT_KEPT_MS = 5 * 60_000;
/**
 * What it takes to hold a source for wrongly set up: one odd search, of any client, must not stop the
 * gateway.
 */
const CERTAIN_PATIENTS = 3;
const CERTAIN_TYPES = 2;

/**
 * A source whose answers are looked at for faults of set-up, so that a patient who is there does not look
 * absent. An answer for one patient of which no resource names this patient under the source's own base is
 * UPSTREAM_FAILED, if the source has the patient. Readiness says so for 5 minutes, or until an answer is
 * whole. Not ready it is after the same for three patients and two types, if no answer has been whole since
 * the start: a source that once answered rightly is set up rightly, and what it answers otherwise is for one
 * kind of search. What the source says about parameters that it did not apply goes to the operator's log, by
 * code: its words may quote data.
 */
export function watchedUpstream(source: Upstream, { facts, clock, log }: WatchOptions): Upstream {
  const findings = new Findings(clock);
  const watch = async (inner: Upstream, page: SourcePage, question: Question): Promise<SourcePage> => {
    tellOutcomes(page.outcomes, log);
    const { patientId, type, signal } = question;
    const found = page.entries.map(({ resource }) => resource).filter(isPatientData);
    if (patientId === undefined || found.length === 0) {
      return page;
    }
    if (found.some((resource) => mayConcern(resource, patientId, facts))) {
      findings.whole();
    } else if ((await inner.read('Patient', patientId, signal)) !== undefined) {
      const reason = faultOf(found, facts);
      findings.fault(reason, patientId, type);
      throw sourceFailed(reason);
    }
    return page;
  };
  const over = (inner: Upstream): Upstream => ({
    baseUrl: inner.baseUrl,
    labels: inner.labels,
    within: (room, hurry) => over(inner.within(room, hurry)),
    read: (type, id, signal) => inner.read(type, id, signal),
    search: async (type, parameters, signal, handling) =>
      watch(inner, await inner.search(type, parameters, signal, handling), {
        patientId: patientIn(parameters),
        type,
        signal,
      }),
    everything: async (patientId, parameters, signal) => {
      const page = await inner.everything(patientId, parameters, signal);
      return page && watch(inner, page, { patientId, type: '$everything', signal });
    },
    page: async (next, signal) => {
      const page = await inner.page(next, signal);
      tellOutcomes(page.outcomes, log);
      return page;
    },
    isReady: async () => {
      const readiness = await inner.isReady();
      return (readiness.ready ? findings.current() : undefined) ?? readiness;
    },
  });
  return over(source);
}

interface Question {
  readonly patientId: string | undefined;
  /** Searched, or `$everything`. */
  readonly type: string;
  readonly signal: AbortSignal;
}

/** What the answers so far say about how the source is set up. */
class Findings {
  readonly #clock: () => number;
  readonly #patients = new Set<string>();
  readonly #types = new Set<string>();
  #last: { readonly reason: string; readonly until: number } | undefined;
  #hasBeenWhole = false;

  constructor(clock: () => number) {
    this.#clock = clock;
  }

  whole(): void {
    this.#hasBeenWhole = true;
    this.#last = undefined;
    this.#patients.clear();
    this.#types.clear();
  }

  fault(reason: string, patientId: string, type: string): void {
    this.#last = { reason, until: this.#clock() + FAULT_KEPT_MS };
    if (!this.#hasBeenWhole && this.#patients.size < CERTAIN_PATIENTS) {
      this.#patients.add(patientId);
    }
    if (!this.#hasBeenWhole && this.#types.size < CERTAIN_TYPES) {
      this.#types.add(type);
    }
  }

  /** undefined while there is nothing to say. */
  current(): SourceReadiness | undefined {
    if (this.#last === undefined || this.#clock() >= this.#last.until) {
      return undefined;
    }
    const isCertain = this.#patients.size >= CERTAIN_PATIENTS && this.#types.size >= CERTAIN_TYPES;
    return { ready: !isCertain, detail: this.#last.reason };
  }
}

function isPatientData({ resourceType }: FhirResource): boolean {
  return resourceType !== 'Patient' && isPatientType(resourceType);
}

function patientIn(parameters: URLSearchParams): string | undefined {
  const name = BINDING.find((one) => parameters.has(one));
  return name === undefined ? undefined : parameters.get(name)?.split('/').at(-1);
}

/**
 * Names the patient by id, or somebody by a national identifier, which the source's Patient must tell about.
 */
function mayConcern(resource: FhirResource, patientId: string, facts: FactsReader): boolean {
  const { patientIds, patientIdentifiers } = facts(resource);
  return patientIds.has(patientId) || patientIdentifiers.length > 0;
}

function faultOf(found: readonly FhirResource[], facts: FactsReader): string {
  const bases = new Set(found.flatMap((resource) => [...facts(resource).strangeBases].filter(isWebUrl)));
  const shown = [...bases].sort().slice(0, MAX_SHOWN_BASES).join(', ');
  return bases.size > 0
    ? `what the source gives for a patient names patients under another base (${shown}); if that is the same server, name it in UPSTREAM_ALIASES`
    : 'nothing of what the source gives for a patient names this patient: does it apply the patient parameter?';
}

function isWebUrl(text: string): boolean {
  return /^https?:\/\/[\w.:[\]-]{1,255}(?:\/[\w.~-]{1,64}){0,6}$/.test(text);
}

function tellOutcomes(outcomes: readonly FhirResource[], log: Pick<Logger, 'info'>): void {
  const codes = outcomes.flatMap(({ issue }) =>
    elements(issue).map(({ code }) => (typeof code === 'string' && /^[a-z-]{1,32}$/.test(code) ? code : '?')),
  );
  if (codes.length > 0) {
    log.info({ codes: [...new Set(codes)] }, 'the source remarked on a search');
  }
}
