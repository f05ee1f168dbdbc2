// SPDX-License-Identifier: Apache-2.0
import { problem } from '@api/schemas';
import type { AnswerParser } from './answerParser';
import { ApiError } from './apiError';
import { JSON_READ, takeEarly } from './earlyRequests';
import { noteServerTime } from './serverClock';

interface Answer<T> {
  readonly body: T;
  /** The entity tag as sent, for `If-Match`; null when the answer has none. */
  readonly etag: string | null;
}

interface WriteOptions {
  readonly csrfToken: string;
  readonly body?: unknown;
  readonly ifMatch?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Reads `path` of the portal's own origin and parses the answer.
 * @throws ApiError when no answer comes, when it is a problem, and when it does not have its documented form.
 */
export async function readApi<T>(
  path: string,
  schema: AnswerParser<T>,
  signal?: AbortSignal,
): Promise<Answer<T>> {
  const response = await send(path, { ...JSON_READ, ...(signal && { signal }) }, takeEarly(path));
  return { body: await parseBody(response, schema), etag: response.headers.get('ETag') };
}

/** Sends a write with the session's CSRF token. Throws as {@link readApi} does. */
export async function writeApi<T>(
  method: 'POST' | 'PUT',
  path: string,
  schema: AnswerParser<T>,
  options: WriteOptions,
): Promise<Answer<T>> {
  const response = await send(path, writeRequest(method, options));
  return { body: await parseBody(response, schema), etag: response.headers.get('ETag') };
}

/** Sends a write whose answer's body does not matter. Throws as {@link readApi} does. */
export async function commandApi(path: string, csrfToken: string): Promise<void> {
  await send(path, writeRequest('POST', { csrfToken }));
}

function writeRequest(method: string, { body, csrfToken, ifMatch, signal }: WriteOptions): RequestInit {
  return {
    method,
    headers: {
      Accept: 'application/json',
      'X-CSRF-Token': csrfToken,
      ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
      ...(ifMatch === undefined ? {} : { 'If-Match': ifMatch }),
    },
    ...(signal && { signal }),
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  };
}

/** @param early the answer to the same request, where it is on its way already. */
async function send(path: string, init: RequestInit, early?: Promise<Response>): Promise<Response> {
  let response: Response;
  try {
    response = await (early ?? fetch(path, { credentials: 'same-origin', ...init }));
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === 'AbortError') {
      throw cause;
    }
    throw new ApiError({ status: 0, code: 'UNREACHABLE', requestId: null, cause });
  }
  noteServerTime(response.headers.get('Date'));
  if (!response.ok) {
    throw await toApiError(response);
  }
  return response;
}

async function toApiError(response: Response): Promise<ApiError> {
  const requestId = response.headers.get('X-Request-Id');
  const facts = { status: response.status, requestId };
  try {
    const { code, detail } = problem.parse(await response.json());
    return new ApiError({ ...facts, code, detail });
  } catch (cause) {
    // Not an answer of this API: a proxy's page, for instance. The status still says something.
    return new ApiError({ ...facts, code: 'UNREADABLE', cause });
  }
}

async function parseBody<T>(response: Response, schema: AnswerParser<T>): Promise<T> {
  const requestId = response.headers.get('X-Request-Id');
  try {
    return schema.parse(await response.json());
  } catch (cause) {
    throw new ApiError({ status: response.status, code: 'UNREADABLE', requestId, cause });
  }
}
