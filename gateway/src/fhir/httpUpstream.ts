// SPDX-License-Identifier: Apache-2.0
import { AppError } from '../errors';
import {
  elements,
  isFhirId,
  isMembers,
  isResource,
  type FhirResource,
  type SearchEntry,
  type SearchMode,
} from './resource';
import type { Upstream } from './upstream';

export interface HttpUpstreamOptions {
  /** FHIR R4 base URL, without a slash at its end. */
  readonly baseUrl: string;
  /** Bearer token that the upstream server asks for. */
  readonly bearerToken?: string;
  /** For one answer, its body included; default 10,000. */
  readonly timeoutMs?: number;
  /** Of one answer's body; default 32 MiB. */
  readonly maxBytes?: number;
  /** Resources that one search may gather over all pages; default 5,000. */
  readonly maxResources?: number;
  /** Injected in tests; default the global fetch. */
  readonly fetch?: typeof fetch;
}

interface Limits {
  readonly timeoutMs: number;
  readonly maxBytes: number;
  readonly maxResources: number;
}

interface Answer {
  readonly status: number;
  readonly resource: FhirResource | undefined;
}

const MAX_PAGES = 200;
const PAGE_SIZE = '200';
const MODES: readonly string[] = ['match', 'include', 'outcome'];

/** A FHIR R4 server by URL. It is trusted for its data and labels, not for its links, sizes or availability. */
export function createHttpUpstream(options: HttpUpstreamOptions): Upstream {
  const limits: Limits = {
    timeoutMs: options.timeoutMs ?? 10_000,
    maxBytes: options.maxBytes ?? 32 * 1024 * 1024,
    maxResources: options.maxResources ?? 5000,
  };
  const get = (url: string, signal: AbortSignal) => getResource(url, options, limits, signal);
  const gather = (url: string, signal: AbortSignal) => gatherPages(url, options.baseUrl, get, limits, signal);
  const withPageSize = (parameters: URLSearchParams): string => {
    const all = new URLSearchParams(parameters);
    all.set('_count', PAGE_SIZE);
    return all.toString();
  };
  return {
    baseUrl: options.baseUrl,
    read: async (type, id, signal) => {
      const { status, resource } = await get(`${options.baseUrl}/${type}/${id}`, signal);
      if (status === 404 || status === 410) {
        return undefined;
      }
      if (status !== 200 || resource?.resourceType !== type || resource.id !== id) {
        throw failed(`a read answered ${String(status)} or another resource`);
      }
      return resource;
    },
    search: async (type, parameters, signal) => {
      const entries = await gather(`${options.baseUrl}/${type}?${withPageSize(parameters)}`, signal);
      if (entries === undefined) {
        throw failed('a search answered 404');
      }
      return entries;
    },
    everything: (patientId, parameters, signal) =>
      gather(`${options.baseUrl}/Patient/${patientId}/$everything?${withPageSize(parameters)}`, signal),
    isReady: async () => {
      const { status } = await get(`${options.baseUrl}/metadata`, AbortSignal.timeout(limits.timeoutMs));
      return status === 200;
    },
  };
}

type Get = (url: string, signal: AbortSignal) => Promise<Answer>;

async function gatherPages(
  firstUrl: string,
  baseUrl: string,
  get: Get,
  limits: Limits,
  signal: AbortSignal,
): Promise<readonly SearchEntry[] | undefined> {
  const entries: SearchEntry[] = [];
  const seen = new Set<string>();
  let url: string | undefined = firstUrl;
  while (url !== undefined) {
    if (seen.has(url) || seen.size >= MAX_PAGES) {
      throw failed('the pages of a search do not end');
    }
    seen.add(url);
    const bundle = await getBundle(url, get, signal);
    if (bundle === undefined) {
      return undefined;
    }
    entries.push(...entriesOf(bundle));
    if (entries.length > limits.maxResources) {
      throw new AppError('TOO_COSTLY', 'a search gathered more resources than allowed', {
        expose: `The search covers more than ${String(limits.maxResources)} resources; narrow it, for instance by date.`,
      });
    }
    url = nextUrl(bundle, url, baseUrl);
  }
  return entries;
}

async function getBundle(url: string, get: Get, signal: AbortSignal): Promise<FhirResource | undefined> {
  const { status, resource } = await get(url, signal);
  if (status === 404 || status === 410) {
    return undefined;
  }
  if (status === 400 || status === 422) {
    // The source's own words may quote data, so they are not passed on.
    throw new AppError('BAD_REQUEST', `the source refused the search with ${String(status)}`, {
      expose: 'The clinical data source does not accept these search parameters.',
    });
  }
  if (status !== 200 || resource?.resourceType !== 'Bundle') {
    throw failed(`a search answered ${String(status)} or no Bundle`);
  }
  return resource;
}

function entriesOf(bundle: FhirResource): readonly SearchEntry[] {
  return elements(bundle['entry']).flatMap(({ resource, search }) => {
    if (!isResource(resource)) {
      throw failed('an entry of a search holds no resource');
    }
    const mode = isMembers(search) && typeof search['mode'] === 'string' ? search['mode'] : undefined;
    if (mode === 'outcome' || resource.resourceType === 'OperationOutcome') {
      return [];
    }
    if (!isFhirId(resource.id) || (mode !== undefined && !MODES.includes(mode))) {
      throw failed('an entry of a search has no id or an unknown mode');
    }
    return [mode === undefined ? { resource } : { resource, mode: mode as SearchMode }];
  });
}

/** Links are followed within the base URL only: another address would be asked with the upstream's credentials. */
function nextUrl(bundle: FhirResource, current: string, baseUrl: string): string | undefined {
  const next = elements(bundle['link']).find((link) => link['relation'] === 'next')?.['url'];
  if (next === undefined) {
    return undefined;
  }
  const url = typeof next === 'string' && URL.canParse(next, current) ? new URL(next, current).href : '';
  const base = new URL(baseUrl).href.replace(/\/$/, '');
  if (url !== base && !url.startsWith(`${base}/`) && !url.startsWith(`${base}?`)) {
    throw failed('a next link leads out of the source');
  }
  return url;
}

async function getResource(
  url: string,
  options: HttpUpstreamOptions,
  limits: Limits,
  signal: AbortSignal,
): Promise<Answer> {
  try {
    const response = await (options.fetch ?? fetch)(url, {
      redirect: 'error',
      signal: AbortSignal.any([signal, AbortSignal.timeout(limits.timeoutMs)]),
      headers: {
        accept: 'application/fhir+json',
        ...(options.bearerToken === undefined ? {} : { authorization: `Bearer ${options.bearerToken}` }),
      },
    });
    const text = await readBounded(response, limits.maxBytes);
    return { status: response.status, resource: response.ok ? parseResource(text) : undefined };
  } catch (cause) {
    // The URL names a patient, so only the kind of failure is kept.
    throw cause instanceof AppError ? cause : failed(cause instanceof Error ? cause.name : 'unknown failure');
  }
}

function parseResource(text: string): FhirResource {
  const value: unknown = JSON.parse(text);
  if (!isResource(value)) {
    throw failed('an answer is no FHIR resource');
  }
  return value;
}

async function readBounded(response: Response, maxBytes: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    size += chunk.length;
    if (size > maxBytes) {
      throw new AppError('TOO_COSTLY', 'an upstream answer exceeds the limit', {
        expose: 'The clinical data source answered with too much data; narrow the request.',
      });
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function failed(reason: string): AppError {
  return new AppError('UPSTREAM_FAILED', reason, { retryAfterSeconds: 5 });
}
