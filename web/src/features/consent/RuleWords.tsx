// SPDX-License-Identifier: Apache-2.0
import type { ConsentRule } from '@api/schemas';
import type { ReactNode } from 'react';
import { ListOf } from '../../components/ListOf';
import { RuleSentence } from '../../components/RuleSentence';
import { passersOf } from '../../lib/policy/passers';
import { Text } from '../../words/context';

interface RuleWordsProps {
  readonly rule: ConsentRule;
  /** The exceptions that it is one of, in their order. */
  readonly among: readonly ConsentRule[];
}

/** An exception in words, with who gets past it: the first rule that fits decides. */
export function RuleWords({ rule, among }: RuleWordsProps): ReactNode {
  const { but, others } = passersOf(among, rule);
  return (
    <>
      <RuleSentence rule={rule} but={but} />
      {others.length > 0 && (
        <span className="rule-note">
          <Text
            k="rule.passed"
            values={{
              rules: (
                <ListOf
                  parts={others.map((other) => (
                    <Text key={other.id} k="why.quoted" values={{ rule: <RuleSentence rule={other} /> }} />
                  ))}
                />
              ),
            }}
          />
        </span>
      )}
    </>
  );
}
