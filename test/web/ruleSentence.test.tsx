/**
 * @jest-environment ./test/web/support/browserEnvironment.cjs
 */
// SPDX-License-Identifier: Apache-2.0
import { RuleSentence } from '../../web/src/components/RuleSentence';
import type { RuleDraft } from '../../web/src/lib/policy/placeRule';
import { NORTH } from './support/answers';
import { renderPage } from './support/renderPage';

const words = (rule: RuleDraft, language: 'en' | 'zh-CN' = 'en'): string =>
  renderPage(<RuleSentence rule={rule} />, { language }).container.textContent;

describe('a rule in words', () => {
  it.each<[string, RuleDraft]>([
    // Behind the verb the purpose read as a limit of what is allowed: "for research only".
    ['任何人都不可以因研究查看我的任何数据', { effect: 'deny', purposes: ['HRESCH'] }],
    [
      'North Hospital的任何护士都不可以因研究或公共卫生查看我的任何数据，紧急情况也不例外',
      {
        effect: 'deny',
        org: NORTH.mspId,
        role: 'nurse',
        purposes: ['HRESCH', 'PUBHLTH'],
        holdsInEmergency: true,
      },
    ],
    // "医院的所有人" is the hospital's owner.
    [
      'North Hospital的全体人员可以因治疗查看我的全部数据',
      { effect: 'permit', org: NORTH.mspId, purposes: ['TREAT'] },
    ],
    ['所有医生可以查看诊疗计划', { effect: 'permit', role: 'doctor', types: ['CarePlan'] }],
  ])('in Chinese: %s', (text, rule) => {
    expect(words(rule, 'zh-CN')).toBe(text);
  });

  it('never says "and" in a denial: that could be read as "not both"', () => {
    const types = ['MedicationRequest', 'DiagnosticReport'];
    expect(words({ effect: 'deny', types })).toBe('Nobody may see prescriptions or test reports');
    expect(words({ effect: 'permit', types })).toBe('Everybody may see prescriptions and test reports');
    expect(words({ effect: 'deny', types }, 'zh-CN')).toBe('任何人都不可以查看处方或检查报告');
  });
});
