// SPDX-License-Identifier: Apache-2.0
import type { ConsentRule } from '@api/schemas';
import { CONFIDENTIALITY_LABELS, SENSITIVITY_LABELS } from '@chartwitness/chaincode/domain';
import type { ReactNode } from 'react';
import { COMMON_LABELS } from '../../../lib/policy/ruleForm';
import { useWords } from '../../../words/context';
import { alsoBlockedWords } from '../alsoBlockedWords';
import { CheckGroup } from './CheckGroup';

/** Retired by HL7, and covered by its successor: found in data, not offered. */
const RETIRED = 'SICKLE';
const COMMON: readonly string[] = COMMON_LABELS;
/** From the strictest. */
const GRADES = [...CONFIDENTIALITY_LABELS].reverse();
export const OFFERED_LABELS: readonly string[] = [
  ...COMMON,
  ...[...SENSITIVITY_LABELS, ...GRADES].filter((code) => code !== RETIRED && !COMMON.includes(code)),
];

interface LabelChoiceProps {
  readonly effect: ConsentRule['effect'];
  readonly chosen: readonly string[];
  readonly error: string | undefined;
  readonly onChange: (chosen: readonly string[]) => void;
}

/**
 * The sensitive subjects: the common ones, then every other code of HL7's two value sets; for a block with
 * what each contains.
 */
export function LabelChoice({ effect, chosen, error, onChange }: LabelChoiceProps): ReactNode {
  const words = useWords();
  const rare = OFFERED_LABELS.filter((code) => !COMMON.includes(code));
  const isRare = (code: string): boolean => rare.includes(code);
  const hintOf = (code: string): string | undefined => {
    const labels = effect === 'deny' ? alsoBlockedWords(words, [code]) : '';
    return labels === '' ? undefined : words.text('form.labels.also', { labels });
  };
  return (
    <>
      <CheckGroup
        field="labels"
        legend={words.text('form.what.labels')}
        family="label"
        offered={COMMON}
        chosen={chosen.filter((code) => !isRare(code))}
        hintOf={hintOf}
        error={error}
        onChange={(common) => {
          onChange([...common, ...chosen.filter(isRare)]);
        }}
      />
      <details className="more-choices" open={chosen.some(isRare) || undefined}>
        <summary>{words.text('form.labels.more')}</summary>
        <CheckGroup
          legend={words.text('form.labels.more')}
          family="label"
          offered={rare}
          chosen={chosen.filter(isRare)}
          hintOf={hintOf}
          error={undefined}
          onChange={(others) => {
            onChange([...chosen.filter((code) => !isRare(code)), ...others]);
          }}
        />
      </details>
    </>
  );
}
