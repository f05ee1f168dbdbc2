// SPDX-License-Identifier: Apache-2.0
import { useWords } from '../words/context';
import type { AccessFilter } from './accessFilter';
import { formatDate, parseDay } from './dates';
import { useOrganisationName, usePersonName } from './queries';

/** One member of a filter in words; `value` is absent where the name says all. */
export interface FilterPart {
  readonly member: keyof AccessFilter;
  readonly name: string;
  /** From outside: a name, or what was typed. */
  readonly value?: string;
}

/** A filter in words, member by member. */
export function useFilterParts(filter: AccessFilter): readonly FilterPart[] {
  const words = useWords();
  const organisationName = useOrganisationName();
  const personName = usePersonName(filter.user);
  const { q, user, org, purpose, outcome, type, from, to } = filter;
  const day = (key: string): string => formatDate(words.tag, parseDay(key) ?? new Date());
  const parts: (FilterPart | undefined)[] = [
    part('q', words.text('filter.search'), q),
    part('user', words.text('field.person'), user && (personName ?? user)),
    part('org', words.text('field.organisation'), org && organisationName(org)),
    part('purpose', words.text('field.reason'), purpose && words.code('purpose', purpose)),
    part('outcome', words.text('field.outcome'), outcome && words.text(`outcome.${outcome}`)),
    part('type', words.text('field.kind'), type && words.code('type', type)),
    part('from', words.text('field.from'), from && day(from)),
    part('to', words.text('field.to'), to && day(to)),
    filter.automatic && { member: 'automatic', name: words.text('field.hideAutomatic') },
    filter.administrative && { member: 'administrative', name: words.text('field.hideAdministrative') },
  ];
  return parts.filter((known) => known !== undefined);
}

function part(member: keyof AccessFilter, name: string, value: string | undefined): FilterPart | undefined {
  return value === undefined || value === '' ? undefined : { member, name, value };
}
