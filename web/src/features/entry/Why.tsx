// SPDX-License-Identifier: Apache-2.0
import type { AccessEntry } from '@api/schemas';
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { Link } from 'react-router';
import { KindList } from '../../components/KindList';
import { ListOf } from '../../components/ListOf';
import { Mark } from '../../components/Mark';
import { Name } from '../../components/Name';
import { isEmergency } from '../../lib/accessKinds';
import { formatDate } from '../../lib/dates';
import { emergencyCourse } from '../../lib/emergencyCourse';
import { explainEntry, otherwiseBasis, versionOf, type Reason } from '../../lib/explainEntry';
import { countKinds } from '../../lib/itemKinds';
import { hasLeft } from '../../lib/whatLeft';
import { inForceSince } from '../../lib/policy/standingRule';
import { historyQuery } from '../../lib/consentQueries';
import { useOrganisationName } from '../../lib/queries';
import { Text, useWords } from '../../words/context';
import { BasisSentence, HeldRule, ruleOf, type RuleBasis, type Versions } from './BasisSentence';

/** Why the entry ended as it did, in sentences made from the decision's own basis. */
export function Why({ entry }: { readonly entry: AccessEntry }): ReactNode {
  const words = useWords();
  const reasons = explainEntry(entry);
  const needsHistory = reasons.some(({ basis }) => versionOf(basis) !== null);
  const history = useQuery({ ...historyQuery, enabled: needsHistory });
  if (needsHistory && history.isPending) {
    return (
      <p className="waiting" role="status">
        {words.text('app.loading')}
      </p>
    );
  }
  const versions = history.data ?? [];
  const isUnread = needsHistory && history.data === undefined;
  const isShared = reasons.length > 1 && new Set(reasons.map(({ basis }) => versionOf(basis))).size === 1;
  return (
    <section
      className={`why why-${isEmergency(entry) && entry.outcome !== 'deny' ? 'emergency' : entry.outcome}`}
    >
      <h2>{words.text('entry.why')}</h2>
      <EmergencyLead entry={entry} reasons={reasons} versions={versions} />
      <ul className="why-list">
        {reasons.map((reason) => (
          <li
            key={JSON.stringify([reason.isLeft, reason.decision, reason.basis, reason.otherwise])}
            className="why-reason"
          >
            <Mark kind={reason.isLeft ? 'permit' : 'deny'} />
            <div>
              <p className="why-sentence">
                <WhatBecame reason={reason} versions={versions} />
              </p>
              <Otherwise reason={reason} versions={versions} isSaid={reasons.length === 1} />
              {reasons.length > 1 && (
                <p className="small">
                  <KindList kinds={countKinds([{ ...entry, items: [...reason.items] }])} isFull isPlain />
                </p>
              )}
              {!isUnread && (
                <VersionLink id={entry.id} reasons={[reason]} versions={versions} isSinceOnly={isShared} />
              )}
            </div>
          </li>
        ))}
      </ul>
      {isShared && !isUnread && <VersionLink id={entry.id} reasons={reasons} versions={versions} />}
      {isUnread && (
        <p className="small">{words.text(reasons.some(namesRule) ? 'why.unread' : 'why.unreadThen')}</p>
      )}
    </section>
  );
}

/** Whether a reason's sentences name a rule: by its id, where the consent is not at hand. */
function namesRule({ basis, otherwise }: Reason): boolean {
  return (ruleOf(basis) ?? otherwise?.rule) !== undefined;
}

interface EmergencyLeadProps {
  readonly entry: AccessEntry;
  readonly reasons: readonly Reason[];
  readonly versions: Versions;
}

