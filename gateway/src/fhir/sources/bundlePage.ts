// SPDX-License-Identifier: Apache-2.0
import { sourceFailed } from './sourceFailed';
import {
  elements,
  isFhirId,
  isMembers,
  isResource,
  type FhirResource,
  type SearchEntry,
  type SearchMode,
} from '../resource';
import type { SourceAddress } from './sourceAddress';
import type { SourcePage } from './upstream';

const MODES: readonly string[] = ['match', 'include', 'outcome'];

/**
 * A Bundle of the source as a page.
 * @param url that it answers.
 * @throws AppError UPSTREAM_FAILED for entries without resource or id, for an outcome that says that a part
 *   failed, and for a next link that leads out of the source.
 */
export function pageOf(bundle: FhirResource, url: string, bytes: number, address: SourceAddress): SourcePage {
  return { ...entriesOf(bundle), bytes, next: nextOf(bundle, url, address), self: selfOf(bundle) };
}

function entriesOf(bundle: FhirResource): Pick<SourcePage, 'entries' | 'outcomes'> {
  const entries: SearchEntry[] = [];
  const outcomes: FhirResource[] = [];
  for (const { resource, search } of elements(bundle['entry'])) {
    if (!isResource(resource)) {
      throw sourceFailed('an entry of a search holds no resource');
    }
    const mode = isMembers(search) && typeof search['mode'] === 'string' ? search['mode'] : undefined;
    if (mode === 'outcome' || resource.resourceType === 'OperationOutcome') {
      assertNoFailure(resource);
      outcomes.push(resource);
      continue;
    }
    if (!isFhirId(resource.id) || (mode !== undefined && !MODES.includes(mode))) {
      throw sourceFailed('an entry of a search has no id or an unknown mode');
    }
    entries.push(mode === undefined ? { resource } : { resource, mode: mode as SearchMode });
  }
  return { entries, outcomes };
}

/**
 * A part of what was asked for failed, as federating servers say it beside what they found; the rest alone
 * would look whole.
 */
function assertNoFailure({ issue }: FhirResource): void {
  if (elements(issue).some(({ severity }) => severity === 'fatal' || severity === 'error')) {
    throw sourceFailed('the source says in an outcome beside the matches that a part of a search failed');
  }
}

/**
 * Links are followed within the source only: another address would be asked with the source's credentials.
 */
function nextOf(bundle: FhirResource, url: string, address: SourceAddress): string | undefined {
  const link = linkOf(bundle, 'next');
  if (link === undefined) {
    return undefined;
  }
  const next = address.resolve(link, url);
  if (next === undefined) {
    throw sourceFailed(
      'a next link leads out of the source; if it is the same server, name its base in UPSTREAM_ALIASES',
    );
  }
  return next;
}

function selfOf(bundle: FhirResource): URLSearchParams | undefined {
  const self = linkOf(bundle, 'self');
  if (typeof self !== 'string') {
    return undefined;
  }
  const at = self.indexOf('?');
  return new URLSearchParams(at < 0 ? '' : self.slice(at + 1));
}

function linkOf(bundle: FhirResource, relation: string): unknown {
  return elements(bundle['link']).find((link) => link['relation'] === relation)?.['url'];
}
