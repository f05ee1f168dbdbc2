// SPDX-License-Identifier: Apache-2.0
import type { ReactNode } from 'react';
import { Name } from '../../components/Name';
import { EMERGENCY, type AccessFilter } from '../../lib/accessFilter';
import { formatDate, parseDay } from '../../lib/dates';
import { useOrganisationName, usePersonName } from '../../lib/queries';
import { useWords } from '../../words/context';

/** A filter in words: "Person: …, from: …". */
export function FilterWords({ filter }: { readonly filter: AccessFilter }): ReactNode {
  const words = useWords();
  const organisationName = useOrganisationName();
  const personName = usePersonName(filter.user);
  const day = (key: string): string => formatDate(words.tag, parseDay(key) ?? new Date());
  const parts: readonly (readonly [string, string | undefined])[] = [
    [words.text('filter.search'), filter.q],
    [words.text('filter.person'), filter.user && (personName ?? filter.user)],
    [words.text('filter.organisation'), filter.org && organisationName(filter.org)],
    [
      words.text('filter.reason'),
      filter.purpose &&
        (filter.purpose === EMERGENCY ? words.text('mark.emergency') : words.code('purpose', filter.purpose)),
    ],
    [words.text('filter.outcome'), filter.outcome && words.text(`mark.${filter.outcome}`)],
    [words.text('filter.kind'), filter.type && words.code('type', filter.type)],
    [words.text('filter.from'), filter.from && day(filter.from)],
    [words.text('filter.to'), filter.to && day(filter.to)],
  ];
  const hidden = [
    filter.automatic === 'hide' && words.text('filter.hideAutomatic'),
    filter.administrative === 'hide' && words.text('filter.hideAdministrative'),
  ].filter((text) => text !== false);
  return (
    <span className="filter-words">
      {parts.map(
        ([name, value]) =>
          value !== undefined &&
          value !== '' && (
            <span key={name} className="filter-word">
              {name}: <Name>{value}</Name>
            </span>
          ),
      )}
      {hidden.map((text) => (
        <span key={text} className="filter-word">
          {text}
        </span>
      ))}
    </span>
  );
}
