// SPDX-License-Identifier: Apache-2.0
import { accessEntry, accessList, me, type AccessEntry, type AccessList, type Me } from '@api/schemas';
import { readApi, writeApi } from './apiClient';
import { ApiError } from './apiError';
import { accessesPath, API, ME } from './firstReads';
import { mayBeSignedIn } from './sessionHint';

/** The session's token for requests with a body, as last answered. */
let csrfToken: string | null = null;

export async function fetchMe(signal?: AbortSignal): Promise<Me> {
  if (!mayBeSignedIn()) {
    throw new ApiError({ status: 401, code: 'UNAUTHENTICATED', requestId: null });
  }
  const { body } = await readApi(ME, me, signal);
  csrfToken = body.csrfToken;
  return body;
}

/**
 * A page of the list. A filter that names a person goes in the body: proxies and the browser keep URLs.
 * @param query filter parameters of `accessQuery` in the contract.
 */
export async function fetchAccesses(
  query: URLSearchParams,
  page: { readonly cursor?: string | null; readonly limit: number },
  signal?: AbortSignal,
): Promise<AccessList> {
  const params = new URLSearchParams(query);
  params.set('limit', String(page.limit));
  if (page.cursor !== undefined && page.cursor !== null) {
    params.set('cursor', page.cursor);
  }
  if (!params.has('user')) {
    return (await readApi(accessesPath(params), accessList, signal)).body;
  }
  const token = csrfToken ?? (await fetchMe(signal)).csrfToken ?? '';
  const search = { body: Object.fromEntries(params), csrfToken: token, signal };
  return (await writeApi('POST', `${API}/accesses/search`, accessList, search)).body;
}

export async function fetchAccess(id: string, signal?: AbortSignal): Promise<AccessEntry> {
  return (await readApi(`${API}/accesses/${encodeURIComponent(id)}`, accessEntry, signal)).body;
}
