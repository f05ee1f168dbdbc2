// SPDX-License-Identifier: Apache-2.0
import type { ReactNode } from 'react';
import { RuleSentence } from '../../components/RuleSentence';
import type { PolicyChange } from '../../lib/policy/policyDifference';
import { Text, useWords } from '../../words/context';

/** What changes between two consents, in words. */
export function ChangeList({ changes }: { readonly changes: readonly PolicyChange[] }): ReactNode {
  return (
    <ul className="changes">
      {changes.map((change) => (
        <li key={JSON.stringify(change)} className={`change change-${change.kind}`}>
          <ChangeWords change={change} />
        </li>
      ))}
    </ul>
  );
}

function ChangeWords({ change }: { readonly change: PolicyChange }): ReactNode {
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
              <strong>
                <RuleSentence rule={change.rule} />
              </strong>
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
              <strong>
                <RuleSentence rule={change.after} />
              </strong>
            ),
          }}
        />
      );
    case 'order':
      return words.text('review.order');
  }
}
