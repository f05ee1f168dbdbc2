// SPDX-License-Identifier: Apache-2.0
import { useId, type ReactNode } from 'react';
import { useWords } from '../../../words/context';
import type { QuestionProps } from './question';

/** Whether it blocks or allows. */
export function EffectQuestion({ form, change }: QuestionProps): ReactNode {
  const words = useWords();
  const name = useId();
  return (
    <fieldset className="question">
      <legend>{words.text('form.effect')}</legend>
      <div className="segments">
        {(['deny', 'permit'] as const).map((effect) => (
          <label key={effect} className="segment">
            <input
              type="radio"
              name={name}
              checked={form.effect === effect}
              onChange={() => {
                change({ effect });
              }}
            />
            <span>{words.text(effect === 'deny' ? 'form.block' : 'form.allow')}</span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}