/** Who declared the emergency and why, and what became of the patient's rules. */
function EmergencyLead({ entry, reasons, versions }: EmergencyLeadProps): ReactNode {
  const words = useWords();
  const organisationName = useOrganisationName();
  if (!isEmergency(entry)) {
    return null;
  }
  const { person, organisation } = entry.requester;
  const asking = person?.name ?? organisationName(organisation.mspId, organisation.name);
  if (entry.emergency === null) {
    if (entry.items.some(hasLeft)) {
      return <p>{words.text('why.emergency.against')}</p>;
    }
    // A reason that was given and refused is not recorded: of somebody named, only that none counted is
    // known.
    return (
      <p>
        {person === null ? (
          words.text('why.emergency.noPerson')
        ) : (
          <Text k="why.emergency.noReason" values={{ person: <Name>{person.name}</Name> }} />
        )}
      </p>
    );
  }
  const course = emergencyCourse(entry, versions);
  const said = (
    <Text
      k="why.emergency.said"
      values={{
        person: <Name>{asking}</Name>,
        reason: <Name>{entry.emergency.reason}</Name>,
      }}
    />
  );
  if (course === 'outside' || course === 'unread') {
    return <p className="why-lead">{said}</p>;
  }
  const rules = heldRules(reasons).map((basis) => (
    <HeldRule key={basis.rule} basis={basis} versions={versions} />
  ));
  const became = <Text k={`why.emergency.${course}`} values={{ rules: <ListOf parts={rules} /> }} />;
  return (
    <p className="why-lead">
      <Text k="why.emergency.both" values={{ said, became }} />
    </p>
  );
}

/** The rules that refused something although an emergency was declared. */
function heldRules(reasons: readonly Reason[]): readonly RuleBasis[] {
  const held = new Map<string, RuleBasis>();
  for (const { decision, basis, isLeft } of reasons) {
    if (decision === 'deny' && !isLeft && basis.kind === 'rule') {
      held.set(basis.rule, basis);
    }
  }
  return [...held.values()];
}

interface ReasonProps {
  readonly reason: Reason;
  readonly versions: Versions;
}

/** What decided; where something else became of the data, that first. */
function WhatBecame({ reason, versions }: ReasonProps): ReactNode {
  const { isLeft, decision } = reason;
  const said = <BasisSentence {...reason} versions={versions} />;
  if (isLeft === (decision === 'permit')) {
    return said;
  }
  return <Text k={isLeft ? 'why.left.against' : 'why.left.kept'} values={{ said }} />;
}

interface OtherwiseProps extends ReasonProps {
  /** The emergency's own sentence says already that nothing was overridden. */
  readonly isSaid: boolean;
}

/** What would have decided without the emergency. What was opened by it says so itself. */
function Otherwise({ reason, versions, isSaid }: OtherwiseProps): ReactNode {
  const words = useWords();
  const { otherwise, decision, basis } = reason;
  const would = otherwiseBasis(reason);
  if (otherwise === undefined || would === undefined || basis.kind === 'emergency') {
    return null;
  }
  const isSame = otherwise.decision === decision && ruleOf(would) === ruleOf(basis);
  if (isSame && isSaid) {
    return null;
  }
  return (
    <p className="small">
      {isSame ? (
        words.text('why.otherwise.same')
      ) : (
        <Text
          k="why.otherwise"
          values={{
            said: <BasisSentence basis={would} decision={otherwise.decision} versions={versions} />,
          }}
        />
      )}
    </p>
  );
}

interface VersionLinkProps {
  /** Of the entry, for the way back. */
  readonly id: string;
  /** Decided by one version. */
  readonly reasons: readonly Reason[];
  readonly versions: Versions;
  /** The version is named once for all reasons, after them. */
  readonly isSinceOnly?: boolean;
}

/** Which version decided, since when what decided was in force, and the way to that version. */
function VersionLink({ id, reasons, versions, isSinceOnly = false }: VersionLinkProps): ReactNode {
  const words = useWords();
  const version = reasons[0] === undefined ? null : versionOf(reasons[0].basis);
  if (version === null) {
    return null;
  }
  const saved = versions.find(({ consent }) => consent.version === version);
  const rules = reasons.map(({ basis }) => ruleOf(basis));
  const since = reasons.length === 1 ? inForceSince(versions, version, rules[0]) : undefined;
  if (isSinceOnly && since === undefined) {
    return null;
  }
  return (
    <p className="small why-version">
      {since !== undefined && (
        <span>{words.text('why.since', { date: formatDate(words.tag, new Date(since)) })}</span>
      )}
      {!isSinceOnly && saved !== undefined && (
        <span>{words.text('why.version', { version, date: formatDate(words.tag, new Date(saved.at)) })}</span>
      )}
      {!isSinceOnly && (
        <Link
          to={`/consent/versions/${String(version)}`}
          state={{ decided: rules.map((rule) => rule ?? null), entry: id }}
        >
          {words.text('why.seeVersion')}
        </Link>
      )}
    </p>
  );
}
