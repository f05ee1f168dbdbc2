// SPDX-License-Identifier: Apache-2.0
import { useEffect, useId, useRef, useState, type ReactNode } from 'react';
import { parseDay } from '../../lib/dates';

const TYPING_MS = 700;

interface DayFieldProps {
  readonly label: string;
  /** The day that narrows the list now, `YYYY-MM-DD`. */
  readonly value: string | undefined;
  /** @param isReplacing the same visit of the field has chosen before: one step back undoes both. */
  readonly onChoose: (value: string, isReplacing: boolean) => void;
}

/**
 * A day to choose or to type. Browsers report every key of a year ("0002", "0020", …): the list follows when
 * the day is plausible and the typing pauses, or the field is left.
 */
export function DayField({ label, value = '', onChoose }: DayFieldProps): ReactNode {
  const id = useId();
  const [text, setText] = useState(value);
  const chosen = useRef(value);
  const hasChosenHere = useRef(false);
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => {
    if (value === chosen.current) {
      return;
    }
    chosen.current = value;
    setText(value);
  }, [value]);
  const choose = (): void => {
    // Half a day in the field is no wish to take the old one away.
    const isCleared = text === '' && field.current?.validity.badInput !== true;
    if (text === chosen.current || !(isCleared || parseDay(text) !== undefined)) {
      return;
    }
    chosen.current = text;
    onChoose(text, hasChosenHere.current);
    hasChosenHere.current = true;
  };
  const latest = useRef(choose);
  useEffect(() => {
    latest.current = choose;
  });
  useEffect(() => {
    const timer = setTimeout(() => {
      latest.current();
    }, TYPING_MS);
    return () => {
      clearTimeout(timer);
    };
  }, [text]);
  return (
    <p className="field">
      <label htmlFor={id}>{label}</label>
      <input
        ref={field}
        id={id}
        type="date"
        className="input"
        max="9999-12-31"
        value={text}
        onChange={(event) => {
          setText(event.target.value);
        }}
        onBlur={() => {
          choose();
          hasChosenHere.current = false;
        }}
        onKeyDown={(event) => {
          if (event.key === 'Enter') {
            choose();
          }
        }}
      />
    </p>
  );
}
