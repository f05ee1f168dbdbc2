// SPDX-License-Identifier: Apache-2.0
import { AppError } from '../../../../gateway/src/errors';
import type { FhirResource, SearchEntry } from '../../../../gateway/src/fhir/resource';
import { hospitalOf } from '../../../../gateway/src/fhir/sources/sampleHospital';
import {
  type LabelTrust,
  PageTooLarge,
  type Room,
  type SourcePage,
  type Upstream,
} from '../../../../gateway/src/fhir/sources/upstream';

export interface PagedSourceOptions {
  /** Bytes of one answer. */
  readonly maxBytes?: number;
  /** Pages that the source makes at most, whatever it is asked for. */
  readonly maxCount?: number;
  /**
   * What it does when asked for `_elements`: gives them (default), gives whole resources, or refuses the
   * parameter.
   */
  readonly elements?: 'given' | 'ignored' | 'refused';
  /** Parameters that it takes no notice of; its `self` link lacks them. */
  readonly ignores?: readonly string[];
  /** Where its labels can be trusted; default `everywhere`. */
  readonly labels?: LabelTrust;
  /** Runs before each answer. */
  readonly before?: (call: string) => Promise<void> | void;
}

export interface PagedSource {
  readonly upstream: Upstream;
  /** What was asked, in order: `Type?…`, `Type/id`. */
  readonly calls: string[];
}

interface Answer {
  readonly matches: readonly SearchEntry[];
  /** Included resources, by what refers to what. */
  readonly besides: (matches: readonly SearchEntry[]) => readonly SearchEntry[];
}

const WITHOUT_PAGING = /&?(_count|_page)=\d+/g;

/**
 * A source in memory for large charts: it finds an answer once, cuts it into pages, and asks for room as one
 * over HTTP does.
 */
export function pagedSource(records: readonly FhirResource[], options: PagedSourceOptions = {}): PagedSource {
  const sample = hospitalOf(records);
  const answers = new Map<string, Answer | undefined>();
  const calls: string[] = [];
  const sizes = new WeakMap<FhirResource, number>();
  const sizeOf = ({ resource }: SearchEntry): number => {
    const size = sizes.get(resource) ?? Buffer.byteLength(JSON.stringify(resource));
    sizes.set(resource, size);
    return size;
  };
  const find = (query: string): Answer | undefined => {
    const [, type, patientId = '', text] =
      /^(?:([A-Za-z]+)|Patient\/(.+)\/\$everything)\?(.*)$/.exec(query) ?? [];
    const parameters = new URLSearchParams(text);
    if (type === undefined) {
      const matches = sample.index.everything(patientId, parameters);
      return matches && { matches, besides: () => [] };
    }
    const bare = new URLSearchParams([...parameters].filter(([name]) => !/^_(rev)?include/.test(name)));
    const hasIncludes = bare.size < parameters.size;
    return {
      matches: sample.index.search(type, bare),
      besides: (matches) =>
        hasIncludes
          ? sample.index
              .search(
                type,
                new URLSearchParams([
                  ...parameters,
                  ['_id', matches.map(({ resource }) => resource.id).join()],
                ]),
              )
              .filter(({ mode }) => mode === 'include')
          : [],
    };
  };
  const understood = (query: string): string => {
    const { ignores } = options;
    if (ignores === undefined) {
      return query;
    }
    const [path = '', text] = query.split('?');
    const kept = [...new URLSearchParams(text)].filter(([name]) => !ignores.includes(name));
    return `${path}?${new URLSearchParams(kept).toString()}`;
  };
  const page = async (sent: string, room?: Room): Promise<SourcePage | undefined> => {
    calls.push(sent);
    const query = understood(sent);
    await options.before?.(sent);
    const key = query.replace(WITHOUT_PAGING, '');
    const elements = elementsIn(query, options);
    if (!answers.has(key)) {
      answers.set(key, find(key.replace(/&?_elements=[^&]*/, '')));
    }
    const answer = answers.get(key);
    if (answer === undefined) {
      return undefined;
    }
    const parameters = new URLSearchParams(query.slice(query.indexOf('?') + 1));
    const count = Math.min(Number(parameters.get('_count')), options.maxCount ?? Infinity);
    const offset = Number(parameters.get('_page') ?? 0);
    const matches = answer.matches.slice(offset, offset + count);
    const whole = [...matches, ...answer.besides(matches)];
    const entries = options.elements === 'ignored' ? whole : whole.map((one) => withElements(one, elements));
    const bytes = entries.reduce((sum, entry) => sum + sizeOf(entry), 0);
    if (bytes > (options.maxBytes ?? Infinity)) {
      throw new PageTooLarge();
    }
    room?.reserve(bytes);
    const isLast = offset + count >= answer.matches.length;
    const next = `${key}${key.endsWith('?') ? '' : '&'}_count=${String(count)}&_page=${String(offset + count)}`;
    return {
      entries,
      outcomes: [],
      bytes,
      next: isLast ? undefined : next,
      self: new URLSearchParams(key.slice(key.indexOf('?') + 1)),
    };
  };
  const some = async (query: string, room?: Room): Promise<SourcePage> => {
    const found = await page(query, room);
    if (found === undefined) {
      throw new AppError('UPSTREAM_FAILED', 'no such page');
    }
    return found;
  };
  const over = (room?: Room): Upstream => ({
    baseUrl: undefined,
    labels: options.labels ?? 'everywhere',
    within: over,
    read: async (type, id) => {
      calls.push(`${type}/${id}`);
      await options.before?.(`${type}/${id}`);
      const resource = sample.index.read(type, id);
      if (resource !== undefined && sizeOf({ resource }) > (options.maxBytes ?? Infinity)) {
        throw new PageTooLarge();
      }
      room?.reserve(resource === undefined ? 0 : sizeOf({ resource }));
      return resource;
    },
    search: (type, parameters) => some(`${type}?${parameters.toString()}`, room),
    everything: async (id, parameters) => page(`Patient/${id}/$everything?${parameters.toString()}`, room),
    page: (next) => some(next, room),
    isReady: () => Promise.resolve({ ready: true }),
  });
  return { upstream: over(), calls };
}

function elementsIn(query: string, options: PagedSourceOptions): readonly string[] | undefined {
  const elements = new URLSearchParams(query.slice(query.indexOf('?') + 1)).get('_elements')?.split(',');
  if (elements !== undefined && options.elements === 'refused') {
    throw new AppError('BAD_REQUEST', 'the source refused the search');
  }
  return elements;
}

function withElements(entry: SearchEntry, elements: readonly string[] | undefined): SearchEntry {
  if (elements === undefined) {
    return entry;
  }
  const { resource } = entry;
  const known = Object.entries(resource).filter(([name]) => elements.includes(name));
  return { ...entry, resource: { ...Object.fromEntries(known), resourceType: resource.resourceType } };
}
