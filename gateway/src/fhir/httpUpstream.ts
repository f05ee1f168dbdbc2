// SPDX-License-Identifier: Apache-2.0
import { AppError } from '../errors';
import { ignoredParameters } from './appliedParameters';
import {
  elements,
  isFhirId,
  isMembers,
  isResource,
  type FhirResource,
  type SearchEntry,
  type SearchMode,
} from './resource';
import { PageTooLarge, type Room, type SourcePage, type Upstream } from './upstream';

export interface HttpUpstreamOptions {
  /** FHIR R4 base URL, without a slash at its end. */
  readonly baseUrl: string;
  /** Bearer token that the upstream server asks for. */
  readonly bearerToken?: string;
  /** For one answer, its body included, without what it waits for room; default 10,000. */
  readonly timeoutMs?: number;
  /** Of one answer's body; default 32 MiB. */
  readonly maxBytes?: number;
  /** Injected in tests; default the global fetch. */
  readonly fetch?: typeof fetch;
}

interface Limits {
  readonly timeoutMs: number;
  readonly maxBytes: number;
  readonly room: Room | undefined;
}

interface Answer {
  readonly status: number;
  readonly resource: FhirResource | undefined;
  readonly bytes: number;
}

const MODES: readonly string[] = ['match', 'include', 'outcome'];

/** A FHIR R4 server by URL. It is trusted for its data and labels, not for its links, sizes or availability. */
export function createHttpUpstream(options: HttpUpstreamOptions): Upstream {
  return upstreamWithin(options, undefined);
}

function upstreamWithin(options: HttpUpstreamOptions, room: Room | undefined): Upstream {
  const limits: Limits = {
    timeoutMs: options.timeoutMs ?? 10_000,
    maxBytes: options.maxBytes ?? 32 * 1024 * 1024,
    room,
  };
  const get: Get = (url, signal, headers) => getResource(url, options, limits, signal, headers);
  const page = (url: string, signal: AbortSignal, headers?: Headers) =>
    getPage(url, options.baseUrl, (at, until) => get(at, until, headers), signal);
  return {
    baseUrl: options.baseUrl,
    within: (own) => upstreamWithin(options, own),
    read: async (type, id, signal) => {
      if (!isFhirId(id)) {
        return undefined;
      }
      const { status, resource } = await get(`${options.baseUrl}/${type}/${id}`, signal);
      if (status === 404 || status === 410) {
        return undefined;
      }
      if (status !== 200 || resource?.resourceType !== type || resource.id !== id) {
        throw failed(`a read answered ${String(status)} or another resource`);
      }
      return resource;
    },
    search: async (type, parameters, signal, handling) => {
      const url = `${options.baseUrl}/${type}?${parameters.toString()}`;
      const found = await page(
        url,
        signal,
        handling === 'strict' ? { prefer: 'handling=strict' } : undefined,
      );
      if (found === undefined) {
        throw failed('a search answered 404');
      }
      if (handling === 'strict') {
        assertApplied(type, parameters, found);
      }
      return found;
    },
    everything: async (patientId, parameters, signal) =>
      isFhirId(patientId)
        ? page(`${options.baseUrl}/Patient/${patientId}/$everything?${parameters.toString()}`, signal)
        : undefined,
    page: async (next, signal) => {
      assertWithin(next, options.baseUrl);
      const found = await page(next, signal);
      if (found === undefined) {
        throw failed('a later page of a search is gone');
      }
      return found;
    },
    isReady: async () => {
      try {
        const { status } = await get(`${options.baseUrl}/metadata`, AbortSignal.timeout(limits.timeoutMs));
        return status === 200
          ? { ready: true }
          : { ready: false, detail: `the source answers ${String(status)} to /metadata` };
      } catch (error) {
        return { ready: false, detail: error instanceof Error ? error.message : 'the source fails' };
      }
    },
  };
}

type Headers = Readonly<Record<string, string>>;
type Get = (url: string, signal: AbortSignal, headers?: Headers) => Promise<Answer>;

function assertApplied(type: string, sent: URLSearchParams, page: SourcePage): void {
  const ignored = ignoredParameters(type, sent, page.self);
  if (ignored.length > 0) {
    throw new AppError('BAD_REQUEST', 'the source did not apply all parameters of a strict search', {
      expose: `The clinical data source does not apply: ${ignored.join(', ')}.`,
    });
  }
}

/** undefined: 404 or 410. */
async function getPage(
  url: string,
  baseUrl: string,
  get: Get,
  signal: AbortSignal,
): Promise<SourcePage | undefined> {
  const answer = await getBundle(url, get, signal);
  return (
    answer && {
      ...entriesOf(answer.resource),
      bytes: answer.bytes,
      next: nextUrl(answer.resource, url, baseUrl),
      self: selfParameters(answer.resource),
    }
  );
}

