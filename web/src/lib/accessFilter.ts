// SPDX-License-Identifier: Apache-2.0
import type { AccessEntry } from '@api/schemas';
import { parseDay } from './dates';
import { EMERGENCY, isAdministrative, isAutomatic } from './accessKinds';
import { safeName } from './safeName';
import { leftAgainstRules } from './whatLeft';

export const OUTCOMES = ['permit', 'partial', 'deny', 'refused', 'against'] as const;
export type OutcomeFilter = (typeof OUTCOMES)[number];

/** What the patient looks for. Every member is optional; an absent one does not narrow. */
export interface AccessFilter {
  /** MSP id of the asking organisation. */
  readonly org?: string;
  /** Identifier of the asking person. */
  readonly user?: string;
  /** ActReason code, or `emergency` for both break-glass codes. */
  readonly purpose?: string;
  /** By what left: all, some, nothing; `refused`: not all; `against`: something that the rules refuse. */
  readonly outcome?: OutcomeFilter;
  /** FHIR resource type. */
  readonly type?: string;
  /** First day, `YYYY-MM-DD`. */
  readonly from?: string;
  /** Last day, `YYYY-MM-DD`. */
  readonly to?: string;
  /** Free text over names. */
  readonly q?: string;
  /** `automatic`: hide requests without a person. */
  readonly automatic?: 'hide';
  /** `administrative`: hide billing, administration and the like. */
  readonly administrative?: 'hide';
}

const EMERGENCY_CODES = 'BTG,ETREAT';
const OUTCOMES_ASKED: Partial<Record<OutcomeFilter, string>> = {
  refused: 'partial,deny',
  // Something left: the server narrows as far as it can, the rest is done here.
  against: 'permit,partial',
};
const LENGTHS = { org: 128, user: 256, purpose: 64, type: 64, q: 100 } as const;

/**
 * Reads a filter from a URL's fragment. A fragment, because a browser never sends it to a server: a searched
 * name cannot end in anybody's log. Members that are not understood are dropped.
 */
export function parseFilter(fragment: string): AccessFilter {
  const params = new URLSearchParams(fragment.replace(/^#/, ''));
  const outcome = OUTCOMES.find((known) => known === params.get('outcome'));
  return {
    ...texts(params),
    ...days(params),
    ...(outcome !== undefined && { outcome }),
    ...(params.get('automatic') === 'hide' && { automatic: 'hide' }),
    ...(params.get('administrative') === 'hide' && { administrative: 'hide' }),
  };
}

function texts(params: URLSearchParams): Partial<Record<keyof typeof LENGTHS, string>> {
  const found: Partial<Record<keyof typeof LENGTHS, string>> = {};
  for (const name of Object.keys(LENGTHS) as (keyof typeof LENGTHS)[]) {
    const value = params.get(name);
    if (value !== null && value !== '' && value.length <= LENGTHS[name]) {
      found[name] = value;
    }
  }
  return found;
}

function days(params: URLSearchParams): { from?: string; to?: string } {
  const from = params.get('from') ?? '';
  const to = params.get('to') ?? '';
  return { ...(parseDay(from) && { from }), ...(parseDay(to) && { to }) };
}

/** The fragment of a filter, with its `#`; empty for an empty filter. Same filter, same fragment. */
export function filterFragment(filter: AccessFilter): string {
  const pairs = Object.entries(filter).filter(([, value]) => value !== undefined && value !== '');
  pairs.sort(([a], [b]) => a.localeCompare(b, 'en'));
  const text = new URLSearchParams(pairs as [string, string][]).toString();
  return text === '' ? '' : `#${text}`;
}

/** The part of a filter that the server applies, as query parameters of `GET /api/v1/accesses`. */
export function filterQuery(filter: AccessFilter): URLSearchParams {
  const query = new URLSearchParams();
  const put = (name: string, value: string | undefined): void => {
    if (value !== undefined) {
      query.set(name, value);
    }
  };
  put('from', filter.from && parseDay(filter.from)?.toISOString());
  put('to', filter.to && parseDay(filter.to, 1)?.toISOString());
  put('org', filter.org);
  put('user', filter.user);
  put('purpose', filter.purpose === EMERGENCY ? EMERGENCY_CODES : filter.purpose);
  put('outcome', filter.outcome && (OUTCOMES_ASKED[filter.outcome] ?? filter.outcome));
  put('type', filter.type);
  return query;
}

/** Whether part of the filter is applied here and not by the server. */
export function isNarrowedHere(filter: AccessFilter): boolean {
  return (
    filter.q !== undefined ||
    filter.outcome === 'against' ||
    filter.automatic === 'hide' ||
    filter.administrative === 'hide'
  );
}

/** The part of a filter that is applied here: names, hidden kinds, and what left against the rules. */
export function fits(filter: AccessFilter, entry: AccessEntry): boolean {
  if (filter.automatic === 'hide' && isAutomatic(entry)) {
    return false;
  }
  if (filter.administrative === 'hide' && isAdministrative(entry)) {
    return false;
  }
  if (filter.outcome === 'against' && !leftAgainstRules(entry)) {
    return false;
  }
  return filter.q === undefined || namesOf(entry).includes(searchable(filter.q));
}

function namesOf(entry: AccessEntry): string {
  const { organisation, person } = entry.requester;
  return searchable(`${person?.name ?? ''} ${organisation.name}`);
}

/** Case and accents do not matter to somebody who looks for a name. */
function searchable(text: string): string {
  return safeName(text).normalize('NFKD').replace(/\p{M}/gu, '').toLocaleLowerCase();
}

export function isEmptyFilter(filter: AccessFilter): boolean {
  return filterFragment(filter) === '';
}
