// SPDX-License-Identifier: Apache-2.0
import type { AccessEntry } from '@api/schemas';
import { startTransition, useMemo, useOptimistic, type ReactNode } from 'react';
import { SelectField } from '../../components/SelectField';
import { OUTCOMES, type AccessFilter } from '../../lib/accessFilter';
import { EMERGENCY } from '../../lib/accessKinds';
import { useMe, useOrganisationName, usePersonName } from '../../lib/queries';
import { isolatedName, shortName } from '../../lib/safeName';
import { withMember, type FilterInUrl } from '../../lib/useFilter';
import { useWords } from '../../words/context';
import { DayField } from './DayField';
import { countChoices, toChoices, type Choice } from './filterChoices';
import '../../styles/filters.css';

/**
 * A field for each way to narrow the list. A field shows what was chosen at once, the list when it is there.
 */
export function FilterFields({
  counted,
  filter: inUrl,
  setFilter: setInUrl,
}: FilterInUrl & { readonly counted: readonly AccessEntry[] }): ReactNode {
  const words = useWords();
  const organisationName = useOrganisationName();
  const { organisations } = useMe();
  const [filter, show] = useOptimistic(inUrl);
  const setFilter = (next: AccessFilter): void => {
    startTransition(() => {
      show(next);
      setInUrl(next);
    });
  };
  const chosenPerson = usePersonName(filter.user);
  const counts = useMemo(() => countChoices(counted), [counted]);
  // A trustee does not ask; one that did is there because it was counted.
  const askers = new Map([
    ...organisations.filter(({ role }) => role === 'holder').map(({ mspId }) => [mspId, 0] as const),
    ...counts.organisations,
  ]);
  // Rare and alarming: offered where there is one.
  const outcomes = OUTCOMES.filter(
    (outcome) => outcome !== 'against' || outcome === filter.outcome || counts.outcomes.has(outcome),
  );
  const people = new Map([...counts.people].map(([id, { count }]) => [id, count] as const));
  const set = <K extends keyof AccessFilter>(name: K, value: AccessFilter[K] | ''): void => {
    setFilter(withMember(filter, name, value));
  };
  const personLabel = (id: string): string =>
    isolatedName(shortName(counts.people.get(id)?.name ?? chosenPerson ?? id));
  return (
    <div className="find-fields">
      <ChoiceField
        label={words.text('field.person')}
        value={filter.user}
        onChoose={(value) => {
          set('user', value);
        }}
        choices={toChoices(words.tag, people, personLabel, filter.user)}
      />
      <ChoiceField
        label={words.text('field.organisation')}
        value={filter.org}
        onChoose={(value) => {
          set('org', value);
        }}
        choices={toChoices(
          words.tag,
          askers,
          (id) => isolatedName(shortName(organisationName(id))),
          filter.org,
        )}
      />
      <ChoiceField
        label={words.text('field.reason')}
        value={filter.purpose}
        onChoose={(value) => {
          set('purpose', value);
        }}
        choices={toChoices(
          words.tag,
          new Map([[EMERGENCY, 0], ...counts.reasons]),
          (code) => words.capital(words.code('purpose', code)),
          filter.purpose,
        )}
      />
      <ChoiceField
        label={words.text('field.outcome')}
        value={filter.outcome}
        onChoose={(value) => {
          set('outcome', OUTCOMES.find((outcome) => outcome === value) ?? '');
        }}
        choices={outcomes.map((value) => ({
          value,
          label: words.text(`outcome.${value}`),
          count: counts.outcomes.get(value) ?? 0,
        }))}
      />
      <ChoiceField
        label={words.text('field.kind')}
        value={filter.type}
        onChoose={(value) => {
          set('type', value);
        }}
        choices={toChoices(
          words.tag,
          counts.kinds,
          (type) => words.capital(words.code('type', type)),
          filter.type,
        )}
      />
      <DayField
        label={words.text('field.from')}
        value={inUrl.from}
        onChoose={(value, isReplacing) => {
          setInUrl(withMember(inUrl, 'from', value), isReplacing);
        }}
      />
      <DayField
        label={words.text('field.to')}
        value={inUrl.to}
        onChoose={(value, isReplacing) => {
          setInUrl(withMember(inUrl, 'to', value), isReplacing);
        }}
      />
      <div className="find-checks">
        <HideField
          name="automatic"
          label={words.text('field.hideAutomatic')}
          filter={filter}
          setFilter={setFilter}
        />
        <HideField
          name="administrative"
          label={words.text('field.hideAdministrative')}
          filter={filter}
          setFilter={setFilter}
        />
      </div>
      <p className="small find-hint">{words.text('field.countHint')}</p>
    </div>
  );
}

interface ChoiceFieldProps {
  readonly label: string;
  readonly value: string | undefined;
  readonly choices: readonly Choice[];
  readonly onChoose: (value: string) => void;
}

/** A choice with how often each was met; nothing chosen shows all. */
function ChoiceField({ label, value = '', choices, onChoose }: ChoiceFieldProps): ReactNode {
  const words = useWords();
  return (
    <SelectField
      label={label}
      none={words.text('field.all')}
      value={value}
      options={choices.map((choice) => [
        choice.value,
        words.text('field.count', { name: choice.label, count: choice.count }),
      ])}
      onChoose={onChoose}
    />
  );
}

interface HideFieldProps extends FilterInUrl {
  readonly name: 'automatic' | 'administrative';
  readonly label: string;
}

function HideField({ name, label, filter, setFilter }: HideFieldProps): ReactNode {
  return (
    <label className="check">
      <input
        type="checkbox"
        checked={filter[name] === 'hide'}
        onChange={(event) => {
          setFilter(withMember(filter, name, event.target.checked ? 'hide' : ''));
        }}
      />
      {label}
    </label>
  );
}
