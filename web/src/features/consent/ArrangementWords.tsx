// SPDX-License-Identifier: Apache-2.0
import type { ConsentPolicy, ConsentRule } from '@api/schemas';
import type { ReactNode } from 'react';
import { Icon } from '../../components/Icon';
import { RuleSentence } from '../../components/RuleSentence';
import { parseDay } from '../../lib/dates';
import { readArrangement } from '../../lib/policy/arrangement';
import { useWords } from '../../words/context';

interface ArrangementWordsProps {
  readonly policy: ConsentPolicy;
  /** Of its two headings. */
  readonly level: 2 | 3;
}

/** A consent in words: its general setting and its exceptions. */
export function ArrangementWords({ policy, level }: ArrangementWordsProps): ReactNode {
  const words = useWords();
  const { exceptions, preset } = readArrangement(policy);
  const Heading = `h${level}` as const;
  return (
    <div className="arrangement">
      <div className="arrangement-preset">
        <Heading>{words.text('consent.general')}</Heading>
        <p className="preset-name">{words.text(`preset.${preset}`)}</p>
        <p>{words.text(`preset.${preset}.text`)}</p>
      </div>
      <div>
        <Heading>{words.text('consent.exceptions')}</Heading>
        {exceptions.length === 0 ? (
          <p>{words.text('consent.noExceptions')}</p>
        ) : (
          <>
            {exceptions.length > 1 && <p className="small">{words.text('consent.exceptionsHint')}</p>}
            <ol className="rules">
              {exceptions.map((rule) => (
                <li key={rule.id} id={`rule-${rule.id}`} className={`rule rule-${rule.effect}`}>
                  <RuleMark rule={rule} />
                  <span>
                    <RuleSentence rule={rule} />
                    <RuleTime rule={rule} />
                  </span>
                </li>
              ))}
            </ol>
          </>
        )}
      </div>
    </div>
  );
}

export function RuleMark({ rule }: { readonly rule: Pick<ConsentRule, 'effect'> }): ReactNode {
  return <Icon name={rule.effect === 'permit' ? 'check' : 'block'} />;
}

/** Says so when a rule's time is over or has not come: it then decides nothing. */
export function RuleTime({ rule }: { readonly rule: ConsentRule }): ReactNode {
  const words = useWords();
  const now = new Date();
  const { start, end } = rule.period ?? {};
  // A day as the end includes that whole day in UTC (FHIR R4 Period); the reader's own midnight is near enough for a hint.
  const isOver = end !== undefined && now >= (parseDay(end, 1) ?? new Date(end));
  const isAhead = start !== undefined && now < (parseDay(start) ?? new Date(start));
  if (!isOver && !isAhead) return null;
  return <span className="badge">{words.text(isOver ? 'rule.expired' : 'rule.future')}</span>;
}
