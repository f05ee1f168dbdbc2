// SPDX-License-Identifier: Apache-2.0

// Apart from the code that reads them, which is much larger: they are asked for before it is there.
export const API = '/api/v1';
export const ME = `${API}/me`;

/** The first page of a list: somewhat more than a screen, so that it comes soon. */
export const FIRST_PAGE = 20;

/** A page of the whole list, or of what `query` leaves of it. */
export function accessesPath(query: URLSearchParams): string {
  return `${API}/accesses?${query.toString()}`;
}

/** The first page of the whole list. */
export const FIRST_LIST = accessesPath(new URLSearchParams({ limit: String(FIRST_PAGE) }));

/**
 * What the page at an address asks for first. A list with a filter is asked for by the page itself, which
 * understands filters.
 */
export function firstReads({ pathname, hash }: Pick<Location, 'pathname' | 'hash'>): readonly string[] {
  return pathname === '/' && hash === '' ? [ME, FIRST_LIST] : [ME];
}
