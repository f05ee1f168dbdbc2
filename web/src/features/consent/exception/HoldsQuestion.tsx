// SPDX-License-Identifier: Apache-2.0
import type { ReactNode } from 'react';
import { useWords } from '../../../words/context';
import type { QuestionProps } from './question';

/** Whether a block holds in an emergency too. */
export function HoldsQuestion({ form, change }: QuestionProps): ReactNode {
  const words = useWords();
  return (
    <label className="check">
      <input
        type="checkbox"
        checked={form.holds}
        onChange={(event) => {
          change({ holds: event.target.checked });
        }}
      />
      <span>
        {words.text('form.holds')}
        <br />
        <span className="small">{words.text('form.holdsHint')}</span>
      </span>
    </label>
  );
}
