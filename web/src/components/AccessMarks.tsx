// SPDX-License-Identifier: Apache-2.0
import type { AccessEntry } from '@api/schemas';
import type { ReactNode } from 'react';
import { isAdministrative, isAutomatic, isEmergency } from '../lib/accessKinds';
import { isAfterHours } from '../lib/dates';
import { askedBefore, bothTimes, happenedAt } from '../lib/entryTime';
import { isAgainstRules, leftAgainstRules, leftByRules, notesOf, type Note } from '../lib/whatLeft';
import { useWords, type Vocabulary } from '../words/context';
import { Icon } from './Icon';
import { Mark, type MarkKind } from './Mark';

/** The shape that stands for an entry: the gravest thing about it. */
export function markOf(entry: Pick<AccessEntry, 'purpose' | 'outcome'> & AccessEntry): MarkKind {
  if (leftAgainstRules(entry)) {
    return 'against';
  }
  return isEmergency(entry) && entry.outcome !== 'deny' ? 'emergency' : entry.outcome;
}

/**
 * The result in a word: what the rules did with the request; what left, where that is something else, or
 * where no rules were asked before. Rare words come later than the first page.
 */
export function resultWord(words: Vocabulary, entry: AccessEntry): string {
  const wasAsked = !entry.late || entry.lateBasis === 'ownPeer' || entry.outcome === 'deny';
  return wasAsked && leftByRules(entry)
    ? words.text(`mark.${entry.outcome}`)
    : words.code('note', entry.outcome);
}

/** What an emergency lacks that was declared without a person, or without a reason that counts. */
export function missingWord(words: Vocabulary, { requester }: AccessEntry): string {
  return words.code('note', requester.person === null ? 'noPerson' : 'noReason');
}

/**
 * What is to be noticed in words: what left against the rules, and of what was recorded late both times.
 * @param entries those of one line. Where it is true of some of them alone, it is said of how many.
 */
export function noteWord(words: Vocabulary, entries: readonly AccessEntry[], note: Note): string {
  const of = entries.filter((entry) => notesOf(entry).includes(note));
  const said = wordOfNote(words, of, note);
  return of.length === entries.length
    ? said
    : words.code('note', 'some', { note: said, count: of.length, of: entries.length });
}

function wordOfNote(words: Vocabulary, of: readonly AccessEntry[], note: Note): string {
  if (note === 'against') {
    return words.code('note', 'againstWhat', { kinds: kindsAgainst(words, of) });
  }
  const times = note === 'late' || note === 'lateRefusal' ? timesOf(words, of) : undefined;
  return times === undefined ? words.code('note', note) : words.code('note', `${note}Times`, times);
}

const KINDS_SHOWN = 3;

/** The kinds of data that left against the rules. */
function kindsAgainst(words: Vocabulary, entries: readonly AccessEntry[]): string {
  const against = entries.flatMap(({ items }) => items.filter(isAgainstRules));
  const kinds = [...new Set(against.map(({ type }) => type))].map((type) => words.code('type', type));
  const rest = kinds.length - KINDS_SHOWN;
  return words.list(
    rest > 0 ? [...kinds.slice(0, KINDS_SHOWN), words.text('list.moreKinds', { count: rest })] : kinds,
  );
}

/** From the first to the last of some entries: when they were asked for, and when that was recorded. */
function timesOf(words: Vocabulary, entries: readonly AccessEntry[]) {
  const by = (of: (entry: AccessEntry) => number): readonly AccessEntry[] =>
    entries.filter((entry) => askedBefore(entry) !== undefined).sort((a, b) => of(a) - of(b));
  const asked = by((entry) => happenedAt(entry).getTime());
  const recorded = by((entry) => Date.parse(entry.at));
  const period = (of: readonly AccessEntry[], name: 'asked' | 'recorded'): string | undefined => {
    const [from, to] = [of[0], of.at(-1)].map((entry) => entry && bothTimes(words, entry)?.[name]);
    return from === undefined || to === undefined || from === to
      ? from
      : words.text('list.period', { from, to });
  };
  const times = { asked: period(asked, 'asked'), recorded: period(recorded, 'recorded') };
  return times.asked === undefined || times.recorded === undefined
    ? undefined
    : { asked: times.asked, recorded: times.recorded };
}

interface MarksProps {
  readonly entry: AccessEntry;
  /** The entries of a line of several, of which `entry` is the summary. */
  readonly entries?: readonly AccessEntry[] | undefined;
}

/** The result and what is to be noticed, in words: for those who hear a line, for paper and for files. */
export function markWords(words: Vocabulary, { entry, entries = [entry] }: MarksProps): readonly string[] {
  return [
    resultWord(words, entry),
    ...(isEmergency(entry) ? [words.text('mark.emergency')] : []),
    ...notesOf(entry).map((note) => noteWord(words, entries, note)),
  ];
}

/** The result, and what a patient should notice about an entry or a line of several, in words. */
export function AccessMarks({ entry, entries = [entry] }: MarksProps): ReactNode {
  const words = useWords();
  return (
    <span className="badges">
      {isEmergency(entry) && (
        <span className="badge badge-emergency">
          <Mark kind="emergency" />
          {words.text('mark.emergency')}
        </span>
      )}
      <span className={`badge badge-${entry.outcome}`}>
        <Mark kind={entry.outcome} />
        {resultWord(words, entry)}
      </span>
      {notesOf(entry).map((note) => (
        <NoteMark key={note} entries={entries} note={note} />
      ))}
      {quietMarks(entry).map((kind) => (
        <span key={kind} className="badge">
          {kind in SIGNS && <Icon name={SIGNS[kind as keyof typeof SIGNS]} />}
          {words.text(`mark.${kind}`)}
        </span>
      ))}
    </span>
  );
}

interface NoteMarkProps {
  readonly entries: readonly AccessEntry[];
  readonly note: Note;
}

/** One thing to be noticed; the gravest with a shape of its own. */
export function NoteMark({ entries, note }: NoteMarkProps): ReactNode {
  const words = useWords();
  return (
    <span className={note === 'against' ? 'badge badge-against' : 'badge'}>
      {note === 'against' && <Mark kind="against" />}
      {noteWord(words, entries, note)}
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
