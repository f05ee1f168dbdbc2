// SPDX-License-Identifier: Apache-2.0
import { useId, type ReactNode } from 'react';

interface SelectFieldProps {
  readonly label: string;
  /** What stands for no choice; absent where one has been made and cannot be taken back. */
  readonly none?: string | undefined;
  readonly value: string;
  readonly options: readonly (readonly [value: string, label: string])[];
  readonly onChoose: (value: string) => void;
  /** By which a form finds the field that something is missing in. */
  readonly field?: string;
  readonly hint?: string | undefined;
  readonly error?: string | undefined;
}

/** A choice of one from a list. */
export function SelectField(props: SelectFieldProps): ReactNode {
  const { label, none, value, options, onChoose, field, hint, error } = props;
  const id = useId();
  const described = [hint !== undefined && `${id}-hint`, error !== undefined && `${id}-error`]
    .filter((part) => part !== false)
    .join(' ');
  return (
    <p className="field">
      <label htmlFor={id}>{label}</label>
      <select
        id={id}
        className="select"
        data-field={field}
        value={value}
        aria-invalid={error !== undefined}
        aria-describedby={described === '' ? undefined : described}
        onChange={(event) => {
          onChoose(event.target.value);
        }}
      >
        {none !== undefined && <option value="">{none}</option>}
        {options.map(([key, text]) => (
          <option key={key} value={key}>
            {text}
          </option>
        ))}
      </select>
      {hint !== undefined && (
        <span id={`${id}-hint`} className="small">
          {hint}
        </span>
      )}
      {error !== undefined && (
        <span id={`${id}-error`} className="field-error">
          {error}
        </span>
      )}
    </p>
  );
}
