// SPDX-License-Identifier: Apache-2.0
import type { AccessEntry } from '@api/schemas';
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { Link } from 'react-router';
import { Icon } from '../../components/Icon';
import { RuleSentence } from '../../components/RuleSentence';
import { filterFragment } from '../../lib/accessFilter';
import { historyQuery } from '../../lib/consentQueries';
import { standingBlock, type Blocked, type StandingBlock } from '../../lib/policy/standingBlock';
import { Text, useWords } from '../../words/context';

/**
 * What can be done about an entry. What is blocked already is said, and is offered only in an emergency too
 * where that is missing.
 */
export function Actions({ entry }: { readonly entry: AccessEntry }): ReactNode {
  const words = useWords();
  const { person, organisation } = entry.requester;
  const versions = useQuery(historyQuery).data ?? [];
  const onlyPerson = person !== null && { user: person.id };
  const onlyOrganisation = { org: organisation.mspId };
  const asked: readonly Omit<Target, 'standing'>[] = [
    ...(onlyPerson === false ? [] : [{ whom: 'Person', blocked: onlyPerson } as const]),
    { whom: 'Organisation', blocked: onlyOrganisation },
  ];
  const targets = asked.map((target) => ({ ...target, standing: standingBlock(versions, target.blocked) }));
  return (
    <section className="entry-actions">
      <h2>{words.text('entry.act')}</h2>
      {targets.map((target) => (
        <BlockedBy key={target.whom} {...target} />
      ))}
      <p className="actions">
        {targets.map((target) => (
          <BlockLink key={target.whom} {...target} />
        ))}
        <button
          type="button"
          className="button"
          onClick={() => {
            window.print();
          }}
        >
          <Icon name="print" />
          {words.text('entry.print')}
        </button>
      </p>
      {targets.some(({ standing }) => standing?.isAlways !== true) && (
        <p className="small">{words.text('entry.blockHint')}</p>
      )}
      <p className="entry-more">
        {onlyPerson !== false && (
          <Link to={{ pathname: '/', hash: filterFragment(onlyPerson) }}>
            {words.text('entry.onlyPerson')}
          </Link>
        )}
        <Link to={{ pathname: '/', hash: filterFragment(onlyOrganisation) }}>
          {words.text('entry.onlyOrganisation')}
        </Link>
      </p>
    </section>
  );
}

interface Target {
  readonly whom: 'Person' | 'Organisation';
  readonly blocked: Blocked;
  readonly standing: StandingBlock | undefined;
}

/** Since which version, and by what, the patient blocks this person or organisation. */
function BlockedBy({ whom, standing }: Target): ReactNode {
  const words = useWords();
  if (standing === undefined) {
    return null;
  }
  const { rule, preset, since } = standing;
  const version = (
    <Link to={`/consent/versions/${String(since)}`}>
      {words.text('entry.blocked.version', { version: since })}
    </Link>
  );
  const quoted =
    rule === undefined ? (
      words.text('review.known.quoted', { rule: words.text(`preset.${preset}`) })
    ) : (
      <Text k="review.known.quoted" values={{ rule: <RuleSentence rule={rule} /> }} />
    );
  return (
    <p className="entry-blocked">
      <Icon name="block" />
      <span>
        <Text k={`entry.blocked${whom}`} values={{ version, rule: quoted }} />
      </span>
    </p>
  );
}

function BlockLink({ whom, blocked, standing }: Target): ReactNode {
  const words = useWords();
  if (standing?.isAlways === true) {
    return null;
  }
  const block = standing === undefined ? blocked : { ...blocked, holdsInEmergency: true };
  return (
    <Link className="button" to="/consent/review" state={{ block }}>
      <Icon name="block" />
      {words.text(standing === undefined ? `entry.block${whom}` : `entry.block${whom}Always`)}
    </Link>
  );
}
