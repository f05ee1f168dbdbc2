// SPDX-License-Identifier: Apache-2.0
import type { ReactNode } from 'react';
import { WHENS } from '../../../lib/policy/ruleForm';
import { useWords } from '../../../words/context';
import { Choices } from './Choices';
import { DayOfRule } from './DayOfRule';
import type { QuestionProps } from './question';

/** How long it holds. */
export function WhenQuestion({ form, change, errors }: QuestionProps): ReactNode {
  const words = useWords();
  return (
    <Choices
      question={words.text('form.when')}
      offered={WHENS}
      chosen={form.when}
      nameOf={(when) => words.text(`form.when.${when}`)}
      onChoose={(when) => {
        change({ when });
      }}
    >
      {form.when !== 'open' && (
        <div className="days">
          {form.when === 'between' && (
            <DayOfRule
              field="from"
              label={words.text('form.from')}
              value={form.from}
              error={errors.from && words.text(errors.from)}
              onChoose={(from) => {
                change({ from });
              }}
            />
          )}
          <DayOfRule
            field="until"
            label={words.text(form.when === 'between' ? 'form.untilOrOpen' : 'form.until')}
            value={form.until}
            error={errors.until && words.text(errors.until)}
            onChoose={(until) => {
              change({ until });
            }}
          />
        </div>
      )}
    </Choices>
  );
}
