// SPDX-License-Identifier: Apache-2.0
import type { AccessEntry } from '@api/schemas';
import { useId, useState, type ReactNode } from 'react';
import { AccessMarks, markOf, missingWord } from '../../components/AccessMarks';
import { Icon } from '../../components/Icon';
import { KindList } from '../../components/KindList';
import { Mark } from '../../components/Mark';
import { Name } from '../../components/Name';
import { PartBoundary } from '../../components/PartBoundary';
import { RoleAndPlace } from '../../components/RoleAndPlace';
import { isEmergency } from '../../lib/accessKinds';
import { formatTime } from '../../lib/dates';
import { besideRecord, happenedAt } from '../../lib/entryTime';
import { countKinds } from '../../lib/itemKinds';
import { latePart } from '../../lib/latePart';
import { useOrganisationName } from '../../lib/queries';
import { Text, useWords, type Vocabulary } from '../../words/context';
import { EntryLink, Spoken } from './EntryLink';
import { visitSummary, type Visit } from './groupVisits';
import { isVisitOpen, rememberVisit } from './timelineMemory';

const FoldedEntries = latePart(async () => (await import('./FoldedEntries')).FoldedEntries);

/** One line of the list: one request, or several that belong together and open. */
export function VisitRow({ visit }: { readonly visit: Visit }): ReactNode {
  return visit.entries.length === 1 ? <SingleRow entry={visit.entries[0]} /> : <FoldedRow visit={visit} />;
}

function SingleRow({ entry }: { readonly entry: AccessEntry }): ReactNode {
  const words = useWords();
  const at = happenedAt(entry);
  const time = besideRecord(words, at, new Date(entry.at));
  return (
    <li className="visit">
      <time className="visit-time" dateTime={at.toISOString()}>
        {time}
      </time>
      <span className="visit-mark">
        <Mark kind={markOf(entry)} />
      </span>
      <div className="visit-body">
        <p className="visit-who">
          <EntryLink entry={entry}>
            <Requester entry={entry} />
            <Spoken before={[time]} entry={entry} />
          </EntryLink>{' '}
          <RoleAndPlace entry={entry} />
        </p>
        <p className="visit-what">
          <KindList kinds={countKinds([entry])} />
        </p>
        <p className="visit-why">
          <Reason entry={entry} />
          <AccessMarks entry={entry} />
        </p>
      </div>
    </li>
  );
}

function FoldedRow({ visit }: { readonly visit: Visit }): ReactNode {
  const words = useWords();
  const listId = useId();
  const [isOpen, setIsOpen] = useState(() => isVisitOpen(visit.key));
  const first = visit.entries[0];
  const [from, to] = periodOf(words, visit);
  const time = from === to ? to : words.text('list.period', { from, to });
  const times = words.text('list.times', { count: visit.entries.length });
  const summary = visitSummary(visit);
  return (
    <li className={isOpen ? 'visit visit-open' : 'visit'}>
      <span className="visit-time">{from === to ? time : <span className="visit-times">{time}</span>}</span>
      <span className="visit-mark">
        <Mark kind={markOf(summary)} />
      </span>
      <div className="visit-body">
        <p className="visit-who">
          <button
            type="button"
            className="visit-link"
            aria-expanded={isOpen}
            aria-controls={listId}
            onClick={() => {
              rememberVisit(visit.key, !isOpen);
              setIsOpen(!isOpen);
            }}
          >
            <Requester entry={first} />
            <Spoken before={[time, times]} entry={summary} entries={visit.entries} />
          </button>{' '}
          <RoleAndPlace entry={first} />
        </p>
        <p className="visit-count">
          {times}
          <Icon name="chevron" />
        </p>
        <p className="visit-what">
          <KindList kinds={countKinds(visit.entries)} />
        </p>
        <p className="visit-why">
          <Reason entry={first} />
          <AccessMarks entry={summary} entries={visit.entries} />
        </p>
        <ul id={listId} className="visit-entries" hidden={!isOpen}>
          {isOpen && (
            <PartBoundary>
              <FoldedEntries entries={visit.entries} />
            </PartBoundary>
          )}
        </ul>
      </div>
    </li>
  );
}

/** When the first and the last of a line's requests happened; late ones are recorded in any order. */
function periodOf(words: Vocabulary, { entries }: Visit): readonly [from: string, to: string] {
  const times = entries.map((entry) => happenedAt(entry).getTime());
  const from = besideRecord(words, new Date(Math.min(...times)), new Date(entries[0].at));
  const to = formatTime(words.tag, new Date(Math.max(...times)));
  // All are of one hour, and so of one day.
  return [from, from.endsWith(to) ? from : to];
}

const REASON_LENGTH = 160;

/**
 * The reason: in an emergency the one that was given, or what was missing, since the word "emergency" stands
 * beside it.
 */
function Reason({ entry }: { readonly entry: AccessEntry }): ReactNode {
  const words = useWords();
  if (!isEmergency(entry)) {
    return <span>{words.capital(words.code('purpose', entry.purpose))}</span>;
  }
  if (entry.emergency === null) {
    return <span>{missingWord(words, entry)}</span>;
  }
  return (
    <span>
      “<Name isShort={REASON_LENGTH}>{entry.emergency.reason}</Name>”
    </span>
  );
}

function Requester({ entry }: { readonly entry: AccessEntry }): ReactNode {
  const organisationName = useOrganisationName();
  const { person, organisation } = entry.requester;
  return person === null ? (
    <Text
      k="list.system"
      values={{ org: <Name isShort>{organisationName(organisation.mspId, organisation.name)}</Name> }}
    />
  ) : (
    <Name isShort>{person.name}</Name>
  );
}
