// SPDX-License-Identifier: Apache-2.0
import { useId, type ReactNode } from 'react';

interface ChoicesProps<Value extends string> {
  readonly question: string;
  readonly offered: readonly Value[];
  readonly chosen: Value;
  readonly nameOf: (value: Value) => string;
  readonly onChoose: (value: Value) => void;
  /** What is asked further, once this is answered. */
  readonly children: ReactNode;
}

/** A question with a few answers, of which one holds. */
export function Choices<Value extends string>(props: ChoicesProps<Value>): ReactNode {
  const { question, offered, chosen, nameOf, onChoose, children } = props;
  const name = useId();
  return (
    <fieldset className="question">
      <legend>{question}</legend>
      <div className="radios">
        {offered.map((value) => (
          <label key={value} className="check">
            <input
              type="radio"
              name={name}
              checked={value === chosen}
              onChange={() => {
                onChoose(value);
              }}
            />
            {nameOf(value)}
          </label>
        ))}
      </div>
      {children}
    </fieldset>
  );
}
