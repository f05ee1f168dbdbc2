// SPDX-License-Identifier: Apache-2.0
import type { ConsentPolicy } from '@api/schemas';
import type { ReactNode } from 'react';
import { Notice } from '../../components/Notice';
import { RuleSentence } from '../../components/RuleSentence';
import type { BlockAtHand } from '../../lib/policy/addException';
import { readArrangement } from '../../lib/policy/arrangement';
import { Text, useWords } from '../../words/context';

interface KnownBlockProps {
  readonly known: BlockAtHand;
  readonly policy: ConsentPolicy;
  /** Makes the rule hold in an emergency too. */
  readonly onHold: () => void;
}

/** Says that nothing has to be added, because of which rule; and offers what that rule lacks. */
export function KnownBlock({ known, policy, onHold }: KnownBlockProps): ReactNode {
  const words = useWords();
  const { exceptions, preset } = readArrangement(policy);
  const rule = exceptions.find(({ id }) => id === known.id);
  const quoted =
    rule === undefined ? (
      words.text('review.known.quoted', { rule: words.text(`preset.${preset}`) })
    ) : (
      <Text k="review.known.quoted" values={{ rule: <RuleSentence rule={rule} /> }} />
    );
  return (
    <Notice kind="info" title={words.text('review.known.title')} isLive>
      <p>
        <Text
          k={known.isStronger ? 'review.known.stronger' : 'review.known.same'}
          values={{ rule: quoted }}
        />
      </p>
      {rule !== undefined && rule.holdsInEmergency !== true && preset !== 'closed' && (
        <p className="actions">
          <button type="button" className="button" onClick={onHold}>
            {words.text('review.known.hold')}
          </button>
        </p>
      )}
    </Notice>
  );
}
