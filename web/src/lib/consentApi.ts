// SPDX-License-Identifier: Apache-2.0
import {
  consentDocument,
  consentHistory,
  consentPreview,
  type ConsentDocument,
  type ConsentHistory,
  type ConsentPolicy,
  type ConsentPreview,
} from '@api/schemas';
import { readApi, writeApi } from './apiClient';

const BASE = '/api/v1';

/** A consent with the entity tag that a change of it must name. */
export interface ConsentOnFile {
  readonly consent: ConsentDocument;
  readonly etag: string;
}

/** Parses a consent that was not answered just now. @throws Error when it has not the documented form. */
export function parseConsent(value: unknown): ConsentDocument {
  return consentDocument.parse(value);
}

export async function fetchConsent(signal?: AbortSignal): Promise<ConsentOnFile> {
  const { body, etag } = await readApi(`${BASE}/consent`, consentDocument, signal);
  return { consent: body, etag: etag ?? `"${String(body.version)}"` };
}

/** @throws ApiError with status 412 when the consent is no longer the one of `etag`. */
export async function saveConsent(
  policy: ConsentPolicy,
  etag: string,
  csrfToken: string,
): Promise<ConsentOnFile> {
  const answer = await writeApi('PUT', `${BASE}/consent`, consentDocument, {
    body: policy,
    ifMatch: etag,
    csrfToken,
  });
  return { consent: answer.body, etag: answer.etag ?? `"${String(answer.body.version)}"` };
}

/** Replays a page of the accesses since `from` against a policy that is not saved. */
export async function previewConsent(
  policy: ConsentPolicy,
  csrfToken: string,
  { from, cursor }: { readonly from: Date; readonly cursor: string | null },
): Promise<ConsentPreview> {
  const query = new URLSearchParams({ from: from.toISOString(), ...(cursor !== null && { cursor }) });
  const path = `${BASE}/consent/preview?${query.toString()}`;
  return (await writeApi('POST', path, consentPreview, { body: policy, csrfToken })).body;
}

/** All versions, newest first. */
export async function fetchConsentHistory(signal?: AbortSignal): Promise<ConsentHistory['items']> {
  const versions: ConsentHistory['items'] = [];
  let cursor: string | null = null;
  do {
    const query: string = cursor === null ? '' : `?cursor=${encodeURIComponent(cursor)}`;
    const { body } = await readApi(`${BASE}/consent/history${query}`, consentHistory, signal);
    versions.push(...body.items);
    cursor = body.next;
  } while (cursor !== null);
  return versions;
}
