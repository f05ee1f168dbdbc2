// SPDX-License-Identifier: Apache-2.0
import { AppError } from '../errors';
import type { SearchEntry } from '../fhir/resource';
import { isPatientType } from '../fhir/resourceTypes';
import type { SearchRequest } from '../fhir/searchRequest';
import type { PreparedUpstream, SourcePage, Upstream } from '../fhir/upstream';
import { elementsOf, type Reading, readByName } from './piecemeal';
import { type PagedSource, SourceWalk } from './sourceWalk';

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
  const by = (asked: URLSearchParams, of: Upstream = upstream): PagedSource => ({
    open: (count) => of.search(type, withCount(asked, count), deadline, handling),
    page: (next) => of.page(next, deadline),
    hurry,
    isMatch: ({ resource, mode }) => mode !== 'include' && resource.resourceType === type,
  });
  const byName: PagedSource = {
    ...by(withElements(bare, [type]), upstream.names),
    fill: (names) => readByName(names, upstream, reading),
  };
  const hasIncludes = bare.size < parameters.size;
  const plain: PagedSource = { ...by(bare), byName };
  return countOnly || !hasIncludes ? plain : { ...by(parameters), bare: plain, byName };
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
    // Whatever concerns no single patient is there for the sake of something that does.
    isMatch: ({ resource }) => isPatientType(resource.resourceType),
  });
  const byName: PagedSource = {
    ...by(withElements(parameters, []), upstream.names),
    fill: (names) => readByName(names, upstream, reading),
  };
  return { ...by(parameters), byName };
}

/**
 * A search for Patients by identifier without everything else that is asked about them, which may match nobody: so it is known whom the
 * search names even then. undefined where nothing else is asked.
 */
export function searchByIdentifierAlone(search: SearchRequest): SearchRequest | undefined {
  const named = [...search.upstream].filter(([name]) => name === 'identifier');
  return named.length === search.upstream.size
    ? undefined
    : { ...search, upstream: new URLSearchParams(named), handling: 'lenient' };
}

/**
 * All matches of a search for Patients as one page.
 * @throws AppError UPSTREAM_FAILED when there are more than 1,000.
 */
export async function gatherPatients(source: PagedSource, sourceCount: number): Promise<SourcePage> {
  const walk = new SourceWalk(source, { index: 0, position: 0, count: sourceCount });
  const entries: SearchEntry[] = [];
  let bytes = 0;
  for (let stretch = await walk.next(); stretch !== undefined; stretch = await walk.next()) {
    entries.push(...stretch.matches);
    bytes += stretch.bytes;
    if (entries.length > MAX_PATIENTS) {
      throw new AppError('UPSTREAM_FAILED', 'the source does not search Patients by identifier');
    }
  }
  return { entries, outcomes: [], bytes, next: undefined, self: walk.applied };
}

function withCount(parameters: URLSearchParams, count: number): URLSearchParams {
  const all = new URLSearchParams(parameters);
  all.set('_count', String(count));
  return all;
}

function withElements(parameters: URLSearchParams, types: readonly string[]): URLSearchParams {
  return new URLSearchParams([...parameters, ['_elements', elementsOf(types)]]);
}
