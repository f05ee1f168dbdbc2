// SPDX-License-Identifier: Apache-2.0
import { useId, type ReactNode } from 'react';
import { dayKey } from '../../../lib/dates';

interface DayOfRuleProps {
  readonly field: 'from' | 'until';
  readonly label: string;
  readonly value: string;
  readonly error: string | undefined;
  readonly onChoose: (day: string) => void;
}

/** The first or the last day on which an exception holds. */
export function DayOfRule({ field, label, value, error, onChoose }: DayOfRuleProps): ReactNode {
  const id = useId();
  return (
    <p className="field">
      <label htmlFor={id}>{label}</label>
      <input
        id={id}
        type="date"
        className="input"
        data-field={field}
        {...(field === 'until' && { min: dayKey(new Date()) })}
        value={value}
        aria-invalid={error !== undefined}
        aria-describedby={error && `${id}-error`}
        onChange={(event) => {
          onChoose(event.target.value);
        }}
      />
      {error !== undefined && (
        <span id={`${id}-error`} className="field-error">
          {error}
        </span>
      )}
    </p>
  );
}
