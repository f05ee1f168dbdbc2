// SPDX-License-Identifier: Apache-2.0
import { AppError } from '../../errors';
import { type Handling, ignoredParameters } from '../appliedParameters';
import { pageOf } from './bundlePage';
import { isFhirId, isResource, type FhirResource } from '../resource';
import { createSourceAddress, type SourceAddress } from './sourceAddress';
import {
  DEFAULT_SOURCE_TIMEOUT_MS,
  type BearerToken,
  createConnection,
  type Get,
  type Headers,
  type RawAnswer,
  type SourceTls,
} from './sourceConnection';
import { sourceFailed } from './sourceFailed';
import type { LabelTrust, Room, SourcePage, SourceReadiness, Upstream } from './upstream';

export interface HttpUpstreamOptions {
  /** FHIR R4 base URL, without a slash at its end. */
  readonly baseUrl: string;
  /** Where its labels can be trusted. */
  readonly labels: LabelTrust;
  /** Other base URLs of the same server, without a slash at their end. */
  readonly aliases?: readonly string[];
  /** What the source asks for; absent: nothing. */
  readonly bearerToken?: BearerToken;
  readonly tls?: SourceTls;
  /** For one answer, its body included; default 10,000. */
  readonly timeoutMs?: number;
  /** Of one answer's body; default 32 MiB. */
  readonly maxBytes?: number;
}

/** A FHIR R4 server by URL. It is trusted for its data, not for its links, sizes or availability. */
export function createHttpUpstream(options: HttpUpstreamOptions): Upstream {
  const timeoutMs = options.timeoutMs ?? DEFAULT_SOURCE_TIMEOUT_MS;
  const get = createConnection({
    bearerToken: options.bearerToken,
    tls: options.tls ?? {},
    timeoutMs,
    maxBytes: options.maxBytes ?? 32 * 1024 * 1024,
  });
  const { baseUrl, labels, aliases = [] } = options;
  return new HttpUpstream({ labels, address: createSourceAddress(baseUrl, aliases), get, timeoutMs });
}

interface Means {
  readonly labels: LabelTrust;
  readonly address: SourceAddress;
  readonly get: Get;
  readonly timeoutMs: number;
}

class HttpUpstream implements Upstream {
  readonly baseUrl: string;
  readonly labels: LabelTrust;
  readonly #means: Means;
  readonly #room: Room | undefined;

  constructor(means: Means, room?: Room) {
    this.baseUrl = means.address.baseUrl;
    this.labels = means.labels;
    this.#means = means;
    this.#room = room;
  }

