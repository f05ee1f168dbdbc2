// SPDX-License-Identifier: Apache-2.0
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { ErrorNotice } from '../../../components/ErrorNotice';
import { SelectField } from '../../../components/SelectField';
import { Waiting } from '../../../components/Waiting';
import { peopleQuery, type Person, useOrganisationName, usePersonName } from '../../../lib/queries';
import { isolatedName, shortName } from '../../../lib/safeName';
import { useWords } from '../../../words/context';
import { OrganisationField } from './OrganisationField';
import type { QuestionProps } from './question';

/** A person among those who have asked lately; a permission also says where. */
export function PersonField(props: QuestionProps): ReactNode {
  const words = useWords();
  const { data, error, refetch } = useQuery(peopleQuery);
  if (props.form.user !== '') {
    return <PersonChoice {...props} people={data ?? []} />;
  }
  if (data !== undefined) {
    return data.length === 0 ? (
      <p className="small">{words.text('form.noPeople')}</p>
    ) : (
      <PersonChoice {...props} people={data} />
    );
  }
  // A list that is not there is no list of nobody.
  return error === null ? (
    <Waiting />
  ) : (
    <ErrorNotice error={error} isTitled={false} onRetry={() => void refetch()} />
  );
}

interface PersonChoiceProps extends QuestionProps {
  readonly people: readonly Person[];
}

function PersonChoice({ people, ...props }: PersonChoiceProps): ReactNode {
  const { form, change, errors } = props;
  const words = useWords();
  const organisationName = useOrganisationName();
  const chosenName = usePersonName(form.user === '' ? undefined : form.user);
  const comma = words.text('app.comma');
  const options = people.map(({ id, name, organisation }) => {
    const place = organisationName(organisation.mspId, organisation.name);
    return [id, [name, place].map((text) => isolatedName(shortName(text))).join(comma)] as const;
  });
  const isListed = form.user === '' || people.some(({ id }) => id === form.user);
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
          change({ user, org: people.find(({ id }) => id === user)?.organisation.mspId ?? '' });
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
