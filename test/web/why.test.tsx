/**
 * @jest-environment ./test/web/support/browserEnvironment.cjs
 */
// SPDX-License-Identifier: Apache-2.0
import { cleanup, screen, waitFor } from '@testing-library/react';
import type { AccessEntry, Basis, ConsentRule } from '@api/schemas';
import { Why } from '../../web/src/features/entry/Why';
import { accessList, CARE, consent, consentHistory, DOCTOR, entry, meAnswer, SOUTH } from './support/answers';
import { fakeApi } from './support/fakeApi';
import { renderPage } from './support/renderPage';

const HISTORY = 'GET /api/v1/consent/history';
const PEOPLE = 'POST /api/v1/accesses/search';

const EMERGENCY = { purpose: 'BTG', emergency: { reason: 'Found unconscious' } } as const;

type Decision = 'permit' | 'deny';

function decided(decision: Decision, basis: Basis, part: Partial<AccessEntry> = {}): AccessEntry {
  const example = entry(part);
  return {
    ...example,
    outcome: decision,
    items: example.items.map((item) => ({ ...item, decision, basis })),
  };
}

async function whyText(shown: AccessEntry, language: 'en' | 'zh-CN' = 'en'): Promise<string> {
  const { container } = renderPage(<Why entry={shown} />, { language });
  await waitFor(() => {
    expect(container.querySelector('.why-sentence')).not.toBeNull();
  });
  // Names of people in rules arrive a moment later.
  await waitFor(() => {
    expect(container.textContent).not.toContain('urn:oid:1.2#10');
  });
  return (container.querySelector('.why')?.textContent ?? '').replace(/\s+/g, ' ');
}

beforeEach(() => {
  const rule = { id: 'only-ada', effect: 'permit' as const, user: DOCTOR.id, labels: ['PSY'] };
  const others = { id: 'psy-closed', effect: 'deny' as const, labels: ['PSY'] };
  const versions = consentHistory();
  fakeApi({
    [HISTORY]: {
      body: {
        ...versions,
        items: [{ at: '2026-05-05T08:00:00.000Z', consent: consent([rule, others], 3) }, ...versions.items],
      },
    },
    'GET /api/v1/me': { body: meAnswer() },
    [PEOPLE]: { body: accessList([entry({})]) },
  });
});

