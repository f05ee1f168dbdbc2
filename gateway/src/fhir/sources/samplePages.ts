// SPDX-License-Identifier: Apache-2.0
import { AppError } from '../../errors';
import type { FhirResource, SearchEntry } from '../resource';
import type { SampleSearch } from './sampleSearch';
import type { SourcePage } from './upstream';

const DEFAULT_COUNT = 200;
const OFFSET = '_getpagesoffset';
const QUERY = /^(?:([A-Za-z]+)|Patient\/([A-Za-z0-9.-]+)\/\$everything)\?(.*)$/s;

/** Cuts an answer into pages; the cursor of a page is its query. */
export class SamplePages {
  readonly #index: SampleSearch;
  readonly #sizes = new WeakMap<FhirResource, number>();

  constructor(index: SampleSearch) {
    this.#index = index;
  }

  /** The first page of a search; `_count` among the parameters. */
  search(type: string, parameters: URLSearchParams): SourcePage {
    return this.page(`${type}?${parameters.toString()}`);
  }

  /** The first page of `$everything`; undefined: no such patient. */
  everything(patientId: string, parameters: URLSearchParams): SourcePage | undefined {
    return this.#of(`Patient/${patientId}/$everything?${parameters.toString()}`);
  }

  /** The page of a cursor. @throws AppError UPSTREAM_FAILED for another text. */
  page(next: string): SourcePage {
    const page = this.#of(next);
    if (page === undefined) {
      throw new AppError('UPSTREAM_FAILED', 'no such page of the sample hospital');
    }
    return page;
  }

  /**
   * @param query `Type?…` or `Patient/[id]/$everything?…` with `_count` and, after the first page, the
   *   offset.
   */
  #of(query: string): SourcePage | undefined {
    const [, type, patientId = '', text] = QUERY.exec(query) ?? [];
    const parameters = new URLSearchParams(text);
    const offset = Number(parameters.get(OFFSET) ?? 0);
    const count = Number(parameters.get('_count') ?? DEFAULT_COUNT);
    parameters.delete(OFFSET);
    parameters.delete('_count');
    const page =
      type === undefined
        ? this.#index.everythingPage(patientId, parameters, offset, count)
        : this.#index.searchPage(type, parameters, offset, count);
    if (page === undefined || !(count > 0)) {
      return undefined;
    }
    const { entries, total } = page;
    const self = new URLSearchParams(parameters);
    parameters.set('_count', String(count));
    parameters.set(OFFSET, String(offset + count));
    return {
      entries,
      outcomes: [],
      bytes: entries.reduce((sum, entry) => sum + this.#sizeOf(entry), 0),
      next:
        offset + count < total ? `${query.slice(0, query.indexOf('?'))}?${parameters.toString()}` : undefined,
      self,
    };
  }

  #sizeOf({ resource }: SearchEntry): number {
    const size = this.#sizes.get(resource) ?? Buffer.byteLength(JSON.stringify(resource));
    this.#sizes.set(resource, size);
    return size;
  }
}
