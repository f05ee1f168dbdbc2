// SPDX-License-Identifier: Apache-2.0
import type { AccessEntry } from '@api/schemas';
import type { ReactNode } from 'react';
import { isAdministrative, isAutomatic, isEmergency } from '../lib/accessKinds';
import { isAfterHours } from '../lib/dates';
import { useWords } from '../words/context';
import { Mark, type MarkKind } from './Mark';

/** The shape that stands for an entry: an emergency is shown first. */
export function markOf(entry: Pick<AccessEntry, 'purpose' | 'outcome'> & AccessEntry): MarkKind {
  return isEmergency(entry) && entry.outcome !== 'deny' ? 'emergency' : entry.outcome;
}

/** What a patient should notice about an entry, in words; nothing for an ordinary one. */
export function AccessMarks({ entry }: { readonly entry: AccessEntry }): ReactNode {
  const words = useWords();
  const quiet = [
    isAfterHours(new Date(entry.at)) && words.text('mark.afterHours'),
    isAutomatic(entry) && words.text('mark.automatic'),
    isAdministrative(entry) && words.text('mark.administrative'),
    entry.late && words.text('mark.late'),
  ].filter((text) => text !== false);
  const loud = loudMarks(entry);
  if (loud.length === 0 && quiet.length === 0) return null;
  return (
    <span className="badges">
      {loud.map((kind) => (
        <span key={kind} className={`badge badge-${kind}`}>
          <Mark kind={kind} />
          {words.text(`mark.${kind}`)}
        </span>
      ))}
      {quiet.map((text) => (
        <span key={text} className="badge">
          {text}
        </span>
      ))}
    </span>
  );
}

function loudMarks(entry: AccessEntry): readonly MarkKind[] {
  const kinds: MarkKind[] = [];
  if (isEmergency(entry)) kinds.push('emergency');
  if (entry.outcome !== 'permit') kinds.push(entry.outcome);
  return kinds;
}
