// SPDX-License-Identifier: Apache-2.0
import type { FormErrors, RuleForm } from '../../../lib/policy/ruleForm';

/**
 * What a question of the form is given: the whole form, because one answer decides what another question
 * asks.
 */
export interface QuestionProps {
  readonly form: RuleForm;
  readonly change: (part: Partial<RuleForm>) => void;
  readonly errors: FormErrors;
}
