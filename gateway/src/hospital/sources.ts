// SPDX-License-Identifier: Apache-2.0
import { AppError } from '../errors';
import type { SearchEntry } from '../fhir/resource';
import { isPatientType } from '../fhir/resourceTypes';
import type { SearchRequest } from '../fhir/searchRequest';
import type { SourcePage, Upstream } from '../fhir/upstream';
import type { AccessContext } from './access';
import { type PagedSource, SourceWalk } from './sourceWalk';

/** A search by identifier that finds more Patients than this was not understood by the source. */
const MAX_PATIENTS = 1000;

type Times = Pick<AccessContext, 'deadline' | 'hurry'>;

/** The search as it is asked of the source; a mere count needs nothing beside the matches. */
export function searchSource(
  { type, upstream: parameters, handling, countOnly }: SearchRequest,
  upstream: Upstream,
  { deadline, hurry }: Times,
): PagedSource {
  const bare = new URLSearchParams([...parameters].filter(([name]) => !/^_(rev)?include(:|$)/.test(name)));
  const by = (asked: URLSearchParams): PagedSource => ({
    open: (count) => upstream.search(type, withCount(asked, count), deadline, handling),
    page: (next) => upstream.page(next, deadline),
    hurry,
    isMatch: ({ resource, mode }) => mode !== 'include' && resource.resourceType === type,
  });
  const hasIncludes = bare.size < parameters.size;
  return countOnly || !hasIncludes ? by(bare) : { ...by(parameters), bare: by(bare) };
}

export function everythingSource(
  patientId: string,
  parameters: URLSearchParams,
  upstream: Upstream,
  { deadline, hurry }: Times,
): PagedSource {
  return {
    open: (count) => upstream.everything(patientId, withCount(parameters, count), deadline),
    page: (next) => upstream.page(next, deadline),
    hurry,
    // Whatever concerns no single patient is there for the sake of something that does.
    isMatch: ({ resource }) => isPatientType(resource.resourceType),
  };
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
