// SPDX-License-Identifier: Apache-2.0
import type { ReactNode } from 'react';
import { SelectField } from '../../../components/SelectField';
import { useMe } from '../../../lib/queries';
import { isolatedName, shortName } from '../../../lib/safeName';
import { useWords } from '../../../words/context';
import type { QuestionProps } from './question';

interface OrganisationFieldProps extends QuestionProps {
  readonly hint?: string;
}

/** An organisation of the network. */
export function OrganisationField({ form, change, errors, hint }: OrganisationFieldProps): ReactNode {
  const words = useWords();
  const { organisations } = useMe();
  if (organisations.length === 0 && form.org === '') {
    return <p className="small">{words.text('form.noOrganisations')}</p>;
  }
  return (
    <SelectField
      field="org"
      label={words.text('form.organisation')}
      hint={hint}
      value={form.org}
      none={form.org === '' ? words.text('form.choose') : undefined}
      error={errors.org && words.text(errors.org)}
      options={organisations.map(({ mspId, name }) => [mspId, isolatedName(shortName(name))] as const)}
      onChoose={(org) => {
        change({ org });
      }}
    />
  );
}
