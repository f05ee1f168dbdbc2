// SPDX-License-Identifier: Apache-2.0
import type { ConsentPolicy, ConsentRule } from '@api/schemas';
import type { ReactNode } from 'react';
import { Icon } from '../../components/Icon';
import { parseDay } from '../../lib/dates';
import { readArrangement } from '../../lib/policy/arrangement';
import { useWords } from '../../words/context';
import { LabelNotes } from './LabelNotes';
import { RuleWords } from './RuleWords';

interface ArrangementWordsProps {
  readonly policy: ConsentPolicy;
  /** Of its two headings. */
  readonly level: 2 | 3;
  /**
   * What decided the access that the reader comes from: ids of exceptions; anything else stands for the
   * general setting.
   */
  readonly decided?: readonly (string | null)[];
}

/** A consent in words: its general setting and its exceptions. */
export function ArrangementWords({ policy, level, decided = [] }: ArrangementWordsProps): ReactNode {
  const words = useWords();
  const { exceptions, preset } = readArrangement(policy);
  const Heading = `h${level}` as const;
  const isDecided = (id: string): boolean => decided.includes(id);
  const isPresetDecided = decided.some((rule) => !exceptions.some(({ id }) => id === rule));
  return (
    <div className="arrangement">
      <div className="arrangement-preset">
        <Heading>{words.text('consent.general')}</Heading>
        <p className="preset-name">
          {words.text(`preset.${preset}`)}
          {isPresetDecided && <Decided />}
        </p>
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
                <li key={rule.id} className={`rule rule-${rule.effect}`}>
                  <RuleMark rule={rule} />
                  <span>
                    <RuleWords rule={rule} among={exceptions} />
                    <LabelNotes rule={rule} />
                    <RuleState rule={rule} />
                    {isDecided(rule.id) && <Decided />}
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

function Decided(): ReactNode {
  const words = useWords();
  return (
    <>
      {' '}
      <span className="badge badge-decided">{words.text('history.decided')}</span>
    </>
  );
}

export function RuleMark({ rule }: { readonly rule: Pick<ConsentRule, 'effect'> }): ReactNode {
  return <Icon name={rule.effect === 'permit' ? 'check' : 'block'} />;
}

/** What a reader would not expect of a rule: its time is over or has not come, so that it decides nothing. */
export function RuleState({ rule }: { readonly rule: ConsentRule }): ReactNode {
  const words = useWords();
  const now = new Date();
  const { start, end } = rule.period ?? {};
  // A day as the end includes that whole day in UTC (FHIR R4 Period); the reader's own midnight is near
  // enough for a hint.
  const isOver = end !== undefined && now >= (parseDay(end, 1) ?? new Date(end));
  const isAhead = start !== undefined && now < (parseDay(start) ?? new Date(start));
  if (!isOver && !isAhead) {
    return null;
  }
  return <span className="badge">{words.text(isOver ? 'rule.expired' : 'rule.future')}</span>;
}
