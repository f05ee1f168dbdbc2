// SPDX-License-Identifier: Apache-2.0
import type { ConsentPolicy, ConsentRule } from '@api/schemas';
import type { ReactNode } from 'react';
import { RuleSentence } from '../../components/RuleSentence';
import { readArrangement } from '../../lib/policy/arrangement';
import type { PolicyChange } from '../../lib/policy/policyDifference';
import { Text, useWords } from '../../words/context';
import { LabelNotes } from './LabelNotes';
import { RuleWords } from './RuleWords';

interface ChangeListProps {
  readonly changes: readonly PolicyChange[];
  /** What the changes lead to. */
  readonly after: ConsentPolicy;
  /** Present: each block whose `hasChoice` is true can be made to hold in an emergency, or not. */
  readonly holding?: {
    readonly hasChoice: (block: ConsentRule) => boolean;
    readonly onChange: (id: string, holds: boolean) => void;
  };
}

/** What changes between two consents, in words. */
export function ChangeList({ changes, after, holding }: ChangeListProps): ReactNode {
  const { exceptions } = readArrangement(after);
  return (
    <ul className="changes">
      {changes.map((change) => {
        const block = blockOf(change);
        return (
          // By its rule: what is pressed in it stays while the change becomes another one.
          <li key={block?.id ?? JSON.stringify(change)} className={`change change-${change.kind}`}>
            <ChangeWords change={change} after={exceptions} />
            {block !== undefined && holding?.hasChoice(block) === true && (
              <HoldChoice
                block={block}
                onChange={(holds) => {
                  holding.onChange(block.id, holds);
                }}
              />
            )}
          </li>
        );
      })}
    </ul>
  );
}

/** The block that a change leads to. */
function blockOf(change: PolicyChange): ConsentRule | undefined {
  const rule = change.kind === 'added' ? change.rule : change.kind === 'changed' ? change.after : undefined;
  return rule?.effect === 'deny' ? rule : undefined;
}

interface HoldChoiceProps {
  readonly block: ConsentRule;
  readonly onChange: (holds: boolean) => void;
}

function HoldChoice({ block, onChange }: HoldChoiceProps): ReactNode {
  const words = useWords();
  return (
    <label className="check">
      <input
        type="checkbox"
        checked={block.holdsInEmergency === true}
        onChange={(event) => {
          onChange(event.target.checked);
        }}
      />
      <span>
        {words.text('form.holds')}
        <br />
        <span className="small">{words.text('form.holdsHint')}</span>
      </span>
    </label>
  );
}

interface ChangeWordsProps {
  readonly change: PolicyChange;
  readonly after: readonly ConsentRule[];
}

function ChangeWords({ change, after }: ChangeWordsProps): ReactNode {
  const words = useWords();
  switch (change.kind) {
    case 'preset':
      return (
        <Text
          k="review.preset"
          values={{
            before: words.text(`preset.${change.before}`),
            after: words.text(`preset.${change.after}`),
          }}
        />
      );
    case 'added':
      return (
        <Text
          k="review.added"
          values={{
            rule: (
              <>
                <strong>
                  <RuleWords rule={change.rule} among={after} />
                </strong>
                <LabelNotes rule={change.rule} />
              </>
            ),
          }}
        />
      );
    case 'removed':
      return (
        <Text
          k="review.removed"
          values={{
            rule: (
              <del>
                <RuleSentence rule={change.rule} />
              </del>
            ),
          }}
        />
      );
    case 'changed':
      return (
        <Text
          k="review.changed"
          values={{
            before: (
              <del>
                <RuleSentence rule={change.before} />
              </del>
            ),
            after: (
              <>
                <strong>
                  <RuleWords rule={change.after} among={after} />
                </strong>
                <LabelNotes rule={change.after} />
              </>
            ),
          }}
        />
      );
    case 'order':
      return words.text('review.order');
  }
}
