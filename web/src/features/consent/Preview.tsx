// SPDX-License-Identifier: Apache-2.0
import type { ConsentPolicy, ConsentPreview, ConsentRule } from '@api/schemas';
import type { ReactNode } from 'react';
import { resultWord } from '../../components/AccessMarks';
import { KindList } from '../../components/KindList';
import { Mark } from '../../components/Mark';
import { Name } from '../../components/Name';
import { formatDate, formatMoment } from '../../lib/dates';
import { happenedAt } from '../../lib/entryTime';
import { RuleSentence } from '../../components/RuleSentence';
import { countKinds } from '../../lib/itemKinds';
import { useOrganisationName } from '../../lib/queries';
import type { PolicyChange } from '../../lib/policy/policyDifference';
import { daysHeld } from '../../lib/policy/daysHeld';
import { leftByRules } from '../../lib/whatLeft';
import { Text, useWords } from '../../words/context';
import { PREVIEW_DAYS, usePreview } from './usePreview';

const SHOWN = 5;

interface PreviewProps {
  readonly policy: ConsentPolicy;
  /** The version on file, which the draft is compared with. */
  readonly version: number;
  /** What the draft changes. */
  readonly changes: readonly PolicyChange[];
}

/**
 * What the draft would do to accesses like the recent ones: only what it decides otherwise than the rules
 * that hold now.
 */
export function Preview({ policy, version, changes }: PreviewProps): ReactNode {
  const words = useWords();
  const preview = usePreview(policy, version);
  return (
    <section className="preview" aria-busy={preview.isPending}>
      <h2>{words.text('review.preview')}</h2>
      {preview.isPending && <p role="status">{words.text('app.loading')}</p>}
      {preview.error !== null && <p>{words.text('review.previewFailed')}</p>}
      {preview.data !== undefined && <Replay preview={preview.data} changes={changes} />}
    </section>
  );
}

interface ReplayProps {
  readonly preview: ConsentPreview;
  readonly changes: readonly PolicyChange[];
}

function Replay({ preview, changes }: ReplayProps): ReactNode {
  const words = useWords();
  if (preview.considered === 0 || preview.since === null) {
    return <p>{words.text('review.nothing', { days: PREVIEW_DAYS })}</p>;
  }
  // An access of which some data are opened and others closed is one of both.
  const refused = preview.items.filter(tightens).length;
  const allowed = preview.items.filter(opens).length;
  return (
    <>
      <p>
        {preview.next === null
          ? words.text('review.considered', { count: preview.considered, days: PREVIEW_DAYS })
          : words.text('review.consideredSome', {
              count: preview.considered,
              date: formatDate(words.tag, new Date(preview.since)),
            })}
      </p>
      {preview.items.length === 0 ? (
        <p>
          <strong>{words.text('review.none')}</strong>
        </p>
      ) : (
        <ul className="preview-counts">
          {refused > 0 && (
            <li>
              <Mark kind="deny" /> <strong>{words.text('review.refused', { count: refused })}</strong>
            </li>
          )}
          {allowed > 0 && (
            <li>
              <Mark kind="permit" /> <strong>{words.text('review.allowed', { count: allowed })}</strong>
            </li>
          )}
        </ul>
      )}
      <Periods changes={changes} since={preview.since} />
      {preview.items.length > 0 && <Examples preview={preview} />}
    </>
  );
}

/** Rules of the change that do not hold on all the days that they were tried on. */
function Periods({
  changes,
  since,
}: {
  readonly changes: readonly PolicyChange[];
  readonly since: string;
}): ReactNode {
  const until = new Date();
  return changes.flatMap(rulesOf).map((rule) => {
    const held = daysHeld(rule, new Date(since), until);
    return held === 'all' ? null : (
      <p key={JSON.stringify(rule)}>
        <Text k={`review.period.${held}`} values={{ rule: <RuleSentence rule={rule} /> }} />
      </p>
    );
  });
}

function rulesOf(change: PolicyChange): readonly ConsentRule[] {
  switch (change.kind) {
    case 'added':
    case 'removed':
      return [change.rule];
    case 'changed':
      return [change.after];
    case 'preset':
    case 'order':
      return [];
  }
}

