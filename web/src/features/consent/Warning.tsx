// SPDX-License-Identifier: Apache-2.0
import type { ConsentPolicy } from '@api/schemas';
import { useId, type ReactNode } from 'react';
import { Notice } from '../../components/Notice';
import { isNobodyRule, RuleSentence, useRuleParts } from '../../components/RuleSentence';
import { readArrangement } from '../../lib/policy/arrangement';
import { passersOf } from '../../lib/policy/passers';
import { othersHold, type Restriction } from '../../lib/policy/restrictions';
import { Text, useWords } from '../../words/context';

interface WarningProps {
  readonly restrictions: readonly Restriction[];
  /** What the restrictions lead to. */
  readonly policy: ConsentPolicy;
  readonly isAccepted: boolean;
  readonly isAsked: boolean;
  readonly onAccept: (isAccepted: boolean) => void;
}

/**
 * The warning that must be shown and acknowledged before a restriction takes effect (EHDS Article 8): who
 * will not see what, what becomes of it in an emergency, and what that can cost.
 */
export function Warning({ restrictions, policy, isAccepted, isAsked, onAccept }: WarningProps): ReactNode {
  const words = useWords();
  const errorId = useId();
  return (
    <Notice kind="warning" title={words.text('review.warning')}>
      <ul className="risks">
        {restrictions.map((restriction) => (
          <li key={JSON.stringify(restriction)}>
            <Risk restriction={restriction} policy={policy} />
          </li>
        ))}
      </ul>
      <p>{words.text('review.warning.text')}</p>
      <label className="check">
        <input
          type="checkbox"
          checked={isAccepted}
          aria-invalid={isAsked}
          aria-describedby={isAsked ? errorId : undefined}
          ref={(box) => {
            if (isAsked) {
              box?.focus();
            }
          }}
          onChange={(event) => {
            onAccept(event.target.checked);
          }}
        />
        {words.text('review.accept')}
      </label>
      {isAsked && (
        <p id={errorId} className="field-error">
          {words.text('review.acceptFirst')}
        </p>
      )}
    </Notice>
  );
}

const PRESET_TEXT = {
  opens: 'review.risk.preset.opens',
  staysClosed: 'review.risk.preset.closed',
} as const;
const PERMISSION_TEXT = {
  opens: 'review.risk.permission.opens',
  staysClosed: 'review.risk.permission.closed',
} as const;
const NOBODY_TEXT = {
  opens: 'review.risk.nobody.opens',
  staysClosed: 'review.risk.nobody.closed',
} as const;
const ONE_TEXT = { opens: 'review.risk.one.opens', staysClosed: 'review.risk.one.closed' } as const;
/** An organisation gives no reason: somebody there does. */
const THERE_TEXT = { opens: 'review.risk.there.opens', staysClosed: 'review.risk.one.closed' } as const;

function Risk({
  restriction,
  policy,
}: {
  readonly restriction: Restriction;
  readonly policy: ConsentPolicy;
}): ReactNode {
  const words = useWords();
  switch (restriction.kind) {
    case 'block':
      return <BlockRisk restriction={restriction} policy={policy} />;
    case 'permission': {
      const rule = <Text k="why.quoted" values={{ rule: <RuleSentence rule={restriction.rule} /> }} />;
      return <Text k={PERMISSION_TEXT[restriction.reach]} values={{ rule }} />;
    }
    case 'preset':
      return words.text(PRESET_TEXT[restriction.reach], {
        preset: words.text(`preset.${restriction.preset}`),
      });
    case 'order':
      return words.text('review.risk.order');
  }
}

interface BlockRiskProps {
  readonly restriction: Extract<Restriction, { kind: 'block' }>;
  readonly policy: ConsentPolicy;
}

function BlockRisk({ restriction, policy }: BlockRiskProps): ReactNode {
  const words = useWords();
  const { rule, reach, leavesOthers } = restriction;
  const { but } = passersOf(readArrangement(policy).exceptions, rule);
  const { who, what, why, when } = useRuleParts(rule, but);
  const isAllData = rule.types === undefined && rule.labels === undefined;
  const further = [
    rule.user !== undefined && words.text('review.risk.everywhere'),
    reach === 'opens' && othersHold(policy, rule.id) && words.text('review.risk.held'),
    leavesOthers && words.text('review.risk.others'),
  ].filter((text) => text !== false);
  const first = (
    <Text
      k={(isNobodyRule(rule) ? NOBODY_TEXT : rule.user === undefined ? THERE_TEXT : ONE_TEXT)[reach]}
      values={{ who, what: isAllData ? words.text('review.risk.data') : what, why, when }}
    />
  );
  // How sentences follow each other is the language's own.
  return further.reduce<ReactNode>(
    (said, became) => <Text k="why.emergency.both" values={{ said, became }} />,
    first,
  );
}
