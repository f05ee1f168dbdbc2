// SPDX-License-Identifier: Apache-2.0
import type { ConsentPolicy, ConsentPreview } from '@api/schemas';
import type { ReactNode } from 'react';
import { resultWord } from '../../components/AccessMarks';
import { KindList } from '../../components/KindList';
import { Mark } from '../../components/Mark';
import { Name } from '../../components/Name';
import { formatDate, formatMoment } from '../../lib/dates';
import { countKinds } from '../../lib/itemKinds';
import { leftByRules } from '../../lib/whatLeft';
import { Text, useWords } from '../../words/context';
import { PREVIEW_DAYS, usePreview } from './usePreview';

const SHOWN = 5;

interface PreviewProps {
  readonly policy: ConsentPolicy;
  /** The version on file, which the draft is compared with. */
  readonly version: number;
}

/** What the draft would do to accesses like the recent ones: only what it decides otherwise than the rules that hold now. */
export function Preview({ policy, version }: PreviewProps): ReactNode {
  const words = useWords();
  const preview = usePreview(policy, version);
  return (
    <section className="preview" aria-busy={preview.isPending}>
      <h2>{words.text('review.preview')}</h2>
      {preview.isPending && <p role="status">{words.text('app.loading')}</p>}
      {preview.error !== null && <p>{words.text('review.previewFailed')}</p>}
      {preview.data !== undefined && <Replay preview={preview.data} />}
    </section>
  );
}

function Replay({ preview }: { readonly preview: ConsentPreview }): ReactNode {
  const words = useWords();
  if (preview.considered === 0 || preview.since === null)
    return <p>{words.text('review.nothing', { days: PREVIEW_DAYS })}</p>;
  const refused = preview.items.filter(isTightened);
  const allowed = preview.items.length - refused.length;
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
          {refused.length > 0 && (
            <li>
              <Mark kind="deny" /> <strong>{words.text('review.refused', { count: refused.length })}</strong>
            </li>
          )}
          {allowed > 0 && (
            <li>
              <Mark kind="permit" /> <strong>{words.text('review.allowed', { count: allowed })}</strong>
            </li>
          )}
        </ul>
      )}
      {preview.items.length > 0 && <Examples preview={preview} />}
    </>
  );
}

type Change = ConsentPreview['items'][number];

/** Whether the draft withholds something that the rules of today release. */
function isTightened(change: Change): boolean {
  return change.items.some(({ before, after }) => before === 'permit' && after === 'deny');
}

function Examples({ preview }: { readonly preview: ConsentPreview }): ReactNode {
  const words = useWords();
  const shown = preview.items.slice(0, SHOWN);
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
  const { access, standing, outcome } = change;
  const endedOtherwise = access.outcome !== standing || !leftByRules(access);
  const { person, organisation } = access.requester;
  return (
    <li className="example">
      <Mark kind={outcome} />
      <span>
        <strong>
          {person === null ? (
            <Text k="list.system" values={{ org: <Name>{organisation.name}</Name> }} />
          ) : (
            <Name>{person.name}</Name>
          )}
        </strong>
        {', '}
        <Name>{organisation.name}</Name>
        <br />
        <span className="small">
          {formatMoment(words.tag, new Date(access.at))} · {words.code('purpose', access.purpose)} ·{' '}
          <KindList kinds={countKinds([access])} />
        </span>
        <br />
        <span className="example-change">
          {endedOtherwise && `${words.text('review.then', { outcome: resultWord(words, access) })} `}
          {words.text('review.today', { before: words.text(`review.ends.${standing}`) })}{' '}
          <strong>{words.text('review.changed.to', { after: words.text(`review.ends.${outcome}`) })}</strong>
        </span>
      </span>
    </li>
  );
}