interface BundleAnswer {
  readonly resource: FhirResource;
  readonly bytes: number;
}

async function getBundle(url: string, get: Get, signal: AbortSignal): Promise<BundleAnswer | undefined> {
  const { status, resource, bytes } = await get(url, signal);
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
  return { resource, bytes };
}

function entriesOf(bundle: FhirResource): Pick<SourcePage, 'entries' | 'outcomes'> {
  const entries: SearchEntry[] = [];
  const outcomes: FhirResource[] = [];
  for (const { resource, search } of elements(bundle['entry'])) {
    if (!isResource(resource)) {
      throw failed('an entry of a search holds no resource');
    }
    const mode = isMembers(search) && typeof search['mode'] === 'string' ? search['mode'] : undefined;
    if (mode === 'outcome' || resource.resourceType === 'OperationOutcome') {
      outcomes.push(resource);
      continue;
    }
    if (!isFhirId(resource.id) || (mode !== undefined && !MODES.includes(mode))) {
      throw failed('an entry of a search has no id or an unknown mode');
    }
    entries.push(mode === undefined ? { resource } : { resource, mode: mode as SearchMode });
  }
  return { entries, outcomes };
}

function linkOf(bundle: FhirResource, relation: string): unknown {
  return elements(bundle['link']).find((link) => link['relation'] === relation)?.['url'];
}

function selfParameters(bundle: FhirResource): URLSearchParams | undefined {
  const self = linkOf(bundle, 'self');
  if (typeof self !== 'string') {
    return undefined;
  }
  const at = self.indexOf('?');
  return new URLSearchParams(at < 0 ? '' : self.slice(at + 1));
}

/** Links are followed within the base URL only: another address would be asked with the upstream's credentials. */
function nextUrl(bundle: FhirResource, current: string, baseUrl: string): string | undefined {
  const next = linkOf(bundle, 'next');
  if (next === undefined) {
    return undefined;
  }
  const url = typeof next === 'string' && URL.canParse(next, current) ? new URL(next, current).href : '';
  assertWithin(url, baseUrl);
  return url;
}

function assertWithin(url: string, baseUrl: string): void {
  const base = new URL(baseUrl).href.replace(/\/$/, '');
  if (url !== base && !url.startsWith(`${base}/`) && !url.startsWith(`${base}?`)) {
    throw failed('a next link leads out of the source');
  }
}

async function getResource(
  url: string,
  options: HttpUpstreamOptions,
  limits: Limits,
  signal: AbortSignal,
  headers: Headers = {},
): Promise<Answer> {
  const patience = new Patience(limits.timeoutMs);
  try {
    const response = await (options.fetch ?? fetch)(url, {
      redirect: 'error',
      signal: AbortSignal.any([signal, patience.signal]),
      headers: {
        ...headers,
        accept: 'application/fhir+json',
        ...(options.bearerToken === undefined ? {} : { authorization: `Bearer ${options.bearerToken}` }),
      },
    });
    const text = await readBounded(response, limits, patience);
    return {
      status: response.status,
      resource: response.ok ? parseResource(text) : undefined,
      bytes: Buffer.byteLength(text),
    };
  } catch (cause) {
    // The URL names a patient, so only the kind of failure is kept.
    throw cause instanceof AppError ? cause : failed(cause instanceof Error ? cause.name : 'unknown failure');
  } finally {
    patience.end();
  }
}

/** How long the source may take; what the gateway itself waits for does not count. */
class Patience {
  readonly #ms: number;
  readonly #controller = new AbortController();
  #timer: NodeJS.Timeout | undefined;

  constructor(ms: number) {
    this.#ms = ms;
    this.begin();
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  begin(): void {
    this.#timer = setTimeout(() => {
      this.#controller.abort(new DOMException('the source took too long', 'TimeoutError'));
    }, this.#ms);
  }

  end(): void {
    clearTimeout(this.#timer);
  }
}

function parseResource(text: string): FhirResource {
  const value: unknown = JSON.parse(text);
  if (!isResource(value)) {
    throw failed('an answer is no FHIR resource');
  }
  return value;
}

async function readBounded(response: Response, limits: Limits, patience: Patience): Promise<string> {
  const decoder = new TextDecoder();
  const texts: string[] = [];
  let size = 0;
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    size += chunk.length;
    if (size > limits.maxBytes) {
      throw new PageTooLarge();
    }
    const waiting = limits.room?.reserve(size);
    if (waiting !== undefined) {
      patience.end();
      await waiting;
      patience.begin();
    }
    texts.push(decoder.decode(chunk, { stream: true }));
  }
  return texts.join('') + decoder.decode();
}

function failed(reason: string): AppError {
  return new AppError('UPSTREAM_FAILED', reason, { retryAfterSeconds: 5 });
}
