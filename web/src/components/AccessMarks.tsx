// SPDX-License-Identifier: Apache-2.0
import type { AccessEntry } from '@api/schemas';
import type { ReactNode } from 'react';
import { isAdministrative, isAutomatic, isEmergency } from '../lib/accessKinds';
import { isAfterHours } from '../lib/dates';
import { useWords } from '../words/context';
import { Icon } from './Icon';
import { Mark, type MarkKind } from './Mark';

/** The shape that stands for an entry: an emergency is shown first. */
export function markOf(entry: Pick<AccessEntry, 'purpose' | 'outcome'> & AccessEntry): MarkKind {
  return isEmergency(entry) && entry.outcome !== 'deny' ? 'emergency' : entry.outcome;
}

/** What a patient should notice about an entry, in words; nothing for an ordinary one. */
export function AccessMarks({ entry }: { readonly entry: AccessEntry }): ReactNode {
  const words = useWords();
  const quiet = quietMarks(entry);
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
      {quiet.map((kind) => (
        <span key={kind} className="badge">
          {kind in SIGNS && <Icon name={SIGNS[kind as keyof typeof SIGNS]} />}
          {words.text(`mark.${kind}`)}
        </span>
      ))}
    </span>
  );
}

export type QuietMark = 'afterHours' | 'automatic' | 'administrative' | 'late';
const SIGNS = { afterHours: 'night', automatic: 'system' } as const;

/** Marks that explain rather than alarm. A computer has no working hours. */
export function quietMarks(entry: AccessEntry): readonly QuietMark[] {
  const kinds: QuietMark[] = [];
  if (!isAutomatic(entry) && isAfterHours(new Date(entry.at))) kinds.push('afterHours');
  if (isAutomatic(entry)) kinds.push('automatic');
  if (isAdministrative(entry)) kinds.push('administrative');
  if (entry.late) kinds.push('late');
  return kinds;
}

function loudMarks(entry: AccessEntry): readonly MarkKind[] {
  const kinds: MarkKind[] = [];
  if (isEmergency(entry)) kinds.push('emergency');
  if (entry.outcome !== 'permit') kinds.push(entry.outcome);
  return kinds;
}
