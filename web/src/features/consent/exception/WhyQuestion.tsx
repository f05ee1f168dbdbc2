// SPDX-License-Identifier: Apache-2.0
import type { ReactNode } from 'react';
import { PURPOSES } from '../../../lib/policy/ruleForm';
import { useWords } from '../../../words/context';
import { CheckGroup } from './CheckGroup';
import { Choices } from './Choices';
import type { QuestionProps } from './question';

/** For which reasons somebody may or may not look. */
export function WhyQuestion({ form, change, errors }: QuestionProps): ReactNode {
  const words = useWords();
  return (
    <Choices
      question={words.text('form.why')}
      offered={['all', 'some']}
      chosen={form.isForSome ? 'some' : 'all'}
      nameOf={(why) => words.text(`form.why.${why}`)}
      onChoose={(why) => {
        change({ isForSome: why === 'some' });
      }}
    >
      {form.isForSome && (
        <CheckGroup
          field="purposes"
          legend={words.text('form.why.some')}
          family="purpose"
          offered={PURPOSES}
          chosen={form.purposes}
          error={errors.purposes && words.text(errors.purposes)}
          onChange={(purposes) => {
            change({ purposes });
          }}
        />
      )}
    </Choices>
  );
}
