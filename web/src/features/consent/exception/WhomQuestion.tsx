// SPDX-License-Identifier: Apache-2.0
import type { ReactNode } from 'react';
import { SelectField } from '../../../components/SelectField';
import { ROLES, WHOMS } from '../../../lib/policy/ruleForm';
import { useWords } from '../../../words/context';
import { Choices } from './Choices';
import { OrganisationField } from './OrganisationField';
import { PersonField } from './PersonField';
import type { QuestionProps } from './question';

/** Whom it is about. */
export function WhomQuestion(props: QuestionProps): ReactNode {
  const { form, change } = props;
  const words = useWords();
  const roles = new Set<string>([...ROLES, form.role]);
  return (
    <Choices
      question={words.text('form.who')}
      offered={WHOMS}
      chosen={form.whom}
      nameOf={(whom) => words.text(`form.who.${whom}`)}
      onChoose={(whom) => {
        change({ whom });
      }}
    >
      {form.whom === 'user' && <PersonField {...props} />}
      {form.whom === 'org' && <OrganisationField {...props} />}
      {form.whom === 'role' && (
        <SelectField
          field="role"
          label={words.text('form.role')}
          value={form.role}
          options={[...roles].map((role) => [role, words.code('role', role)] as const)}
          onChoose={(role) => {
            change({ role });
          }}
        />
      )}
    </Choices>
  );
}
