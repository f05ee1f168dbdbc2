// SPDX-License-Identifier: Apache-2.0
import * as fc from 'fast-check';
import {
  type AccessRequest,
  blockEffect,
  type ConsentRule,
  decide,
  placeHoldingDenial,
  whoPasses,
} from '@chartwitness/chaincode/domain';
import { AT, consentOf, HOLDER_MSP, someDenial, somePolicy, someRequest } from '../support/policies';

const RUNS = { numRuns: 3000 };
const decisions = (
  rules: readonly ConsentRule[],
  fallback: 'permit' | 'deny',
  asked: AccessRequest,
): string[] =>
  decide(consentOf(rules, fallback), consentOf([]), asked, HOLDER_MSP, AT).map(({ decision }) => decision);
const insert = (rules: readonly ConsentRule[], at: number, rule: ConsentRule): ConsentRule[] => [
  ...rules.slice(0, at),
  rule,
  ...rules.slice(at),
];
const deny = (id: string, fields: Partial<ConsentRule> = {}): ConsentRule => ({
  id,
  effect: 'deny',
  ...fields,
});
const permit = (id: string, fields: Partial<ConsentRule> = {}): ConsentRule => ({
  id,
  effect: 'permit',
  ...fields,
});

describe('for every list and every block', () => {
  test('an existing one makes it change nothing, wherever it stands', () => {
    let found = 0;
    fc.assert(
      fc.property(somePolicy, someDenial, fc.nat({ max: 7 }), someRequest, (policy, denial, at, asked) => {
        const effect = blockEffect(policy.rules, denial);
        if (effect.kind !== 'exists') {
          return;
        }
        found += 1;
        const rules = insert(policy.rules, at, { ...denial, id: 'new' });
        expect(decisions(rules, policy.default, asked)).toEqual(
          decisions(policy.rules, policy.default, asked),
        );
      }),
      { numRuns: 6000 },
    );
    expect(found).toBeGreaterThan(100);
  });

  test('a new one at its place, or before, refuses all that it says', () => {
    fc.assert(
      fc.property(somePolicy, someDenial, fc.nat(), someRequest, (policy, denial, pick, asked) => {
        const effect = blockEffect(policy.rules, denial);
        if (effect.kind !== 'new') {
          return;
        }
        const isEmergency = asked.emergency !== null && asked.requester.person !== null;
        fc.pre(!isEmergency || denial.holdsInEmergency === true);
        const rule = { ...denial, id: 'new' };
        const rules = insert(policy.rules, pick % (effect.latest + 1), rule);
        const alone = decide(consentOf([rule], 'permit'), consentOf([]), asked, HOLDER_MSP, AT);
        decisions(rules, policy.default, asked).forEach((decision, i) => {
          if (alone[i]?.decision === 'deny') {
            expect(decision).toBe('deny');
          }
        });
      }),
      RUNS,
    );
  });

  test('what it replaces can go', () => {
    let replaced = 0;
    fc.assert(
      fc.property(somePolicy, someDenial, someRequest, (policy, denial, asked) => {
        const effect = blockEffect(policy.rules, denial);
        if (effect.kind !== 'new' || effect.replaces.length === 0) {
          return;
        }
        replaced += 1;
        const rules = insert(policy.rules, effect.latest, { ...denial, id: 'new' });
        const fewer = rules.filter(({ id }) => !effect.replaces.includes(id));
        expect(decisions(fewer, policy.default, asked)).toEqual(decisions(rules, policy.default, asked));
      }),
      { numRuns: 6000 },
    );
    expect(replaced).toBeGreaterThan(50);
  });

  test('nobody passes a block but who is named', () => {
    fc.assert(
      fc.property(somePolicy, someDenial, fc.nat({ max: 7 }), someRequest, (policy, denial, at, asked) => {
        const isEmergency = asked.emergency !== null && asked.requester.person !== null;
        fc.pre(!isEmergency || denial.holdsInEmergency === true);
        const rule = { ...denial, id: 'new' };
        const rules = insert(policy.rules, at, rule);
        const passing = whoPasses(rules, 'new');
        const named = (isEmergency ? passing.emergency : passing.ordinary).map(({ id }) => id);
        const alone = decide(consentOf([rule], 'permit'), consentOf([]), asked, HOLDER_MSP, AT);
        decide(consentOf(rules, policy.default), consentOf([]), asked, HOLDER_MSP, AT).forEach(
          ({ decision, basis }, i) => {
            if (alone[i]?.decision !== 'deny' || decision !== 'permit') {
              return;
            }
            // Where another denial would stop it otherwise, the basis is the emergency.
            if (basis.kind === 'rule') {
              expect(named).toContain(basis.rule);
            } else {
              expect([basis.kind, named.length > 0]).toEqual(['emergency', true]);
            }
          },
        );
      }),
      RUNS,
    );
  });
});