describe('the sentence that says why', () => {
  it.each<[string, AccessEntry, string]>([
    [
      'a general setting',
      decided('permit', { kind: 'rule', version: 2, rule: 'care' }),
      'Allowed by your setting “Open to those who say they treat me”.In force since May 3, 2026.Version 2 of your consent, saved on May 4, 2026.',
    ],
    [
      'an exception',
      decided('deny', { kind: 'rule', version: 3, rule: 'psy-closed' }),
      'Refused by your rule “Nobody but Dr Ada Example may see data about psychiatric care”.In force since May 5, 2026.',
    ],
    [
      'an exception for a person',
      decided('permit', { kind: 'rule', version: 3, rule: 'only-ada' }),
      'Allowed by your rule “Dr Ada Example may see data about psychiatric care”.',
    ],
    [
      'an exception that holds',
      decided('deny', { kind: 'rule', version: 2, rule: 'block-psy' }),
      'Refused by your rule “Nobody may see data about psychiatric care, until Jan 31, 2027, not even in an emergency”.',
    ],
    [
      'the default',
      decided('deny', { kind: 'default', version: 3 }),
      'Refused: none of your exceptions fitted, and your setting was “Closed, except in an emergency”.',
    ],
    [
      'the network’s rule',
      decided('permit', { kind: 'networkDefault', rule: 'own-staff-treatment' }),
      'Allowed: you had not decided anything yet.',
    ],
    [
      'the network’s default',
      decided('deny', { kind: 'networkDefault' }),
      'Refused: you had not decided anything yet',
    ],
    [
      'a suspended organisation',
      decided('deny', { kind: 'refused', reason: 'organisationSuspended' }),
      'Refused: the organisation is suspended from the network.',
    ],
    [
      'an unknown rule',
      decided('deny', { kind: 'rule', version: 99, rule: 'gone' }),
      'Refused by your rule “gone”.',
    ],
  ])('of %s', async (_what, shown, expected) => {
    expect(await whyText(shown)).toContain(expected);
  });

  it('of an emergency names the reason that was given and what it overrode', async () => {
    const shown = decided(
      'permit',
      { kind: 'emergency', version: 3, rule: 'psy-closed' },
      { purpose: 'BTG', emergency: { reason: 'Found unconscious' } },
    );
    const text = await whyText(shown);
    expect(text).toContain('Emergency: Dr Ada Example gave the reason “Found unconscious”.');
    expect(text).toContain(
      'Your rules were overridden.Opened because of the emergency. Otherwise your rule “Nobody but Dr Ada Example may see data about psychiatric care” would have refused it.',
    );
  });

  it('of an emergency names the rules that held', async () => {
    const opened = decided('permit', { kind: 'emergency', version: 2 }, EMERGENCY);
    const held = decided('deny', { kind: 'rule', version: 2, rule: 'block-psy' }, EMERGENCY);
    const text = await whyText({ ...opened, outcome: 'partial', items: [...opened.items, ...held.items] });
    expect(text).toContain(
      'Your rules were overridden, except “Nobody may see data about psychiatric care, until Jan 31, 2027, not even in an emergency”.',
    );
  });

  it('of an emergency that the rules refused does not say that it would have been allowed', async () => {
    const text = await whyText(decided('deny', { kind: 'rule', version: 2, rule: 'block-psy' }, EMERGENCY));
    expect(text).toContain('Your rules hold even in an emergency: nothing was overridden.');
    expect(text).not.toContain('allowed anyway');
  });

  it('of an emergency of somebody who has not decided anything says what the network’s rule is', async () => {
    const shown = decided('permit', { kind: 'emergency', version: null }, EMERGENCY);
    const text = await whyText(shown);
    expect(text).toContain('No rule was overridden: the network’s usual rule allows it in an emergency.');
    expect(text).not.toMatch(/Your rules|were overridden/);
    cleanup();
    expect(await whyText(shown, 'zh-CN')).toContain('没有违反任何规则：医疗协作网络的一般规则');
  });

  describe('of an emergency that a general setting refuses otherwise', () => {
    const block: ConsentRule = {
      id: 'closed-bills',
      effect: 'deny',
      types: ['Claim'],
      holdsInEmergency: true,
    };
    const own = { id: 'own', effect: 'permit' as const, org: '@holder' as const };
    const hospital: ConsentRule = { ...own, purposes: ['TREAT', 'HPAYMT', 'HOPERAT'] };
    const usual: ConsentRule = { ...own, purposes: ['TREAT'] };
    const opened = decided('permit', { kind: 'emergency', version: 7 }, EMERGENCY);
    const held = decided('deny', { kind: 'rule', version: 7, rule: block.id }, EMERGENCY);
    const partly = { ...opened, outcome: 'partial' as const, items: [...opened.items, ...held.items] };
    const saved = (setting: readonly ConsentRule[]): void => {
      const items = [{ at: '2026-05-05T08:00:00.000Z', consent: consent([block, ...setting], 7) }];
      fakeApi({ [HISTORY]: { body: { ...consentHistory(), items } } });
    };

    it.each<[string, ConsentRule[]]>([
      ['closed, except in an emergency', []],
      ['only the hospital', [hospital]],
      ['as usual', [usual]],
    ])('and itself opens in one: nothing was overridden (%s)', async (_setting, rules) => {
      saved(rules);
      const text = await whyText(opened);
      expect(text).toContain('No rule of yours was overridden: your setting allows it in an emergency.');
      expect(text).not.toContain('rules were overridden');
      cleanup();
      expect(await whyText(partly)).toContain(
        'your setting allows it in an emergency. “Nobody may see bills, not even in an emergency” still held.',
      );
      cleanup();
      expect(await whyText(opened, 'zh-CN')).toContain(
        '没有违反您的任何规则：您的设置允许在紧急情况下查看。',
      );
      cleanup();
      expect(await whyText(partly, 'zh-CN')).toMatch(
        /允许在紧急情况下查看，同时“任何人.*也不例外”仍按规则执行。/,
      );
    });

    it('and says nothing of emergencies: it was overridden', async () => {
      saved(CARE);
      expect(await whyText(opened)).toContain('Your rules were overridden.');
    });

    it('with a rule that says nothing of emergencies beside it: rules were overridden', async () => {
      const psy: ConsentRule = { id: 'psy', effect: 'deny', labels: ['PSY'] };
      saved([psy]);
      const byRule = decided('permit', { kind: 'emergency', version: 7, rule: psy.id }, EMERGENCY);
      const text = await whyText({ ...opened, items: [...opened.items, ...byRule.items] });
      expect(text).toContain('Your rules were overridden.');
      expect(text).not.toContain('No rule of yours');
    });

    it('says neither where the consent cannot be read', async () => {
      fakeApi({ [HISTORY]: { status: 403, body: null } });
      const text = await whyText(opened);
      expect(text).toContain('gave the reason “Found unconscious”.');
      expect(text).toContain('Opened because of the emergency.');
      expect(text).not.toMatch(/overridden|—/);
    });
  });

  it('of an emergency that was refused for another reason says nothing of the rules', async () => {
    const suspended = decided('deny', { kind: 'refused', reason: 'organisationSuspended' }, EMERGENCY);
    const text = await whyText(suspended);
    expect(text).toContain('gave the reason “Found unconscious”.Refused: the organisation is suspended');
    expect(text).not.toContain('overridden');
  });

  it('of an emergency that overrode nothing says so', async () => {
    const shown = decided(
      'permit',
      { kind: 'rule', version: 2, rule: 'care' },
      { purpose: 'ETREAT', emergency: { reason: 'Found unconscious' } },
    );
    expect(await whyText(shown)).toContain('No rule of yours was overridden');
  });

  describe('of an incomplete emergency', () => {
    const incomplete = decided(
      'deny',
      { kind: 'refused', reason: 'emergencyIncomplete' },
      { purpose: 'BTG' },
    );
    const byNobody = { ...incomplete, requester: { ...incomplete.requester, person: null } };
    it.each<['en' | 'zh-CN', string, string]>([
      [
        'en',
        'Dr Ada Example declared an emergency, but gave no reason or one that does not count',
        'An emergency was declared without saying who is asking.',
      ],
      [
        'zh-CN',
        'Dr Ada Example声明了紧急情况，但没有给出原因，或所给原因不符合要求',
        '有人声明了紧急情况，但没有说明自己是谁',
      ],
    ])('says what was missing, and nothing that was not: %s', async (language, named, unnamed) => {
      const ofSomebody = await whyText(incomplete, language);
      expect(ofSomebody).toContain(named);
      expect(ofSomebody).not.toContain(unnamed);
      cleanup();
      const ofNobody = await whyText(byNobody, language);
      expect(ofNobody).toContain(unnamed);
      expect(ofNobody).not.toMatch(/gave no reason|没有给出原因/);
    });
  });

  it('of a partial answer tells both reasons apart, with what each was about', async () => {
    const [item] = entry({}).items;
    if (item === undefined) {
      throw new Error('the example has an item');
    }
    const withheld = {
      ...item,
      type: 'Condition',
      count: 2,
      decision: 'deny' as const,
      basis: { kind: 'rule' as const, version: 3, rule: 'psy-closed' },
    };
    await whyText(
      entry({
        outcome: 'partial',
        items: [{ ...item, basis: { kind: 'rule', version: 2, rule: 'care' } }, withheld],
      }),
    );
    const [allowed, refused] = screen.getAllByRole('listitem');
    expect(allowed?.textContent).toMatch(/Allowed by your setting.*12 measurements and laboratory results/);
    expect(refused?.textContent).toMatch(/Refused by your rule.*2 diagnoses and problemsIn force since/);
    expect(screen.getAllByRole('link').map((link) => link.getAttribute('href'))).toEqual([
      '/consent/versions/2',
      '/consent/versions/3',
    ]);
  });

  it('is Chinese in Chinese', async () => {
    const shown = decided('deny', { kind: 'rule', version: 2, rule: 'block-psy' });
    expect(await whyText(shown, 'zh-CN')).toContain(
      '已拒绝，依据您的规则“任何人都不可以查看涉及精神科诊疗的数据，直到2027年1月31日，紧急情况也不例外”。自2026年5月4日起有效。授权第 2 版，保存于2026年5月4日。',
    );
  });

  it('survives a history that cannot be read: the rule is named by its id', async () => {
    fakeApi({ [HISTORY]: { status: 403, body: null } });
    const text = await whyText(decided('deny', { kind: 'rule', version: 2, rule: 'block-psy' }));
    expect(text).toContain('Refused by your rule “block-psy”.');
    expect(text).toContain('Your consent cannot be read now, so its rule is named as the computers name it.');
    expect(screen.queryByRole('link')).toBeNull();
  });

  it.each([
    ['en', 'Your consent cannot be read now: what it said then is not shown.', 'number'],
    ['zh-CN', '现在无法读取您的授权，因此无法显示当时的内容。', '编号'],
  ] as const)(
    'names no number where no rule is shown, nor leads to what cannot be read (%s)',
    async (language, said, number) => {
      fakeApi({ [HISTORY]: { status: 403, body: null } });
      const text = await whyText(decided('permit', { kind: 'default', version: 2 }), language);
      expect(text).toContain(said);
      expect(text).not.toContain(number);
      expect(screen.queryByRole('link')).toBeNull();
    },
  );

  it('shows a hostile reason as text, without what disguises it', async () => {
    const reason = '<img src=x onerror=alert(1)> \u202Edesrever';
    const requester = {
      organisation: SOUTH,
      person: { ...DOCTOR, name: '"><script>alert(1)</script>' },
      clientId: 'c',
    };
    const text = await whyText(
      decided(
        'permit',
        { kind: 'emergency', version: null },
        { purpose: 'BTG', emergency: { reason }, requester },
      ),
    );
    expect(text).toContain('“<img src=x onerror=alert(1)> desrever”');
    expect(document.querySelector('img, script')).toBeNull();
  });
});
