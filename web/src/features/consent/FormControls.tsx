// SPDX-License-Identifier: Apache-2.0
import { useId, type ReactNode } from 'react';
import { dayKey } from '../../lib/dates';
import { useWords, type CodeFamily } from '../../words/context';

interface DayFieldProps {
  readonly field: 'from' | 'until';
  readonly label: string;
  readonly value: string;
  readonly error: string | undefined;
  readonly onChoose: (day: string) => void;
}

/** A day of the form. */
export function DayField({ field, label, value, error, onChoose }: DayFieldProps): ReactNode {
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

interface SelectFieldProps {
  readonly field: string;
  readonly label: string;
  readonly hint?: string;
  readonly value: string;
  readonly error: string | undefined;
  readonly options: readonly (readonly [value: string, label: string])[];
  readonly onChoose: (value: string) => void;
}

/** A choice of one from a list. */
export function SelectField({
  field,
  label,
  hint,
  value,
  error,
  options,
  onChoose,
}: SelectFieldProps): ReactNode {
  const words = useWords();
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
        {value === '' && <option value="">{words.text('form.choose')}</option>}
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
  if (hint === undefined) return text;
  return (
    <span>
      {text} <span className="choice-hint">{hint}</span>
    </span>
  );
}
