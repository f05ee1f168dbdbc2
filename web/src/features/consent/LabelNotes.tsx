// SPDX-License-Identifier: Apache-2.0
import type { ReactNode } from 'react';
import { permissionReach } from '../../lib/policy/labelReach';
import type { RuleDraft } from '../../lib/policy/placeRule';
import { useWords } from '../../words/context';
import { alsoBlockedWords } from './alsoBlockedWords';

/**
 * What the subjects that a rule names mean beyond their names: a block reaches further, a permission less
 * far.
 */
export function LabelNotes({ rule }: { readonly rule: RuleDraft }): ReactNode {
  const words = useWords();
  const { labels, effect } = rule;
  if (labels === undefined) {
    return null;
  }
  const also = effect === 'deny' ? alsoBlockedWords(words, labels) : '';
  if (effect === 'deny' && also === '') {
    return null;
  }
  return (
    <span className="rule-note">
      {effect === 'deny'
        ? words.text('rule.covers', { labels: also })
        : words.text(permissionReach(labels) === 'exact' ? 'rule.exact' : 'rule.upTo')}
    </span>
  );
}
