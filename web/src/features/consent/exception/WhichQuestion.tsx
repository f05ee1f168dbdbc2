// SPDX-License-Identifier: Apache-2.0
import type { ReactNode } from 'react';
import { TYPES, WHICHES } from '../../../lib/policy/ruleForm';
import { useWords } from '../../../words/context';
import { CheckGroup } from './CheckGroup';
import { Choices } from './Choices';
import { LabelChoice } from './LabelChoice';
import type { QuestionProps } from './question';

/** Which data it is about. */
export function WhichQuestion({ form, change, errors }: QuestionProps): ReactNode {
  const words = useWords();
  return (
    <Choices
      question={words.text('form.what')}
      offered={WHICHES}
      chosen={form.which}
      nameOf={(which) => words.text(`form.what.${which}`)}
      onChoose={(which) => {
        change({ which });
      }}
    >
      {form.which === 'labels' && (
        <LabelChoice
          effect={form.effect}
          chosen={form.labels}
          error={errors.labels && words.text(errors.labels)}
          onChange={(labels) => {
            change({ labels });
          }}
        />
      )}
      {form.which === 'types' && (
        <CheckGroup
          field="types"
          legend={words.text('form.what.types')}
          family="type"
          offered={TYPES}
          chosen={form.types}
          error={errors.types && words.text(errors.types)}
          onChange={(types) => {
            change({ types });
          }}
        />
      )}
    </Choices>
  );
}
