// SPDX-License-Identifier: Apache-2.0
import type { AccessEntry } from '@api/schemas';
import type { ReactNode } from 'react';
import { Link } from 'react-router';
import { markWords } from '../../components/AccessMarks';
import { useWords } from '../../words/context';
import { rememberEntry } from './timelineMemory';

/** The way from a line of the list to its entry, and back to the same line. */
export function EntryLink({
  entry,
  children,
}: {
  readonly entry: AccessEntry;
  readonly children: ReactNode;
}): ReactNode {
  return (
    <Link
      className="visit-link"
      to={`/accesses/${encodeURIComponent(entry.id)}`}
      data-entry={entry.id}
      onClick={() => {
        rememberEntry(entry.id);
      }}
    >
      {children}
    </Link>
  );
}

/** What a reader of one line sees beside its name, for those who hear the name alone: when, with what result, and what is to be noticed. */
export function Spoken({ time, entry }: { readonly time?: string; readonly entry: AccessEntry }): ReactNode {
  const words = useWords();
  const facts = [...(time === undefined ? [] : [time]), ...markWords(words, entry)];
  return <span className="unseen">, {facts.join(', ')}</span>;
}