type Change = ConsentPreview['items'][number];

/** Whether the draft withholds something that the rules of today release. */
function tightens(change: Change): boolean {
  return newlyDecided(change, 'deny').length > 0;
}

/** Whether the draft releases something that the rules of today withhold. */
function opens(change: Change): boolean {
  return newlyDecided(change, 'permit').length > 0;
}

interface NewlyDecided {
  readonly type: string;
  readonly count: number;
}

/**
 * What the draft decides otherwise and then ends as `after`, by type, the largest first; with what was found
 * of it and not given.
 */
function newlyDecided(change: Change, after: 'permit' | 'deny'): readonly NewlyDecided[] {
  const counts = new Map<string, number>();
  for (const item of change.items) {
    if (item.after === after && item.before !== after) {
      counts.set(item.type, (counts.get(item.type) ?? 0) + item.count + (item.further ?? 0));
    }
  }
  return [...counts]
    .map(([type, count]) => ({ type, count }))
    .sort((a, b) => b.count - a.count || a.type.localeCompare(b.type, 'en'));
}

function Examples({ preview }: { readonly preview: ConsentPreview }): ReactNode {
  const words = useWords();
  // What is opened is shown first: nobody gets it back.
  const byWeight = [...preview.items.filter(opens), ...preview.items.filter((change) => !opens(change))];
  const shown = byWeight.slice(0, SHOWN);
  const rest = preview.items.length - shown.length;
  return (
    <>
      <p>{words.text('review.among')}</p>
      <ul className="examples">
        {shown.map((change) => (
          <Example key={change.access.id} change={change} />
        ))}
      </ul>
      {rest > 0 && <p className="small">{words.text('review.more', { count: rest })}</p>}
    </>
  );
}

function Example({ change }: { readonly change: Change }): ReactNode {
  const words = useWords();
  const organisationName = useOrganisationName();
  const { access, standing, outcome } = change;
  const endedOtherwise = access.outcome !== standing || !leftByRules(access);
  const { person, organisation } = access.requester;
  return (
    <li className="example">
      <Mark kind={outcome} />
      <span>
        <Text
          k={person === null ? 'list.system' : 'who.userAt'}
          values={{
            person: (
              <strong>
                <Name>{person?.name ?? ''}</Name>
              </strong>
            ),
            org: <Name>{organisationName(organisation.mspId, organisation.name)}</Name>,
          }}
        />
        <br />
        <span className="small">
          {formatMoment(words.tag, happenedAt(access))} · {words.code('purpose', access.purpose)} ·{' '}
          <KindList kinds={countKinds([access])} />
        </span>
        <br />
        <span className="example-change">
          {endedOtherwise && `${words.text('review.then', { outcome: resultWord(words, access) })} `}
          {words.text('review.today', { before: words.text(`review.ends.${standing}`) })}{' '}
          <strong>{words.text('review.changed.to', { after: words.text(`review.ends.${outcome}`) })}</strong>
          {(['deny', 'permit'] as const).map((after) => (
            <Also key={after} change={change} after={after} />
          ))}
        </span>
      </span>
    </li>
  );
}

interface AlsoProps {
  readonly change: Change;
  readonly after: 'permit' | 'deny';
}

/** What of a partial answer the draft decides otherwise: "partly refused" alone may stand on both sides. */
function Also({ change, after }: AlsoProps): ReactNode {
  const words = useWords();
  const kinds = newlyDecided(change, after);
  const isWhole = change.standing !== 'partial' && change.outcome !== 'partial';
  if (kinds.length === 0 || isWhole) {
    return null;
  }
  return (
    <>
      {' '}
      <Text
        k={after === 'deny' ? 'review.also.refused' : 'review.also.allowed'}
        values={{
          kinds: kinds
            .map(({ type, count }) => {
              const kind = words.code('type', type);
              return count > 0
                ? words.text('list.kind', { kind, count })
                : words.text('list.kind.none', { kind });
            })
            .join(' · '),
        }}
      />
    </>
  );
}
