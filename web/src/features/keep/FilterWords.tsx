// SPDX-License-Identifier: Apache-2.0
import type { ReactNode } from 'react';
import { Name } from '../../components/Name';
import type { AccessFilter } from '../../lib/accessFilter';
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
    [words.text('field.person'), filter.user && (personName ?? filter.user)],
    [words.text('field.organisation'), filter.org && organisationName(filter.org)],
    [words.text('field.reason'), filter.purpose && words.code('purpose', filter.purpose)],
    [words.text('field.outcome'), filter.outcome && words.text(`outcome.${filter.outcome}`)],
    [words.text('field.kind'), filter.type && words.code('type', filter.type)],
    [words.text('field.from'), filter.from && day(filter.from)],
    [words.text('field.to'), filter.to && day(filter.to)],
  ];
  const hidden = [
    filter.automatic === 'hide' && words.text('field.hideAutomatic'),
    filter.administrative === 'hide' && words.text('field.hideAdministrative'),
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
