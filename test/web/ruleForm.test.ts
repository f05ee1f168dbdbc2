// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { consentRule } from '@api/schemas';
import { parsePolicy } from '@chartwitness/chaincode/domain';
import { checkForm, formOf, ruleOf, type RuleForm } from '../../web/src/lib/policy/ruleForm';
import type { RuleDraft } from '../../web/src/lib/policy/placeRule';

const TODAY = '2026-05-06';
const NEW = formOf(undefined);
const form = (part: Partial<RuleForm>): RuleForm => ({ ...NEW, whom: 'everyone', ...part });

describe('an exception in questions', () => {
  it.each<[string, Partial<RuleForm>, RuleDraft]>([
    ['everybody, everything', {}, { effect: 'deny' }],
    ['an organisation', { whom: 'org', org: 'A' }, { effect: 'deny', org: 'A' }],
    ['the holder', { whom: 'holder', effect: 'permit' }, { effect: 'permit', org: '@holder' }],
    [
      'a person, also in an emergency',
      { whom: 'user', user: 'u', holds: true },
      { effect: 'deny', user: 'u', holdsInEmergency: true },
    ],
    [
      'a person who is let in, at an organisation',
      { effect: 'permit', whom: 'user', user: 'u', org: 'A' },
      { effect: 'permit', user: 'u', org: 'A' },
    ],
    [
      'a person who is blocked, wherever',
      { whom: 'user', user: 'u', org: 'A' },
      { effect: 'deny', user: 'u' },
    ],
    ['a role', { whom: 'role', role: 'nurse' }, { effect: 'deny', role: 'nurse' }],
    ['kinds of data', { which: 'types', types: ['Claim'] }, { effect: 'deny', types: ['Claim'] }],
    [
      'a subject for a reason',
      { which: 'labels', labels: ['PSY'], isForSome: true, purposes: ['HRESCH'] },
      { effect: 'deny', labels: ['PSY'], purposes: ['HRESCH'] },
    ],
    [
      'until a day',
      { when: 'until', until: '2026-06-01' },
      { effect: 'deny', period: { end: '2026-06-01' } },
    ],
    [
      'for a period',
      { when: 'between', from: '2026-06-01', until: '2026-06-30' },
      { effect: 'deny', period: { start: '2026-06-01', end: '2026-06-30' } },
    ],
    [
      'from a day on',
      { when: 'between', from: '2026-06-01' },
      { effect: 'deny', period: { start: '2026-06-01' } },
    ],
    ['a permission never “holds”', { effect: 'permit', holds: true }, { effect: 'permit' }],
  ])('%s', (_what, part, rule) => {
    const filled = form(part);
    expect(checkForm(filled, TODAY)).toEqual({});
    expect(ruleOf(filled, undefined)).toEqual(rule);
    expect(() => parsePolicy({ rules: [{ id: 'x', ...rule }], default: 'deny' })).not.toThrow();
  });

  it.each<[string, Partial<RuleForm>, string]>([
    ['no person', { whom: 'user' }, 'user'],
    ['no organisation', { whom: 'org' }, 'org'],
    ['no organisation of a person who is let in', { effect: 'permit', whom: 'user', user: 'u' }, 'org'],
    ['no subject', { which: 'labels' }, 'labels'],
    ['no kind', { which: 'types' }, 'types'],
    ['no reason', { isForSome: true }, 'purposes'],
    ['no last day', { when: 'until' }, 'until'],
    ['a last day that is over', { when: 'until', until: '2026-05-05' }, 'until'],
    ['no first day', { when: 'between', until: '2026-06-01' }, 'from'],
    ['an end before the beginning', { when: 'between', from: '2026-06-02', until: '2026-06-01' }, 'until'],
  ])('asks again: %s', (_what, part, field) => {
    expect(Object.keys(checkForm(form(part), TODAY))).toEqual([field]);
  });

  it('keeps of any rule what the form cannot show', () => {
    const days = fc.constantFrom('2026-01-01', '2026-01-01T08:00:00Z', '2026-12');
    const rules = fc.record(
      {
        effect: fc.constantFrom<('permit' | 'deny')[]>('permit', 'deny'),
        org: fc.constantFrom('@holder', 'A'),
        user: fc.constant('u'),
        role: fc.constant('nurse'),
        purposes: fc.constant<string[]>(['TREAT', 'X-OTHER']),
        labels: fc.constant<string[]>(['PSY', 'a|b']),
        types: fc.constant<string[]>(['Observation']),
        actions: fc.constant<['read']>(['read']),
        period: fc
          .record({ start: days, end: days }, { requiredKeys: [] })
          .filter((period) => Object.keys(period).length > 0),
      },
      { requiredKeys: ['effect'] },
    );
    fc.assert(
      fc.property(rules, (rule) => {
        // The ledger knows no rule about a person and a role at once by the form: such a rule keeps its
        // person.
        const known = { ...rule };
        if (known.user !== undefined) {
          delete known.role;
        }
        // A block of a person holds everywhere; a permission is for one organisation that is named.
        if (known.user !== undefined && known.effect === 'deny') {
          delete known.org;
        }
        if (known.user !== undefined && known.effect === 'permit') {
          known.org = 'A';
        }
        expect(ruleOf(formOf(known), known)).toEqual(known);
        expect(consentRule.safeParse({ id: 'x', ...known }).success).toBe(true);
      }),
    );
  });
});
