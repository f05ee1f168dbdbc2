// SPDX-License-Identifier: Apache-2.0
import type { ConsentHistory } from '@api/schemas';
import type { ReactNode } from 'react';
import { Name } from '../../components/Name';
import { RuleSentence } from '../../components/RuleSentence';
import type { Reason } from '../../lib/explainEntry';
import { standingRule, type Standing } from '../../lib/policy/standingRule';
import { Text, useWords } from '../../words/context';

export type Versions = ConsentHistory['items'];
export type RuleBasis = Extract<Reason['basis'], { kind: 'rule' }>;

/** The id of the rule that a basis names. */
export const ruleOf = (basis: Reason['basis']): string | undefined =>
  'rule' in basis ? basis.rule : undefined;

interface BasisProps extends Pick<Reason, 'basis' | 'decision'> {
  readonly versions: Versions;
}

/** What decided, in a sentence. */
export function BasisSentence({ basis, decision, versions }: BasisProps): ReactNode {
  const words = useWords();
  switch (basis.kind) {
    case 'rule':
      return (
        <StandingSentence
          standing={standingRule(versions, basis.version, basis.rule)}
          rule={basis.rule}
          keys={RULE_KEYS[decision]}
        />
      );
    case 'default':
      return (
        <StandingSentence
          standing={standingRule(versions, basis.version, undefined)}
          rule=""
          keys={DEFAULT_KEYS[decision]}
        />
      );
    case 'networkDefault':
      return words.text(decision === 'permit' ? 'why.network.permit' : 'why.network.deny');
    case 'emergency':
      return <OpenedSentence basis={basis} versions={versions} />;
    case 'unreached':
      return words.text('why.unreached');
    case 'refused':
      return words.code('refused', basis.reason);
  }
}

interface OpenedProps {
  readonly basis: Extract<Reason['basis'], { kind: 'emergency' }>;
  readonly versions: Versions;
}

/** That an emergency opened it, and what would have refused it, as far as that is at hand. */
function OpenedSentence({ basis: { version, rule }, versions }: OpenedProps): ReactNode {
  const words = useWords();
  if (version === null || version === 0) {
    return words.text('why.emergency.none');
  }
  const standing = standingRule(versions, version, rule);
  if (standing === undefined && rule === undefined) {
    return words.text('why.emergency.unread');
  }
  return <StandingSentence standing={standing} rule={rule ?? ''} keys={EMERGENCY_KEYS} />;
}

const RULE_KEYS = {
  permit: { rule: 'why.rule.permit', preset: 'why.preset.permit' },
  deny: { rule: 'why.rule.deny', preset: 'why.preset.deny' },
} as const;
const DEFAULT_KEYS = {
  permit: { rule: 'why.default.permit', preset: 'why.default.permit' },
  deny: { rule: 'why.default.deny', preset: 'why.default.deny' },
} as const;
const EMERGENCY_KEYS = { rule: 'why.emergency.rule', preset: 'why.emergency.preset' } as const;

interface StandingSentenceProps {
  readonly standing: Standing | undefined;
  /** The rule's id: shown where the version is not at hand. */
  readonly rule: string;
  readonly keys: { readonly rule: SentenceKey; readonly preset: SentenceKey };
}

type SentenceKey =
  | (typeof RULE_KEYS)['permit' | 'deny']['rule' | 'preset']
  | (typeof DEFAULT_KEYS)['permit' | 'deny']['rule']
  | (typeof EMERGENCY_KEYS)['rule' | 'preset'];

function StandingSentence({ standing, rule, keys }: StandingSentenceProps): ReactNode {
  const words = useWords();
  if (standing?.kind === 'preset') {
    return <Text k={keys.preset} values={{ preset: words.text(`preset.${standing.preset}`) }} />;
  }
  const sentence = <StandingRule standing={standing} rule={rule} />;
  return <Text k={keys.rule} values={{ rule: sentence, preset: sentence }} />;
}

/** A rule in words; its id where the version that held it is not at hand. */
function StandingRule({
  standing,
  rule,
}: {
  readonly standing: Extract<Standing, { kind: 'rule' }> | undefined;
  readonly rule: string;
}): ReactNode {
  return standing === undefined ? (
    <Name>{rule}</Name>
  ) : (
    <RuleSentence rule={standing.rule} but={standing.but} />
  );
}

/** A rule, quoted within a sentence. */
export function HeldRule({
  basis,
  versions,
}: {
  readonly basis: RuleBasis;
  readonly versions: Versions;
}): ReactNode {
  const words = useWords();
  const standing = standingRule(versions, basis.version, basis.rule);
  const rule =
    standing?.kind === 'preset' ? (
      words.text(`preset.${standing.preset}`)
    ) : (
      <StandingRule standing={standing} rule={basis.rule} />
    );
  return <Text k="why.quoted" values={{ rule }} />;
}
