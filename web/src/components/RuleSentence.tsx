// SPDX-License-Identifier: Apache-2.0
import type { ConsentRule } from '@api/schemas';
import type { ReactNode } from 'react';
import { formatDate, parseDay } from '../lib/dates';
import type { RuleDraft } from '../lib/policy/placeRule';
import { isForAll } from '../lib/policy/ruleScope';
import { useOrganisationName, usePersonName } from '../lib/queries';
import { Text, useWords, type Vocabulary } from '../words/context';
import { ListOf } from './ListOf';
import { Name } from './Name';

interface RuleSentenceProps {
  readonly rule: RuleDraft | ConsentRule;
  /** Rules for one person or organisation that the sentence names as exempt: "nobody but …". */
  readonly but?: readonly ConsentRule[];
}

/** A rule of a consent in words. */
export function RuleSentence({ rule, but = [] }: RuleSentenceProps): ReactNode {
  const parts = useRuleParts(rule, but);
  const holds = rule.holdsInEmergency === true;
  return (
    <Text
      k={
        isNobodyRule(rule)
          ? holds
            ? 'rule.nobodyAlways'
            : 'rule.nobody'
          : rule.effect === 'deny'
            ? holds
              ? 'rule.denyAlways'
              : 'rule.deny'
            : 'rule.permit'
      }
      values={{ ...parts }}
    />
  );
}

/** "Everybody may not see" would be read in two ways: a rule that refuses a whole group speaks of nobody. */
export function isNobodyRule(rule: RuleDraft): boolean {
  const isHolder = rule.org === '@holder' && rule.role === undefined;
  return rule.effect === 'deny' && rule.user === undefined && !isHolder;
}

interface RuleParts {
  readonly who: ReactNode;
  readonly what: string;
  readonly why: string;
  readonly when: string;
}

/** The parts of a sentence about a rule. */
export function useRuleParts(rule: RuleDraft | ConsentRule, but: readonly ConsentRule[] = []): RuleParts {
  const words = useWords();
  return {
    who: isNobodyRule(rule) ? <Nobody rule={rule} but={but} /> : <Who rule={rule} />,
    what: whatWords(words, rule),
    why: whyWords(words, rule),
    when: whenWords(words, rule),
  };
}

interface RuleProps {
  readonly rule: RuleDraft;
}

function Who({ rule }: RuleProps): ReactNode {
  const words = useWords();
  const personName = usePersonName(rule.user);
  const org = <Organisation rule={rule} />;
  if (rule.user !== undefined) {
    const person = <Name>{personName ?? rule.user}</Name>;
    return (
      <Text
        k={rule.org === undefined || rule.effect === 'deny' ? 'who.user' : 'who.userAt'}
        values={{ person, org }}
      />
    );
  }
  if (rule.role !== undefined) {
    const role = <Name>{words.code('role', rule.role)}</Name>;
    return <Text k={rule.org === undefined ? 'who.role' : 'who.roleAt'} values={{ role, org }} />;
  }
  if (rule.org === undefined) {
    return words.text('who.everyone');
  }
  return rule.org === '@holder' ? words.text('who.holder') : <Text k="who.org" values={{ org }} />;
}

function Nobody({ rule, but }: RuleProps & Pick<Required<RuleSentenceProps>, 'but'>): ReactNode {
  const words = useWords();
  const org = <Organisation rule={rule} />;
  if (isForAll(rule) && but.length > 0) {
    return (
      <Text
        k="who.nobodyBut"
        values={{
          others: (
            <ListOf
              parts={but.map((other) => (
                <Other key={other.id} rule={other} />
              ))}
            />
          ),
        }}
      />
    );
  }
  if (rule.role !== undefined) {
    const role = <Name>{words.code('role', rule.role)}</Name>;
    return <Text k={rule.org === undefined ? 'who.nobodyRole' : 'who.nobodyRoleAt'} values={{ role, org }} />;
  }
  return rule.org === undefined ? words.text('who.nobody') : <Text k="who.nobodyAt" values={{ org }} />;
}

/** Who a rule for one person or organisation is about, without "everybody at". */
function Other({ rule }: RuleProps): ReactNode {
  return rule.user === undefined ? <Organisation rule={rule} /> : <Who rule={rule} />;
}

function Organisation({ rule }: RuleProps): ReactNode {
  const words = useWords();
  const organisationName = useOrganisationName();
  if (rule.org === undefined) {
    return null;
  }
  return rule.org === '@holder' ? words.text('who.theHolder') : <Name>{organisationName(rule.org)}</Name>;
}

function whatWords(words: Vocabulary, rule: RuleDraft): string {
  // "May not see a and b" could be read as "not both".
  const types =
    rule.types &&
    words.list(
      rule.types.map((type) => words.code('type', type)),
      rule.effect === 'deny' ? 'disjunction' : 'conjunction',
    );
  const labels =
    rule.labels &&
    words.list(
      rule.labels.map((label) => words.code('label', label)),
      'disjunction',
    );
  if (types !== undefined && labels !== undefined) {
    return words.text('what.both', { types, labels });
  }
  if (types !== undefined) {
    return words.text('what.types', { types });
  }
  if (labels !== undefined) {
    return words.text('what.labels', { labels });
  }
  // "May not see all my data" would leave some of them open.
  return words.text(rule.effect === 'deny' ? 'what.any' : 'what.all');
}

function whyWords(words: Vocabulary, rule: RuleDraft): string {
  const purposes =
    rule.purposes &&
    words.list(
      rule.purposes.map((code) => words.code('purpose', code)),
      'disjunction',
    );
  const actions =
    rule.actions &&
    words.list(
      rule.actions.map((code) => words.code('action', code)),
      'disjunction',
    );
  return (
    (purposes === undefined ? '' : words.text('rule.why', { purposes })) +
    (actions === undefined ? '' : words.text('rule.actions', { actions }))
  );
}

function whenWords(words: Vocabulary, rule: RuleDraft): string {
  const from = rule.period?.start && boundWords(words, rule.period.start);
  const to = rule.period?.end && boundWords(words, rule.period.end);
  if (from && to) {
    return words.text('rule.between', { from, to });
  }
  if (to) {
    return words.text('rule.until', { date: to });
  }
  return from ? words.text('rule.from', { date: from }) : '';
}

function boundWords(words: Vocabulary, bound: string): string {
  return formatDate(words.tag, parseDay(bound) ?? new Date(bound));
}
