// SPDX-License-Identifier: Apache-2.0
import type { Candidate } from './itemGroups';
import { isMembers, type FhirResource, type JsonMembers } from './resource';
import { suppressedOutcome } from './operationOutcome';
import type { Page } from './searchRequest';

/** Cleans a resource of what must not leave beside it: the source's own address, and a patient's links to other patients. */
export function createCleaner(upstreamBaseUrl: string | undefined): (candidate: Candidate) => FhirResource {
  return ({ resource, facts }) => {
    const relative =
      upstreamBaseUrl !== undefined && facts.holdsUpstreamUrl
        ? (mapTexts(resource, (text) =>
            text.replaceAll(`${upstreamBaseUrl}/`, '').replaceAll(upstreamBaseUrl, ''),
          ) as FhirResource)
        : resource;
    return withoutLinks(relative);
  };
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
  readonly clean: (candidate: Candidate) => FhirResource;
}

/**
 * The answer to a search, from permitted candidates alone, so that total, pages and links count nothing that was withheld. A page holds
 * `count` matches and the included resources that belong to them.
 */
export function searchBundle(permitted: readonly Candidate[], options: BundleOptions): FhirResource {
  const { page, self } = options;
  const matches = permitted.filter(({ mode }) => mode === 'match');
  const shown = matches.slice(page.offset, page.offset + page.count);
  const link = [{ relation: 'self', url: urlOf(options, self, page.offset) }];
  if (!options.countOnly && page.offset + page.count < matches.length) {
    link.push({ relation: 'next', url: urlOf(options, self, page.offset + page.count) });
  }
  const entry = options.countOnly ? [] : entriesOf([...shown, ...includedWith(shown, permitted)], options);
  return {
    resourceType: 'Bundle',
    type: 'searchset',
    total: matches.length,
    link,
    ...(entry.length === 0 ? {} : { entry }),
  };
}

function entriesOf(shown: readonly Candidate[], options: BundleOptions): readonly JsonMembers[] {
  const entries: JsonMembers[] = shown.map((candidate) => ({
    fullUrl: `${options.fhirBaseUrl}/${keyOf(candidate)}`,
    resource: options.clean(candidate),
    search: { mode: candidate.mode },
  }));
  return options.announceWithheld
    ? [...entries, { resource: suppressedOutcome(), search: { mode: 'outcome' } }]
    : entries;
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
