// SPDX-License-Identifier: Apache-2.0
import type { Candidate } from './itemGroups';
import { isMembers, type FhirResource, type JsonMembers } from './resource';
import { suppressedOutcome } from './operationOutcome';
import type { Page } from './searchRequest';

/** The JSON text of a resource, cleaned of what must not leave beside it: the source's own address, and a patient's links to other patients. */
export type ResourceWriter = (candidate: Candidate) => string;

/** Writes each resource object once: a source that holds its resources in memory releases the same ones again and again. */
export function createResourceWriter(upstreamBaseUrl: string | undefined): ResourceWriter {
  const written = new WeakMap<FhirResource, string>();
  return (candidate) => {
    const text = written.get(candidate.resource) ?? JSON.stringify(clean(candidate, upstreamBaseUrl));
    written.set(candidate.resource, text);
    return text;
  };
}

function clean({ resource, facts }: Candidate, upstreamBaseUrl: string | undefined): FhirResource {
  if (upstreamBaseUrl === undefined || !facts.holdsUpstreamUrl) {
    return withoutLinks(resource);
  }
  const relative = mapTexts(resource, (text) =>
    text.replaceAll(`${upstreamBaseUrl}/`, '').replaceAll(upstreamBaseUrl, ''),
  );
  return withoutLinks(relative as FhirResource);
}

function withoutLinks(resource: FhirResource): FhirResource {
  if (resource.resourceType !== 'Patient' || resource['link'] === undefined) {
    return resource;
  }
  const { resourceType, ...members } = resource;
  return { resourceType, ...Object.fromEntries(Object.entries(members).filter(([name]) => name !== 'link')) };
}

function mapTexts(value: unknown, change: (text: string) => string): unknown {
  if (typeof value === 'string') {
    return change(value);
  }
  if (Array.isArray(value)) {
    return (value as unknown[]).map((element) => mapTexts(element, change));
  }
  return isMembers(value) ? mapMembers(value, change) : value;
}

function mapMembers(members: JsonMembers, change: (text: string) => string): JsonMembers {
  return Object.fromEntries(
    Object.entries(members).map(([name, member]) => [name, mapTexts(member, change)]),
  );
}

export interface BundleOptions {
  readonly fhirBaseUrl: string;
  /** Path below the base, for instance `Observation`. */
  readonly path: string;
  readonly self: URLSearchParams;
  readonly page: Page;
  readonly countOnly: boolean;
  /** Whether to say that data were withheld. */
  readonly announceWithheld: boolean;
  readonly write: ResourceWriter;
}

/**
 * The answer to a search as JSON text of a FHIR R4 searchset Bundle, from permitted candidates alone, so that total, pages and links count nothing that was withheld. A page holds
 * `count` matches and the included resources that belong to them.
 */
export function writeSearchset(permitted: readonly Candidate[], options: BundleOptions): string {
  const { page, self } = options;
  const matches = permitted.filter(({ mode }) => mode === 'match');
  const shown = matches.slice(page.offset, page.offset + page.count);
  const link = [{ relation: 'self', url: urlOf(options, self, page.offset) }];
  if (!options.countOnly && page.offset + page.count < matches.length) {
    link.push({ relation: 'next', url: urlOf(options, self, page.offset + page.count) });
  }
  const head = JSON.stringify({ resourceType: 'Bundle', type: 'searchset', total: matches.length, link });
  const entries = options.countOnly
    ? []
    : writeEntries([...shown, ...includedWith(shown, permitted)], options);
  return entries.length === 0 ? head : `${head.slice(0, -1)},"entry":[${entries.join(',')}]}`;
}

function writeEntries(shown: readonly Candidate[], options: BundleOptions): readonly string[] {
  const entries = shown.map((candidate) => {
    const fullUrl = JSON.stringify(`${options.fhirBaseUrl}/${keyOf(candidate)}`);
    return `{"fullUrl":${fullUrl},"resource":${options.write(candidate)},"search":{"mode":"${candidate.mode}"}}`;
  });
  const announcement = { resource: suppressedOutcome(), search: { mode: 'outcome' } };
  return options.announceWithheld ? [...entries, JSON.stringify(announcement)] : entries;
}

function urlOf(options: BundleOptions, self: URLSearchParams, offset: number): string {
  const query = new URLSearchParams(self);
  if (offset > 0) {
    query.set('_offset', String(offset));
  }
  const text = query.toString();
  return `${options.fhirBaseUrl}/${options.path}${text === '' ? '' : `?${text}`}`;
}

/** Included resources that the page's matches lead to, or that lead to them, over any number of steps. */
function includedWith(shown: readonly Candidate[], permitted: readonly Candidate[]): readonly Candidate[] {
  const waiting = new Set(permitted.filter(({ mode }) => mode === 'include'));
  const reached = new Set(shown.map(keyOf));
  const referred = new Set(shown.flatMap(({ facts }) => [...facts.references]));
  const included: Candidate[] = [];
  let grew = shown.length > 0 && waiting.size > 0;
  while (grew) {
    grew = false;
    for (const candidate of waiting) {
      if (referred.has(keyOf(candidate)) || refersToAny(candidate, reached)) {
        waiting.delete(candidate);
        included.push(candidate);
        reached.add(keyOf(candidate));
        candidate.facts.references.forEach((reference) => referred.add(reference));
        grew = true;
      }
    }
  }
  return included;
}

function refersToAny(candidate: Candidate, keys: ReadonlySet<string>): boolean {
  return [...candidate.facts.references].some((reference) => keys.has(reference));
}

export function keyOf({ resource }: Pick<Candidate, 'resource'>): string {
  return `${resource.resourceType}/${resource.id ?? ''}`;
}
