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

interface SpokenProps {
  readonly entry: AccessEntry;
  /** The entries of a line of several, of which `entry` is the summary. */
  readonly entries?: readonly AccessEntry[];
  /** When, and how many requests; nothing where the name itself says that. */
  readonly before?: readonly string[];
}

/**
 * What a reader of one line sees beside its name, for those who hear the name alone: what came before, the
 * result, and what is to be noticed.
 */
export function Spoken({ entry, entries, before = [] }: SpokenProps): ReactNode {
  const words = useWords();
  const comma = words.text('app.comma');
  return (
    <span className="unseen">
      {comma}
      {[...before, ...markWords(words, { entry, entries })].join(comma)}
    </span>
  );
}
