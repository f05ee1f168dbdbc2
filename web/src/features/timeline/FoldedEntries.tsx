// SPDX-License-Identifier: Apache-2.0
import type { AccessEntry } from '@api/schemas';
import type { ReactNode } from 'react';
import { markOf, NoteMark, resultWord } from '../../components/AccessMarks';
import { KindList } from '../../components/KindList';
import { Mark } from '../../components/Mark';
import { countKinds } from '../../lib/itemKinds';
import { besideRecord, happenedAt } from '../../lib/entryTime';
import { notesOf } from '../../lib/whatLeft';
import { useWords } from '../../words/context';
import { EntryLink, Spoken } from './EntryLink';
import '../../styles/listLater.css';

/** The entries of a line that was opened. */
export function FoldedEntries({ entries }: { readonly entries: readonly AccessEntry[] }): ReactNode {
  return entries.map((entry) => <FoldedEntry key={entry.id} entry={entry} />);
}

function FoldedEntry({ entry }: { readonly entry: AccessEntry }): ReactNode {
  const words = useWords();
  const at = happenedAt(entry);
  return (
    <li className="visit-entry">
      <Mark kind={markOf(entry)} />
      <span className="visit-entry-text">
        <EntryLink entry={entry}>
          <time dateTime={at.toISOString()}>{besideRecord(words, at, new Date(entry.at))}</time>{' '}
          <KindList kinds={countKinds([entry])} />
          <Spoken entry={entry} />
        </EntryLink>
        <span className={`badge badge-${entry.outcome}`}>{resultWord(words, entry)}</span>
        {notesOf(entry).map((note) => (
          <NoteMark key={note} entries={[entry]} note={note} />
        ))}
      </span>
    </li>
  );
}
