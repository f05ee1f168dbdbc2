// SPDX-License-Identifier: Apache-2.0
import { AppError } from '../errors';
import type { SearchEntry } from '../fhir/resource';
import { isPatientType } from '../fhir/resourceTypes';
import type { SearchRequest } from '../fhir/searchRequest';
import type { PreparedUpstream, SourcePage, Upstream } from '../fhir/sources/upstream';
import { lookAtPage, lookPast, nameAlone } from './looking';
import type { PagedSource, Stretch } from './pagedSource';
import { elementsOf, readByName } from './piecemeal';
import type { Reading } from './reading';
import { SourceWalk } from './sourceWalk';

/** A search by identifier that finds more Patients than this was not understood by the source. */
const MAX_PATIENTS = 1000;

/** The search as it is asked of the source; a mere count needs nothing beside the matches. */
export function searchSource(
  { type, upstream: parameters, handling, countOnly }: SearchRequest,
  upstream: PreparedUpstream,
  reading: Reading,
): PagedSource {
  const { deadline, hurry } = reading;
  const bare = new URLSearchParams([...parameters].filter(([name]) => !/^_(rev)?include(:|$)/.test(name)));
  const isOfType = ({ resource, mode }: SearchEntry): boolean =>
    mode !== 'include' && resource.resourceType === type;
  const by = (asked: URLSearchParams, of: Upstream = upstream): PagedSource => ({
    open: (count) => of.search(type, withCount(asked, count), deadline, handling),
    page: (next) => of.page(next, deadline),
    hurry,
    isMatch: isOfType,
  });
  const whole = (asked: URLSearchParams): PagedSource => ({
    ...by(asked),
    look: looking(
      (of, count) => of.search(type, withCount(asked, count), deadline, handling),
      isOfType,
      upstream,
      reading,
    ),
  });
  const byName: PagedSource = {
    ...by(withElements(bare, [type]), upstream.names),
    fill: (names) => readByName(names, upstream, reading),
  };
  const hasIncludes = bare.size < parameters.size;
  const plain: PagedSource = { ...whole(bare), byName };
  return countOnly || !hasIncludes ? plain : { ...whole(parameters), bare: plain, byName };
}

export function everythingSource(
  patientId: string,
  parameters: URLSearchParams,
  upstream: PreparedUpstream,
  reading: Reading,
): PagedSource {
  const { deadline, hurry } = reading;
  const by = (asked: URLSearchParams, of: Upstream = upstream): PagedSource => ({
    open: (count) => of.everything(patientId, withCount(asked, count), deadline),
    page: (next) => of.page(next, deadline),
    hurry,
    isMatch: isOfPatient,
  });
  const byName: PagedSource = {
    ...by(withElements(parameters, []), upstream.names),
    fill: (names) => readByName(names, upstream, reading),
  };
  const look = looking(
    (of, count) => of.everything(patientId, withCount(parameters, count), deadline),
    isOfPatient,
    upstream,
    reading,
  );
  return { ...by(parameters), look, byName };
}

/** Whatever concerns no single patient is there for the sake of something that does. */
function isOfPatient({ resource }: SearchEntry): boolean {
  return isPatientType(resource.resourceType);
}

function looking(
  open: (of: Upstream, count: number) => Promise<SourcePage | undefined>,
  isMatch: PagedSource['isMatch'],
  upstream: Upstream,
  reading: Reading,
): NonNullable<PagedSource['look']> {
  const { deadline } = reading;
  return (link, skip, count) =>
    (count === 1 ? lookAtPage : lookPast)(
      (of) => (link === undefined ? open(of, count) : of.page(link, deadline)),
      isMatch,
      skip,
      upstream,
      reading,
    );
}

/**
 * A search for Patients by identifier without everything else that is asked about them, which may match
 * nobody: so it is known whom the search names even then. undefined where nothing else is asked.
 */
export function searchByIdentifierAlone(search: SearchRequest): SearchRequest | undefined {
  const named = [...search.upstream].filter(([name]) => name === 'identifier');
  return named.length === search.upstream.size
    ? undefined
    : { ...search, upstream: new URLSearchParams(named), handling: 'lenient' };
}

/** The Patients that an identifier matches. */
export interface GatheredPatients {
  /** Of several pages the names alone, with identifiers and links. */
  readonly entries: readonly SearchEntry[];
  /** They as a page, where the source gave them as one, which is at hand still. */
  readonly page: SourcePage | undefined;
}

/**
 * All matches of a search for Patients. Of more than one page nobody's content stays in memory.
 * @throws AppError UPSTREAM_FAILED when there are more than 1,000.
 */
export async function gatherPatients(source: PagedSource, sourceCount: number): Promise<GatheredPatients> {
  const walk = new SourceWalk(source, { index: 0, position: 0, count: sourceCount });
  const first = await walk.next();
  if (first === undefined || first.isLast) {
    const { matches: entries, bytes } = first ?? { matches: [], bytes: 0 };
    return { entries, page: { entries, outcomes: [], bytes, next: undefined, self: walk.applied } };
  }
  const entries: SearchEntry[] = [];
  for (let stretch: Stretch | undefined = first; stretch !== undefined; stretch = await walk.next()) {
    entries.push(...stretch.matches.map((entry) => ({ ...entry, resource: nameAlone(entry.resource) })));
    if (entries.length > MAX_PATIENTS) {
      throw new AppError('UPSTREAM_FAILED', 'the source does not search Patients by identifier');
    }
  }
  return { entries, page: undefined };
}

function withCount(parameters: URLSearchParams, count: number): URLSearchParams {
  const all = new URLSearchParams(parameters);
  all.set('_count', String(count));
  return all;
}

function withElements(parameters: URLSearchParams, types: readonly string[]): URLSearchParams {
  return new URLSearchParams([...parameters, ['_elements', elementsOf(types)]]);
}
