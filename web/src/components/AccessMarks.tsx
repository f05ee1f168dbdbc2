// SPDX-License-Identifier: Apache-2.0
import type { AccessEntry } from '@api/schemas';
import type { ReactNode } from 'react';
import { isAdministrative, isAutomatic, isEmergency } from '../lib/accessKinds';
import { isAfterHours } from '../lib/dates';
import { bothTimes, happenedAt } from '../lib/entryTime';
import { leftByRules, notesOf, type Note } from '../lib/whatLeft';
import { useWords, type Vocabulary } from '../words/context';
import { Icon } from './Icon';
import { Mark, type MarkKind } from './Mark';

/** The shape that stands for an entry: an emergency is shown first. */
export function markOf(entry: Pick<AccessEntry, 'purpose' | 'outcome'> & AccessEntry): MarkKind {
  return isEmergency(entry) && entry.outcome !== 'deny' ? 'emergency' : entry.outcome;
}

/**
 * The result in a word: what the rules did with the request; where what left is something else, what left.
 * Rare words come later than the first page.
 */
export function resultWord(words: Vocabulary, entry: AccessEntry): string {
  return leftByRules(entry) ? words.text(`mark.${entry.outcome}`) : words.code('note', entry.outcome);
}

/** What an emergency lacks that was declared without a person, or without a reason that counts. */
export function missingWord(words: Vocabulary, { requester }: AccessEntry): string {
  return words.code('note', requester.person === null ? 'noPerson' : 'noReason');
}

/** What is to be noticed in words: of what was recorded late both times, where the entry has them. */
export function noteWord(words: Vocabulary, entry: AccessEntry, note: Note): string {
  const times = note === 'late' || note === 'lateRefusal' ? bothTimes(words, entry) : undefined;
  return times === undefined ? words.code('note', note) : words.code('note', `${note}Times`, times);
}

/** The result and what is to be noticed, in words: for those who hear a line, for paper and for files. */
export function markWords(words: Vocabulary, entry: AccessEntry): readonly string[] {
  return [
    resultWord(words, entry),
    ...(isEmergency(entry) ? [words.text('mark.emergency')] : []),
    ...notesOf(entry).map((note) => noteWord(words, entry, note)),
  ];
}

/** What a patient should notice about an entry, in words; nothing for an ordinary one. */
export function AccessMarks({ entry }: { readonly entry: AccessEntry }): ReactNode {
  const words = useWords();
  const quiet = quietMarks(entry);
  const loud = loudMarks(entry);
  const notes = notesOf(entry);
  if (loud.length + quiet.length + notes.length === 0) {
    return null;
  }
  return (
    <span className="badges">
      {loud.map((kind) => (
        <span key={kind} className={`badge badge-${kind}`}>
          <Mark kind={kind} />
          {kind === 'emergency' ? words.text('mark.emergency') : resultWord(words, entry)}
        </span>
      ))}
      {notes.map((note) => (
        <span key={note} className={note === 'against' ? 'badge badge-deny' : 'badge'}>
          {noteWord(words, entry, note)}
        </span>
      ))}
      {quiet.map((kind) => (
        <span key={kind} className="badge">
          {kind in SIGNS && <Icon name={SIGNS[kind as keyof typeof SIGNS]} />}
          {words.text(`mark.${kind}`)}
        </span>
      ))}
    </span>
  );
}

type QuietMark = 'afterHours' | 'automatic' | 'administrative';
const SIGNS = { afterHours: 'night', automatic: 'system' } as const;

/** Marks that explain rather than alarm. A computer has no working hours. */
export function quietMarks(entry: AccessEntry): readonly QuietMark[] {
  const kinds: QuietMark[] = [];
  if (!isAutomatic(entry) && isAfterHours(happenedAt(entry))) {
    kinds.push('afterHours');
  }
  if (isAutomatic(entry)) {
    kinds.push('automatic');
  }
  if (isAdministrative(entry)) {
    kinds.push('administrative');
  }
  return kinds;
}

function loudMarks(entry: AccessEntry): readonly MarkKind[] {
  const kinds: MarkKind[] = [];
  if (isEmergency(entry)) {
    kinds.push('emergency');
  }
  if (entry.outcome !== 'permit') {
    kinds.push(entry.outcome);
  }
  return kinds;
}
