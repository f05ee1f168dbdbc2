// SPDX-License-Identifier: Apache-2.0
import type { AccessEntry } from '@api/schemas';
import type { ReactNode } from 'react';
import { Link } from 'react-router';
import { resultWord } from '../../components/AccessMarks';
import { Name } from '../../components/Name';
import { Notice } from '../../components/Notice';
import { formatMoment } from '../../lib/dates';
import { bothTimes } from '../../lib/entryTime';
import { useOrganisationName } from '../../lib/queries';
import { isIncomplete, leftByRules } from '../../lib/whatLeft';
import { Text, useWords } from '../../words/context';
import { ItemGroups } from './ItemTable';

/**
 * What is unusual about how the entry came onto the ledger: late, corrected, in parts, or a part or a
 * correction seen alone.
 */
export function HowRecorded({ entry }: { readonly entry: AccessEntry }): ReactNode {
  return (
    <>
      <Belonging entry={entry} />
      <Late entry={entry} />
      <Corrected entry={entry} />
      <Incomplete entry={entry} />
    </>
  );
}

/** For what is seen by its own address: what it belongs to. */
function Belonging({ entry: { amends, partOf } }: { readonly entry: AccessEntry }): ReactNode {
  const words = useWords();
  return (
    <>
      {amends !== undefined && (
        <Notice kind="info" title={words.text('entry.amends.title')}>
          <p>{words.text(`entry.amends.${amends.why}`)}</p>
          <p>
            <EntryLink id={amends.id}>{words.text('entry.amends.see')}</EntryLink>
          </p>
        </Notice>
      )}
      {partOf !== undefined && (
        <Notice kind="info" title={words.text('entry.part.title', partOf)}>
          <p>
            <EntryLink id={partOf.id}>{words.text('entry.part.see')}</EntryLink>
          </p>
        </Notice>
      )}
    </>
  );
}

/**
 * That data left before the record, who decided that by what, and what the rules said when it was recorded.
 */
function Late({ entry }: { readonly entry: AccessEntry }): ReactNode {
  const words = useWords();
  const organisationName = useOrganisationName();
  const { late, lateBasis } = entry;
  // An amendment seen alone says by what the release was decided; that it was late is the entry's.
  if (!late && lateBasis === undefined) {
    return null;
  }
  const holder = <Name>{organisationName(entry.holder)}</Name>;
  const times = bothTimes(words, entry);
  if (entry.outcome === 'deny') {
    return (
      <Notice kind="info" title={words.text('entry.late.refused.title')}>
        <p>{words.text('entry.late.refused')}</p>
        {times !== undefined && (
          <p>
            <Text k="entry.late.askedTimes" values={{ ...times, holder }} />
          </p>
        )}
      </Notice>
    );
  }
  return (
    <Notice kind="warning" title={words.text('entry.late.title')}>
      <p>{words.text('entry.late.text')}</p>
      {times !== undefined && (
        <p>
          <Text k="entry.late.times" values={{ ...times, holder }} />
        </p>
      )}
      {lateBasis !== undefined && (
        <p>
          <Text k={`entry.late.${lateBasis}`} values={{ holder }} />
        </p>
      )}
      <p>{words.text(leftByRules(entry) ? 'entry.late.agreed' : 'entry.late.differs')}</p>
    </Notice>
  );
}

/**
 * When and why the entry was corrected. The page shows it as corrected; what it said at first is a step away.
 */
function Corrected({ entry }: { readonly entry: AccessEntry }): ReactNode {
  const words = useWords();
  const { corrected } = entry;
  if (corrected === undefined) {
    return null;
  }
  const { at, why, id, before } = corrected;
  const first: AccessEntry = { ...entry, outcome: before.outcome, items: before.items };
  return (
    <Notice
      kind="warning"
      title={words.text('entry.corrected.title', { moment: formatMoment(words.tag, new Date(at)) })}
    >
      <p>{words.text(`entry.corrected.${why}`)}</p>
      <details className="entry-before">
        <summary>{words.text('entry.corrected.before', { result: resultWord(words, first) })}</summary>
        <ItemGroups items={before.items} />
      </details>
      <p>
        <EntryLink id={id}>{words.text('entry.corrected.see')}</EntryLink>
      </p>
    </Notice>
  );
}

function Incomplete({ entry }: { readonly entry: AccessEntry }): ReactNode {
  const words = useWords();
  const { parts } = entry;
  if (parts === undefined || !isIncomplete(entry)) {
    return null;
  }
  return (
    <Notice kind="warning" title={words.text('entry.parts.missing.title')}>
      <p>{words.text('entry.parts.missing', { count: parts.recorded.length, of: parts.of })}</p>
    </Notice>
  );
}

interface EntryLinkProps {
  readonly id: string;
  readonly children: string;
}

/** The way to another entry by its address. */
export function EntryLink({ id, children }: EntryLinkProps): ReactNode {
  return <Link to={`/accesses/${encodeURIComponent(id)}`}>{children}</Link>;
}
