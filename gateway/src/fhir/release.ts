// SPDX-License-Identifier: Apache-2.0
import { keyOf } from './includes';
import type { Candidate } from './itemGroups';
import { mapTexts } from './mapTexts';
import { withOwnLinks } from './patientLinks';
import type { FhirResource } from './resource';
import { omittedOutcome, suppressedOutcome } from './operationOutcome';

/** The JSON text of a resource, cleaned of what must not leave beside it: the source's own address, and a patient's links to other patients. */
export type ResourceWriter = (candidate: Candidate) => string;

/** Writes each resource object once: a source that holds its resources in memory releases the same ones again and again. */
export function createResourceWriter(upstreamBaseUrl: string | undefined): ResourceWriter {
  const written = new WeakMap<FhirResource, string>();
  return (candidate) => {
    const { resource } = candidate;
    if (resource.resourceType === 'Patient' && resource['link'] !== undefined) {
      // Which links stay depends on the other records as they are now.
      return JSON.stringify(clean(candidate, upstreamBaseUrl));
    }
    const text = written.get(resource) ?? JSON.stringify(clean(candidate, upstreamBaseUrl));
    written.set(resource, text);
    return text;
  };
}

function clean({ resource, facts, ownIds }: Candidate, upstreamBaseUrl: string | undefined): unknown {
  const settled =
    resource.resourceType === 'Patient'
      ? withOwnLinks(resource, ownIds ?? new Set(), upstreamBaseUrl)
      : resource;
  // Facts do not look into links.
  return upstreamBaseUrl !== undefined && (facts.holdsUpstreamUrl || settled['link'] !== undefined)
    ? mapTexts(settled, (text) => text.replaceAll(`${upstreamBaseUrl}/`, '').replaceAll(upstreamBaseUrl, ''))
    : settled;
}

export interface BundleOptions {
  readonly fhirBaseUrl: string;
  /** Path below the base, for instance `Observation`. */
  readonly path: string;
  /** The parameters that took effect, without the cursor. */
  readonly self: URLSearchParams;
  /** What took effect on this page alone: its next link does not repeat it. */
  readonly selfOnly?: URLSearchParams | undefined;
  /** Cursor of this page and of the next one; undefined for the first, and where there is no more. */
  readonly cursor: string | undefined;
  readonly next: string | undefined;
  /** Matches over all pages; undefined where that was not found out. */
  readonly total: number | undefined;
  readonly countOnly: boolean;
  /** Whether to say that data were withheld. */
  readonly announceWithheld: boolean;
  /** Whether to say that something may be given but cannot. */
  readonly announceOmitted: boolean;
  readonly write: ResourceWriter;
}

/** The answer to a search as JSON text of a FHIR R4 searchset Bundle, from permitted candidates alone, in their order. */
export function writeSearchset(permitted: readonly Candidate[], options: BundleOptions): string {
  const { self, selfOnly = [], cursor, next, total } = options;
  const link = [
    { relation: 'self', url: urlOf(options, new URLSearchParams([...self, ...selfOnly]), cursor) },
  ];
  if (next !== undefined) {
    link.push({ relation: 'next', url: urlOf(options, self, next) });
  }
  const head = JSON.stringify({
    resourceType: 'Bundle',
    type: 'searchset',
    ...(total === undefined ? {} : { total }),
    link,
  });
  // A count that is not known to be whole says so; what was withheld is told with the resources alone.
  const shown = options.countOnly ? { ...options, announceWithheld: false } : options;
  const entries = writeEntries(options.countOnly ? [] : permitted, shown);
  return entries.length === 0 ? head : `${head.slice(0, -1)},"entry":[${entries.join(',')}]}`;
}

function writeEntries(shown: readonly Candidate[], options: BundleOptions): readonly string[] {
  const entries = shown.map((candidate) => {
    const fullUrl = JSON.stringify(`${options.fhirBaseUrl}/${keyOf(candidate)}`);
    return `{"fullUrl":${fullUrl},"resource":${options.write(candidate)},"search":{"mode":"${candidate.mode}"}}`;
  });
  const outcomes = [
    ...(options.announceWithheld ? [suppressedOutcome()] : []),
    ...(options.announceOmitted ? [omittedOutcome()] : []),
  ];
  return [
    ...entries,
    ...outcomes.map((resource) => JSON.stringify({ resource, search: { mode: 'outcome' } })),
  ];
}

function urlOf(options: BundleOptions, self: URLSearchParams, cursor: string | undefined): string {
  const query = new URLSearchParams(self);
  if (cursor !== undefined) {
    query.set('_cursor', cursor);
  }
  const text = query.toString();
  return `${options.fhirBaseUrl}/${options.path}${text === '' ? '' : `?${text}`}`;
}
