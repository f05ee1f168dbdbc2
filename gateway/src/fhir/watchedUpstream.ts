// SPDX-License-Identifier: Apache-2.0
import type { Logger } from 'pino';
import { elements, type FhirResource } from './resource';
import type { FactsReader } from './resourceFacts';
import { isPatientType } from './resourceTypes';
import { sourceFailed } from './sourceFailed';
import type { SourcePage, Upstream } from './upstream';

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
 * A source whose answers are looked at for faults of set-up, so that a patient who is there does not look absent. An answer for one patient
 * of which no resource names this patient under the source's own base is UPSTREAM_FAILED, and not ready until an answer is whole again, at most for 5 minutes.
 * What the source says about parameters that it did not apply goes to the operator's log, by code: its words may quote data.
 */
export function watchedUpstream(source: Upstream, { facts, clock, log }: WatchOptions): Upstream {
  let fault: { readonly reason: string; readonly until: number } | undefined;
  const watch = (page: SourcePage, patientId: string | undefined): SourcePage => {
    tellOutcomes(page.outcomes, log);
    if (patientId === undefined) {
      return page;
    }
    const found = page.entries.map(({ resource }) => resource).filter(isPatientData);
    if (found.length === 0) {
      return page;
    }
    if (!found.some((resource) => mayConcern(resource, patientId, facts))) {
      const reason = faultOf(found, facts);
      fault = { reason, until: clock() + FAULT_KEPT_MS };
      throw sourceFailed(reason);
    }
    fault = undefined;
    return page;
  };
  const over = (inner: Upstream): Upstream => ({
    baseUrl: inner.baseUrl,
    labels: inner.labels,
    within: (room) => over(inner.within(room)),
    read: (type, id, signal) => inner.read(type, id, signal),
    search: async (type, parameters, signal, handling) =>
      watch(await inner.search(type, parameters, signal, handling), patientIn(parameters)),
    everything: async (patientId, parameters, signal) => {
      const page = await inner.everything(patientId, parameters, signal);
      return page && watch(page, patientId);
    },
    page: async (next, signal) => watch(await inner.page(next, signal), undefined),
    isReady: async () => {
      const readiness = await inner.isReady();
      return readiness.ready && fault !== undefined && clock() < fault.until
        ? { ready: false, detail: fault.reason }
        : readiness;
    },
  });
  return over(source);
}

function isPatientData({ resourceType }: FhirResource): boolean {
  return resourceType !== 'Patient' && isPatientType(resourceType);
}

function patientIn(parameters: URLSearchParams): string | undefined {
  const name = BINDING.find((one) => parameters.has(one));
  return name === undefined ? undefined : parameters.get(name)?.split('/').at(-1);
}

/** Names the patient by id, or somebody by a national identifier, which the source's Patient must tell about. */
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
