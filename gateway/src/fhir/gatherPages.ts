// SPDX-License-Identifier: Apache-2.0
import { AppError } from '../errors';
import type { SearchEntry } from './resource';
import type { SourcePage, Upstream } from './upstream';

export interface GatherBounds {
  /** Resources over all pages. */
  readonly maxResources: number;
  readonly maxPages: number;
}

const BOUNDS: GatherBounds = { maxResources: 5000, maxPages: 200 };

/**
 * The entries of `first` and of all pages after it.
 * @throws AppError TOO_COSTLY beyond `maxResources`; UPSTREAM_FAILED when the pages do not end; what the source throws.
 */
export async function gatherPages(
  upstream: Pick<Upstream, 'page'>,
  first: SourcePage,
  signal: AbortSignal,
  bounds: GatherBounds = BOUNDS,
): Promise<readonly SearchEntry[]> {
  const entries = [...first.entries];
  const seen = new Set<string>();
  for (let { next } = first; next !== undefined;) {
    if (seen.has(next) || seen.size >= bounds.maxPages - 1) {
      throw new AppError('UPSTREAM_FAILED', 'the pages of a search do not end', { retryAfterSeconds: 5 });
    }
    seen.add(next);
    const page = await upstream.page(next, signal);
    entries.push(...page.entries);
    next = page.next;
    if (entries.length > bounds.maxResources) {
      break;
    }
  }
  if (entries.length > bounds.maxResources) {
    throw new AppError('TOO_COSTLY', 'a search gathered more resources than allowed', {
      expose: `The search covers more than ${String(bounds.maxResources)} resources; narrow it, for instance by date.`,
    });
  }
  return entries;
}
