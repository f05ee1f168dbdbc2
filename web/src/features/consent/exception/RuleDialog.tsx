// SPDX-License-Identifier: Apache-2.0
import type { ConsentRule } from '@api/schemas';
import { useRef, useState, type ReactNode } from 'react';
import { Dialog } from '../../../components/Dialog';
import { RuleSentence } from '../../../components/RuleSentence';
import { dayKey } from '../../../lib/dates';
import { setOpenRule } from '../../../lib/draft';
import type { RuleDraft } from '../../../lib/policy/placeRule';
import { checkForm, formOf, ruleOf, type FormErrors, type RuleForm } from '../../../lib/policy/ruleForm';
import { useWords } from '../../../words/context';
import { LabelNotes } from '../LabelNotes';
import { EffectQuestion } from './EffectQuestion';
import { HoldsQuestion } from './HoldsQuestion';
import { WhenQuestion } from './WhenQuestion';
import { WhichQuestion } from './WhichQuestion';
import { WhomQuestion } from './WhomQuestion';
import { WhyQuestion } from './WhyQuestion';

interface RuleDialogProps {
  /** Absent for a new exception. */
  readonly rule: ConsentRule | undefined;
  /** What was filled in before the page was left without closing the dialog. */
  readonly begun: RuleForm | undefined;
  readonly onClose: () => void;
  readonly onDone: (rule: RuleDraft) => void;
}

/**
 * Asks for an exception in questions: whom, which data, for what, until when. Says at every moment in words
 * what it would be.
 */
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
    if (first === undefined) {
      onDone(wouldBe);
    } else {
      formRef.current?.querySelector<HTMLElement>(`[data-field="${first}"]`)?.focus();
    }
  };
  const wouldBe = ruleOf(form, rule);
  const isComplete = Object.keys(checkForm(form, dayKey(new Date()))).length === 0;
  const asked = { form, change, errors };
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
        <EffectQuestion {...asked} />
        <WhomQuestion {...asked} />
        <WhichQuestion {...asked} />
        <WhyQuestion {...asked} />
        <WhenQuestion {...asked} />
        {form.effect === 'deny' && <HoldsQuestion {...asked} />}
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
