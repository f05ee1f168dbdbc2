// SPDX-License-Identifier: Apache-2.0
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { SelectField } from '../../../components/SelectField';
import { peopleQuery, usePersonName } from '../../../lib/queries';
import { isolatedName, shortName } from '../../../lib/safeName';
import { useWords } from '../../../words/context';
import { OrganisationField } from './OrganisationField';
import type { QuestionProps } from './question';

/** A person among those who have asked lately; a permission also says where. */
export function PersonField(props: QuestionProps): ReactNode {
  const { form, change, errors } = props;
  const words = useWords();
  const people = useQuery(peopleQuery);
  const chosenName = usePersonName(form.user === '' ? undefined : form.user);
  const known = people.data ?? [];
  const comma = words.text('app.comma');
  if (people.data?.length === 0 && form.user === '') {
    return <p className="small">{words.text('form.noPeople')}</p>;
  }
  const options = known.map(
    ({ id, name, organisation }) =>
      [id, [name, organisation.name].map((text) => isolatedName(shortName(text))).join(comma)] as const,
  );
  const isListed = form.user === '' || known.some(({ id }) => id === form.user);
  return (
    <>
      <SelectField
        field="user"
        label={words.text('form.person')}
        hint={words.text('form.personHint')}
        value={form.user}
        none={form.user === '' ? words.text('form.choose') : undefined}
        error={errors.user && words.text(errors.user)}
        options={
          isListed
            ? options
            : [[form.user, isolatedName(shortName(chosenName ?? form.user))] as const, ...options]
        }
        onChoose={(user) => {
          change({ user, org: known.find(({ id }) => id === user)?.organisation.mspId ?? '' });
        }}
      />
      {form.effect === 'permit' ? (
        <OrganisationField {...props} hint={words.text('form.personAt')} />
      ) : (
        <p className="small">{words.text('form.personEverywhere')}</p>
      )}
    </>
  );
}
