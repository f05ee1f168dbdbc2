// SPDX-License-Identifier: Apache-2.0
import { useId, type ReactNode } from 'react';
import { useWords, type CodeFamily } from '../../../words/context';

interface CheckGroupProps {
  /** Of the first box, which takes the focus when something is missing here. */
  readonly field?: string;
  readonly legend: string;
  readonly family: CodeFamily;
  readonly offered: readonly string[];
  readonly chosen: readonly string[];
  /** What a choice contains. */
  readonly hintOf?: (code: string) => string | undefined;
  readonly error: string | undefined;
  readonly onChange: (chosen: readonly string[]) => void;
}

/** Several choices from a list; what was chosen and is not offered stays in it. */
export function CheckGroup(props: CheckGroupProps): ReactNode {
  const { field, legend, family, offered, chosen, hintOf, error, onChange } = props;
  const words = useWords();
  const id = useId();
  const all = [...new Set([...offered, ...chosen])];
  return (
    <div role="group" aria-label={legend} aria-describedby={error && `${id}-error`} className="checks">
      {all.map((code, at) => (
        <label key={code} className="check">
          <input
            type="checkbox"
            data-field={at === 0 ? field : undefined}
            checked={chosen.includes(code)}
            onChange={(event) => {
              onChange(event.target.checked ? [...chosen, code] : chosen.filter((other) => other !== code));
            }}
          />
          <ChoiceWords text={words.code(family, code)} hint={hintOf?.(code)} />
        </label>
      ))}
      {error !== undefined && (
        <span id={`${id}-error`} className="field-error">
          {error}
        </span>
      )}
    </div>
  );
}

function ChoiceWords({
  text,
  hint,
}: {
  readonly text: string;
  readonly hint: string | undefined;
}): ReactNode {
  if (hint === undefined) {
    return text;
  }
  return (
    <span>
      {text} <span className="choice-hint">{hint}</span>
    </span>
  );
}