describe('a block is recognised', () => {
  const block = deny('b', { user: 'dr-7' });
  test.each<[string, ConsentRule[], Partial<ConsentRule>]>([
    ['as it stands', [block], { user: 'DR-7' }],
    [
      'though the organisation differs',
      [{ ...block, org: 'NorthHospitalMSP' }],
      { user: 'dr-7', org: 'SouthClinicMSP' },
    ],
    [
      'behind a permission for another',
      [permit('p', { user: 'dr-8', org: 'NorthHospitalMSP' }), block],
      { user: 'dr-7' },
    ],
    [
      'behind one that no such request meets',
      [permit('p', { types: ['Claim'] }), block],
      { user: 'dr-7', types: ['Observation'] },
    ],
  ])('%s', (_, rules, proposed) => {
    expect(blockEffect(rules, { effect: 'deny', ...proposed })).toMatchObject({ kind: 'exists' });
  });

  test.each<[string, ConsentRule, Partial<ConsentRule>]>([
    ['holds in an emergency', { ...block, holdsInEmergency: true }, { user: 'dr-7' }],
    ['is for everybody', deny('b'), { user: 'dr-7' }],
    [
      'is for everybody of the organisation',
      deny('b', { org: 'NorthHospitalMSP' }),
      { org: 'NorthHospitalMSP', role: 'doctor' },
    ],
    ['withholds the whole group', deny('b', { labels: ['SPI'] }), { labels: ['ETHUD'] }],
    ['withholds what is less strict', deny('b', { labels: ['N'] }), { labels: ['R'] }],
    [
      'has a longer period',
      deny('b', { period: { end: '2027-01-01' } }),
      { period: { start: '2026-01-01', end: '2026-12-31' } },
    ],
  ])('that is stronger: it %s', (_, rule, proposed) => {
    expect(blockEffect([rule], { effect: 'deny', ...proposed })).toEqual({
      kind: 'exists',
      rule,
      isStronger: true,
    });
  });

  test.each<[string, ConsentRule[], Partial<ConsentRule>, number]>([
    ['only holds otherwise', [block], { user: 'dr-7', holdsInEmergency: true }, 1],
    ['stands behind a permission that it would not pass', [permit('p'), block], { user: 'dr-7' }, 0],
    ['is for another', [deny('b', { user: 'dr-8' })], { user: 'dr-7' }, 1],
    ['is for one organisation', [deny('b', { org: 'NorthHospitalMSP' })], { user: 'dr-7' }, 1],
    ['withholds a part of the group', [deny('b', { labels: ['COGN'] })], { labels: ['BH'] }, 1],
    ['ends earlier', [deny('b', { period: { end: '2026-12-31' } })], {}, 1],
    ['is no block', [permit('p', { user: 'dr-8', org: 'NorthHospitalMSP' })], { user: 'dr-7' }, 1],
  ])('not where the other %s', (_, rules, proposed, latest) => {
    expect(blockEffect(rules, { effect: 'deny', ...proposed })).toMatchObject({ kind: 'new', latest });
  });

  test('and a weaker one can go', () => {
    expect(
      blockEffect([permit('p', { types: ['Claim'] }), block], {
        effect: 'deny',
        user: 'dr-7',
        holdsInEmergency: true,
      }),
    ).toEqual({
      kind: 'new',
      latest: 0,
      replaces: ['b'],
    });
  });
});

test('a denial that holds goes before every permission that passes it in an emergency', () => {
  const rules = [
    permit('other-data', { labels: ['HIV'] }),
    permit('treatment', { purposes: ['TREAT'], types: ['Claim'] }),
    permit('anything', { org: 'SouthClinicMSP' }),
  ];
  const sexuality = { effect: 'deny', labels: ['SEX'], types: ['Condition'] } as const;
  expect(placeHoldingDenial(rules, { ...sexuality, holdsInEmergency: true })).toBe(2);
  expect(placeHoldingDenial(rules, { ...sexuality, purposes: ['BTG'], holdsInEmergency: true })).toBe(2);
  expect(placeHoldingDenial(rules.slice(0, 2), { ...sexuality, holdsInEmergency: true })).toBe(2);
  expect(
    whoPasses([...rules, deny('last', { types: ['Claim'], holdsInEmergency: true })], 'last'),
  ).toMatchObject({
    ordinary: [{ id: 'other-data' }, { id: 'treatment' }, { id: 'anything' }],
    emergency: [{ id: 'other-data' }, { id: 'anything' }],
  });
  expect(whoPasses(rules, 'nothing')).toEqual({ ordinary: [], emergency: [] });
});