  within(room: Room): Upstream {
    return new HttpUpstream(this.#means, room);
  }

  async read(type: string, id: string, signal: AbortSignal): Promise<FhirResource | undefined> {
    if (!isFhirId(id)) {
      return undefined;
    }
    const { status, text } = await this.#get(`${this.baseUrl}/${type}/${id}`, signal);
    if (isAbsent(status, text)) {
      return undefined;
    }
    const resource = status === 200 ? this.#parse(text) : undefined;
    if (resource?.resourceType !== type || resource.id !== id) {
      throw sourceFailed(`a read answered ${String(status)} or another resource`);
    }
    return resource;
  }

  async search(
    type: string,
    parameters: URLSearchParams,
    signal: AbortSignal,
    handling: Handling = 'lenient',
  ): Promise<SourcePage> {
    const isStrict = handling === 'strict';
    const url = `${this.baseUrl}/${type}?${parameters.toString()}`;
    const page = await this.#page(url, signal, isStrict ? { prefer: 'handling=strict' } : {});
    if (page === undefined) {
      throw sourceFailed(`a search for ${type} answered that there is no such thing`);
    }
    if (isStrict) {
      assertApplied(type, parameters, page);
    }
    return page;
  }

  async everything(
    patientId: string,
    parameters: URLSearchParams,
    signal: AbortSignal,
  ): Promise<SourcePage | undefined> {
    if (!isFhirId(patientId)) {
      return undefined;
    }
    const url = `${this.baseUrl}/Patient/${patientId}/$everything?${parameters.toString()}`;
    // Without parameters of the caller's there is nothing that the caller could ask otherwise.
    return [...parameters.keys()].every((name) => name === '_count')
      ? this.#ownPage(url, signal, '$everything: does it offer the operation?')
      : this.#page(url, signal);
  }

  async page(next: string, signal: AbortSignal): Promise<SourcePage> {
    const url = this.#means.address.resolve(next, this.baseUrl);
    if (url === undefined) {
      throw sourceFailed('a page was asked for that is not the source’s');
    }
    const page = await this.#ownPage(url, signal, 'its own next link');
    if (page === undefined) {
      throw sourceFailed('a later page of a search is gone');
    }
    return page;
  }

  async isReady(): Promise<SourceReadiness> {
    try {
      const { status, text } = await this.#get(
        `${this.baseUrl}/metadata`,
        AbortSignal.timeout(this.#means.timeoutMs),
      );
      return status === 200 && parsed(text)?.resourceType === 'CapabilityStatement'
        ? { ready: true }
        : {
            ready: false,
            detail: `/metadata of the source answers ${String(status)}, or no CapabilityStatement`,
          };
    } catch (error) {
      return { ready: false, detail: error instanceof Error ? error.message : 'the source fails' };
    }
  }

  /** What the gateway or the source itself worded: a refusal is not the caller's fault. */
  async #ownPage(url: string, signal: AbortSignal, what: string): Promise<SourcePage | undefined> {
    try {
      return await this.#page(url, signal);
    } catch (error) {
      throw error instanceof AppError && error.code === 'BAD_REQUEST'
        ? sourceFailed(`the source refused ${what}`)
        : error;
    }
  }

  /** undefined: there is no such thing. */
  async #page(url: string, signal: AbortSignal, headers?: Headers): Promise<SourcePage | undefined> {
    const { status, text, bytes } = await this.#get(url, signal, headers);
    if (isAbsent(status, text)) {
      return undefined;
    }
    if (status === 400 || status === 422) {
      // The source's own words may quote data, so they are not passed on.
      throw new AppError('BAD_REQUEST', `the source refused the search with ${String(status)}`, {
        expose: 'The clinical data source does not accept these search parameters.',
      });
    }
    const bundle = status === 200 ? this.#parse(text) : undefined;
    if (bundle?.resourceType !== 'Bundle') {
      throw sourceFailed(`a search answered ${String(status)} or no Bundle`);
    }
    return pageOf(bundle, url, bytes, this.#means.address);
  }

  #get(url: string, signal: AbortSignal, headers: Headers = {}): Promise<RawAnswer> {
    return this.#means.get(url, signal, { headers, room: this.#room });
  }

  #parse(text: string): FhirResource {
    const resource = parsed(text);
    if (resource === undefined) {
      throw sourceFailed('an answer is no FHIR resource as JSON');
    }
    return this.#means.address.localise(resource) as FhirResource;
  }
}

/**
 * Whether the source itself says that there is no such thing.
 * @throws AppError UPSTREAM_FAILED when somebody else says so: a proxy, or another server under a wrong base
 *   URL. FHIR servers answer with an OperationOutcome (R4 §3.1.0.1.5).
 */
function isAbsent(status: number, text: string): boolean {
  if (status !== 404 && status !== 410) {
    return false;
  }
  if (parsed(text) === undefined) {
    throw sourceFailed(
      `the source answered ${String(status)} without a FHIR resource: is UPSTREAM_FHIR_URL its FHIR base?`,
    );
  }
  return true;
}

/** undefined: no JSON, or no FHIR resource. */
function parsed(text: string): FhirResource | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isResource(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function assertApplied(type: string, sent: URLSearchParams, page: SourcePage): void {
  const ignored = ignoredParameters(type, sent, page.self);
  if (ignored.length > 0) {
    throw new AppError('BAD_REQUEST', 'the source did not apply all parameters of a strict search', {
      expose: `The clinical data source does not apply: ${ignored.join(', ')}.`,
    });
  }
}
