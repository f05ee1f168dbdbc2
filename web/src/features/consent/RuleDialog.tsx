// SPDX-License-Identifier: Apache-2.0
import type { ConsentRule } from '@api/schemas';
import { useQuery } from '@tanstack/react-query';
import { useId, useRef, useState, type ReactNode } from 'react';
import { Dialog } from '../../components/Dialog';
import { RuleSentence } from '../../components/RuleSentence';
import { dayKey } from '../../lib/dates';
import { setOpenRule } from '../../lib/draft';
import type { RuleDraft } from '../../lib/policy/placeRule';
import { peopleQuery, useMe, usePersonName } from '../../lib/queries';
import { isolatedName, shortName } from '../../lib/safeName';
import { useWords } from '../../words/context';
import { CheckGroup, DayField, SelectField } from './FormControls';
import { LabelChoice } from './LabelChoice';
import { LabelNotes } from './LabelNotes';
import {
  checkForm, formOf, PURPOSES, ROLES, ruleOf, TYPES, WHENS, WHICHES, WHOMS,
  type FormErrors, type RuleForm,
} from '../../lib/policy/ruleForm'; // prettier-ignore

interface RuleDialogProps {
  /** Absent for a new exception. */
  readonly rule: ConsentRule | undefined;
  /** What was filled in before the page was left without closing the dialog. */
  readonly begun: RuleForm | undefined;
  readonly onClose: () => void;
  readonly onDone: (rule: RuleDraft) => void;
}

/** Asks for an exception in questions: whom, which data, for what, until when. Says at every moment in words what it would be. */
export function RuleDialog({ rule, begun, onClose, onDone }: RuleDialogProps): ReactNode {
  const words = useWords();
  const formRef = useRef<HTMLFormElement>(null);
  const [form, setForm] = useState(() => begun ?? formOf(rule));
  const [errors, setErrors] = useState<FormErrors>({});
  const change = (part: Partial<RuleForm>): void => {
    const next = { ...form, ...part };
    setForm(next);
    setErrors({});
    // Outlives the page, so that a session that ends does not take it along.
    setOpenRule({ id: rule?.id ?? null, form: next });
  };
  const done = (): void => {
    const found = checkForm(form, dayKey(new Date()));
    setErrors(found);
    const [first] = Object.keys(found);
    if (first === undefined) onDone(wouldBe);
    else formRef.current?.querySelector<HTMLElement>(`[data-field="${first}"]`)?.focus();
  };
  const wouldBe = ruleOf(form, rule);
  const isComplete = Object.keys(checkForm(form, dayKey(new Date()))).length === 0;
  return (
    <Dialog
      title={words.text(rule === undefined ? 'form.new' : 'form.change')}
      onClose={onClose}
      isBegun={JSON.stringify(form) !== JSON.stringify(formOf(rule))}
    >
      <form
        ref={formRef}
        noValidate
        className="rule-form"
        onSubmit={(event) => {
          event.preventDefault();
          done();
        }}
      >
        <EffectField form={form} change={change} />
        <WhomField form={form} change={change} errors={errors} />
        <WhichField form={form} change={change} errors={errors} />
        <WhyField form={form} change={change} errors={errors} />
        <WhenField form={form} change={change} errors={errors} />
        {form.effect === 'deny' && (
          <label className="check">
            <input
              type="checkbox"
              checked={form.holds}
              onChange={(event) => {
                change({ holds: event.target.checked });
              }}
            />
            <span>
              {words.text('form.holds')}
              <br />
              <span className="small">{words.text('form.holdsHint')}</span>
            </span>
          </label>
        )}
        <div className="dialog-foot">
          <p className="in-words" role="status">
            {isComplete && (
              <>
                <span className="small">{words.text('form.sentence')}</span>{' '}
                <strong>
                  <RuleSentence rule={wouldBe} />
                </strong>
                <LabelNotes rule={wouldBe} />
              </>
            )}
          </p>
          <p className="actions actions-end">
            <button type="button" className="button button-quiet" onClick={onClose}>
              {words.text('app.cancel')}
            </button>
            <button type="submit" className="button button-primary">
              {words.text(rule === undefined ? 'form.add' : 'form.apply')}
            </button>
          </p>
        </div>
      </form>
    </Dialog>
  );
}

interface PartProps {
  readonly form: RuleForm;
  readonly change: (part: Partial<RuleForm>) => void;
  readonly errors?: FormErrors;
}

