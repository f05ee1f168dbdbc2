// SPDX-License-Identifier: Apache-2.0
import { AppError } from '../errors';
import type { SearchEntry } from '../fhir/resource';
import { isPatientType } from '../fhir/resourceTypes';
import type { SearchRequest } from '../fhir/searchRequest';
import type { PreparedUpstream, SourcePage, Upstream } from '../fhir/sources/upstream';
import type { IncludeQuestion, Parameter } from './includedBeside';
import { type LookedPage, lookAtPage, lookPast, nameAlone } from './looking';
import type { PagedSource, Stretch } from './pagedSource';
import { elementsOf, readByName } from './piecemeal';
import type { Reading } from './reading';
import { SourceWalk } from './sourceWalk';

/** A search by identifier that finds more Patients than this was not understood by the source. */
const MAX_PATIENTS = 1000;

/** The search as it is asked of the source; a mere count needs nothing beside the matches. */
export function searchSource(
  search: SearchRequest,
  upstream: PreparedUpstream,
  reading: Reading,
): PagedSource {
  const { upstream: asked } = search;
  const means = { search, upstream, reading };
  return includesOf(search).length > 0 ? new SearchSource(asked, false, means) : bareSource(asked, means);
}

interface SearchMeans {
  readonly search: SearchRequest;
  readonly upstream: PreparedUpstream;
  readonly reading: Reading;
}

function bareSource(parameters: URLSearchParams, means: SearchMeans): SearchSource {
  const bare = new URLSearchParams([...parameters].filter(([name]) => !isInclude(name)));
  return new SearchSource(bare, true, means);
}

class SearchSource implements PagedSource {
  readonly isMatch: PagedSource['isMatch'];
  readonly #asked: URLSearchParams;
  readonly #isBare: boolean;
  readonly #means: SearchMeans;

  constructor(asked: URLSearchParams, isBare: boolean, means: SearchMeans) {
    this.#asked = asked;
    this.#isBare = isBare;
    this.#means = means;
    const { type } = means.search;
    this.isMatch = ({ resource, mode }) => mode !== 'include' && resource.resourceType === type;
  }

  get hurry(): AbortSignal | undefined {
    return this.#means.reading.hurry;
  }

  open(count: number): Promise<SourcePage> {
    return this.#ask(this.#means.upstream, count);
  }

  page(next: string): Promise<SourcePage> {
    const { upstream, reading } = this.#means;
    return upstream.page(next, reading.deadline);
  }

  look(link: string | undefined, skip: number, count: number): Promise<LookedPage | undefined> {
    const { upstream, reading } = this.#means;
    const look = looking((of, size) => this.#ask(of, size), this.isMatch, upstream, reading);
    return look(link, skip, count);
  }

  get bare(): PagedSource | undefined {
    return this.#isBare ? undefined : bareSource(this.#asked, this.#means);
  }

  get byName(): PagedSource {
    const { search, upstream, reading } = this.#means;
    const names = withElements(bareSource(this.#asked, this.#means).#asked, [search.type]);
    return {
      open: (count) => this.#ask(upstream.names, count, names),
      page: (next) => upstream.names.page(next, reading.deadline),
      hurry: reading.hurry,
      isMatch: this.isMatch,
      fill: (entries) => readByName(entries, upstream, reading),
    };
  }

  #ask(of: Upstream, count: number, asked = this.#asked): Promise<SourcePage> {
    const { search, reading } = this.#means;
    return of.search(search.type, withCount(asked, count), reading.deadline, search.handling);
  }
}

function isInclude(name: string): boolean {
  return /^_(rev)?include(:|$)/.test(name);
}

/** What asks for something beside the matches. */
export function includesOf({ upstream, countOnly }: SearchRequest): readonly Parameter[] {
  return countOnly ? [] : [...upstream].filter(([name]) => isInclude(name));
}

/** The search as it is asked of the source for what comes beside these of its matches alone. */
export function ofThese(
  { upstream }: Pick<SearchRequest, 'upstream'>,
  { ids, only }: IncludeQuestion,
): URLSearchParams {
  const all = new URLSearchParams([...upstream].filter(([name]) => only === undefined || !isInclude(name)));
  if (only !== undefined) {
    all.append(...only);
  }
  all.set('_count', String(ids.length));
  all.set('_id', ids.join());
  return all;
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