function EffectField({ form, change }: PartProps): ReactNode {
  const words = useWords();
  const name = useId();
  return (
    <fieldset className="question">
      <legend>{words.text('form.effect')}</legend>
      <div className="segments">
        {(['deny', 'permit'] as const).map((effect) => (
          <label key={effect} className="segment">
            <input
              type="radio"
              name={name}
              checked={form.effect === effect}
              onChange={() => {
                change({ effect });
              }}
            />
            <span>{words.text(effect === 'deny' ? 'form.block' : 'form.allow')}</span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}

function WhomField({ form, change, errors = {} }: PartProps): ReactNode {
  const words = useWords();
  const id = useId();
  const roles = new Set<string>([...ROLES, form.role]);
  return (
    <fieldset className="question">
      <legend>{words.text('form.who')}</legend>
      <div className="radios">
        {WHOMS.map((whom) => (
          <label key={whom} className="check">
            <input
              type="radio"
              name={id}
              checked={form.whom === whom}
              onChange={() => {
                change({ whom });
              }}
            />
            {words.text(`form.who.${whom}`)}
          </label>
        ))}
      </div>
      {form.whom === 'user' && <PersonField form={form} change={change} errors={errors} />}
      {form.whom === 'org' && <OrganisationField form={form} change={change} errors={errors} />}
      {form.whom === 'role' && (
        <SelectField
          field="role"
          label={words.text('form.role')}
          value={form.role}
          error={undefined}
          options={[...roles].map((role) => [role, words.code('role', role)] as const)}
          onChoose={(role) => {
            change({ role });
          }}
        />
      )}
    </fieldset>
  );
}

function PersonField({ form, change, errors = {} }: PartProps): ReactNode {
  const words = useWords();
  const people = useQuery(peopleQuery);
  const chosenName = usePersonName(form.user === '' ? undefined : form.user);
  const known = people.data ?? [];
  if (people.data?.length === 0 && form.user === '')
    return <p className="small">{words.text('form.noPeople')}</p>;
  const options = known.map(
    ({ id, name, organisation }) =>
      [id, `${isolatedName(shortName(name))}, ${isolatedName(shortName(organisation.name))}`] as const,
  );
  const isListed = form.user === '' || known.some(({ id }) => id === form.user);
  return (
    <>
      <SelectField
        field="user"
        label={words.text('form.person')}
        hint={words.text('form.personHint')}
        value={form.user}
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
        <OrganisationField form={form} change={change} errors={errors} hint={words.text('form.personAt')} />
      ) : (
        <p className="small">{words.text('form.personEverywhere')}</p>
      )}
    </>
  );
}

function OrganisationField({
  form,
  change,
  errors = {},
  hint,
}: PartProps & { readonly hint?: string }): ReactNode {
  const words = useWords();
  const { organisations } = useMe();
  return (
    <SelectField
      field="org"
      label={words.text('form.organisation')}
      {...(hint !== undefined && { hint })}
      value={form.org}
      error={errors.org && words.text(errors.org)}
      options={organisations.map(({ mspId, name }) => [mspId, isolatedName(shortName(name))] as const)}
      onChoose={(org) => {
        change({ org });
      }}
    />
  );
}

function WhichField({ form, change, errors = {} }: PartProps): ReactNode {
  const words = useWords();
  const name = useId();
  return (
    <fieldset className="question">
      <legend>{words.text('form.what')}</legend>
      <div className="radios">
        {WHICHES.map((which) => (
          <label key={which} className="check">
            <input
              type="radio"
              name={name}
              checked={form.which === which}
              onChange={() => {
                change({ which });
              }}
            />
            {words.text(`form.what.${which}`)}
          </label>
        ))}
      </div>
      {form.which === 'labels' && (
        <LabelChoice
          effect={form.effect}
          chosen={form.labels}
          error={errors.labels && words.text(errors.labels)}
          onChange={(labels) => {
            change({ labels });
          }}
        />
      )}
      {form.which === 'types' && (
        <CheckGroup
          field="types"
          legend={words.text('form.what.types')}
          family="type"
          offered={TYPES}
          chosen={form.types}
          error={errors.types && words.text(errors.types)}
          onChange={(types) => {
            change({ types });
          }}
        />
      )}
    </fieldset>
  );
}

function WhyField({ form, change, errors = {} }: PartProps): ReactNode {
  const words = useWords();
  const name = useId();
  return (
    <fieldset className="question">
      <legend>{words.text('form.why')}</legend>
      <div className="radios">
        <label className="check">
          <input
            type="radio"
            name={name}
            checked={!form.isForSome}
            onChange={() => {
              change({ isForSome: false });
            }}
          />
          {words.text('form.why.all')}
        </label>
        <label className="check">
          <input
            type="radio"
            name={name}
            checked={form.isForSome}
            onChange={() => {
              change({ isForSome: true });
            }}
          />
          {words.text('form.why.some')}
        </label>
      </div>
      {form.isForSome && (
        <CheckGroup
          field="purposes"
          legend={words.text('form.why.some')}
          family="purpose"
          offered={PURPOSES}
          chosen={form.purposes}
          error={errors.purposes && words.text(errors.purposes)}
          onChange={(purposes) => {
            change({ purposes });
          }}
        />
      )}
    </fieldset>
  );
}

function WhenField({ form, change, errors = {} }: PartProps): ReactNode {
  const words = useWords();
  const name = useId();
  return (
    <fieldset className="question">
      <legend>{words.text('form.when')}</legend>
      <div className="radios">
        {WHENS.map((when) => (
          <label key={when} className="check">
            <input
              type="radio"
              name={name}
              checked={form.when === when}
              onChange={() => {
                change({ when });
              }}
            />
            {words.text(`form.when.${when}`)}
          </label>
        ))}
      </div>
      {form.when !== 'open' && (
        <div className="days">
          {form.when === 'between' && (
            <DayField
              field="from"
              label={words.text('form.from')}
              value={form.from}
              error={errors.from && words.text(errors.from)}
              onChoose={(from) => {
                change({ from });
              }}
            />
          )}
          <DayField
            field="until"
            label={words.text(form.when === 'between' ? 'form.untilOrOpen' : 'form.until')}
            value={form.until}
            error={errors.until && words.text(errors.until)}
            onChoose={(until) => {
              change({ until });
            }}
          />
        </div>
      )}
    </fieldset>
  );
}
