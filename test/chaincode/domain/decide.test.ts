// SPDX-License-Identifier: Apache-2.0
import * as fc from 'fast-check';
import {
  type AccessRequest,
  type ConsentDocument,
  type ConsentPolicy,
  type ConsentRule,
  decide,
  type DecidedItem,
  isEmergencyPurpose,
  outcomeOf,
} from '@chartwitness/chaincode/domain';
import { DEFAULT_POLICY, item, request, southRequester, subjectOf } from '../support/network';

const AT = '2026-11-23T09:30:00.000Z';
const HOLDER = 'NorthHospitalMSP';
const denyAll: ConsentPolicy = { rules: [], default: 'deny' };

function consentOf(rules: readonly ConsentRule[], fallback: 'permit' | 'deny' = 'deny'): ConsentDocument {
  return { subject: subjectOf('ada'), version: 7, rules, default: fallback };
}
function decideOne(
  consent: ConsentDocument | undefined,
  fields: Partial<AccessRequest> = {},
  at = AT,
): DecidedItem | undefined {
  return decide(consent, DEFAULT_POLICY, request('r', fields), HOLDER, at)[0];
}
const permitBy = (rule: Partial<ConsentRule>): ConsentDocument =>
  consentOf([{ id: 'r1', effect: 'permit', ...rule }]);

describe('a rule with one criterion matches', () => {
  const ruleBasis = { kind: 'rule', version: 7, rule: 'r1' };
  /** The criterion, a request that meets it, and its deny-twin, which differs in just that. */
  const table: [string, Partial<ConsentRule>, Partial<AccessRequest>, Partial<AccessRequest>][] = [
    ['org', { org: 'SouthClinicMSP' }, { requester: southRequester }, {}],
    ['org @holder', { org: '@holder' }, {}, { requester: southRequester }],
    [
      'user at an organisation',
      { user: 'urn:oid:2.16.840.1.113883.4.6#70', org: 'SouthClinicMSP' },
      { requester: southRequester },
      { requester: { ...southRequester, org: HOLDER } },
    ],
    [
      'user in another spelling',
      { user: 'URN:OID:2.16.840.1.113883.4.6#70', org: 'SouthClinicMSP' },
      { requester: southRequester },
      {
        requester: {
          ...southRequester,
          person: { id: 'urn:oid:2.16.840.1.113883.4.6#7', name: 'P', role: '' },
        },
      },
    ],
    [
      'user, but no person asks',
      { user: 'urn:oid:2.16.840.1.113883.4.6#10', org: HOLDER },
      {},
      { requester: { org: HOLDER, clientId: 'north-ehr', person: null } },
    ],
    [
      'role',
      { role: 'doctor' },
      {},
      { requester: { org: HOLDER, clientId: 'north-ehr', person: { id: 'p', name: 'P', role: 'nurse' } } },
    ],
    [
      'role, but no person asks',
      { role: 'doctor' },
      {},
      { requester: { org: HOLDER, clientId: 'north-ehr', person: null } },
    ],
    ['purpose', { purposes: ['HPAYMT'] }, { purpose: 'HPAYMT' }, { purpose: 'TREAT' }],
    ['purpose below it', { purposes: ['HRESCH', 'TREAT'] }, { purpose: 'COC' }, { purpose: 'HOPERAT' }],
    ['action', { actions: ['read', 'search'] }, { action: 'read' }, { action: 'update' }],
    [
      'type',
      { types: ['Condition'] },
      { items: [item({ type: 'Condition' })] },
      { items: [item({ type: 'Conditions' })] },
    ],
    [
      'label',
      { labels: ['PSY', 'ETH'] },
      { items: [item({ labels: ['ETH', 'R'] })] },
      { items: [item({ labels: ['ETH', 'HIV', 'R'] })] },
    ],
    ['label, but nothing is labelled', { labels: ['PSY'] }, { items: [item({ labels: ['PSY'] })] }, {}],
    [
      'label with its system',
      { labels: ['http://terminology.hl7.org/CodeSystem/v3-ActCode|PSY'] },
      { items: [item({ labels: ['PSY'] })] },
      { items: [item({ labels: ['https://example.org|PSY'] })] },
    ],
  ];
  test.each(table)('%s', (_, rule, meets, misses) => {
    expect(decideOne(permitBy(rule), meets)).toMatchObject({ decision: 'permit', basis: ruleBasis });
    expect(decideOne(permitBy(rule), misses)).toMatchObject({
      decision: 'deny',
      basis: { kind: 'default', version: 7 },
    });
  });

  test('every criterion must match', () => {
    const rule = { org: '@holder', purposes: ['TREAT'], types: ['Observation'] };
    expect(decideOne(permitBy(rule))).toMatchObject({ decision: 'permit' });
    expect(decideOne(permitBy({ ...rule, types: ['Condition'] }))).toMatchObject({ decision: 'deny' });
    expect(decideOne(permitBy({ ...rule, org: 'SouthClinicMSP' }))).toMatchObject({ decision: 'deny' });
  });

  test.each([
    ['start, inclusive', { start: AT }, AT, '2026-11-23T09:29:59.999Z'],
    ['end, exclusive', { end: AT }, '2026-11-23T09:29:59.999Z', AT],
    [
      'an end date, which includes its day',
      { end: '2026-11-23' },
      '2026-11-23T23:59:59.999Z',
      '2026-11-24T00:00:00.000Z',
    ],
    [
      'a start date, from midnight UTC',
      { start: '2026-11-23' },
      '2026-11-23T00:00:00.000Z',
      '2026-11-22T23:59:59.999Z',
    ],
    ['an instant elsewhere', { start: '2026-11-23T11:30:00+02:00' }, AT, '2026-11-23T09:29:59.999Z'],
    ['both', { start: '2026-01-01', end: '2026-12-31' }, AT, '2027-01-01T00:00:00.000Z'],
    ['a leap day', { end: '2028-02-29' }, '2028-02-29T12:00:00.000Z', '2028-03-01T00:00:00.000Z'],
  ])('period: %s', (_, period, inside, outside) => {
    expect(decideOne(permitBy({ period }), {}, inside)).toMatchObject({ decision: 'permit' });
    expect(decideOne(permitBy({ period }), {}, outside)).toMatchObject({ decision: 'deny' });
  });

  test('no period holds at an instant that cannot be read', () => {
    expect(decideOne(permitBy({ period: { start: '2000-01-01' } }), {}, 'now')).toMatchObject({
      decision: 'deny',
    });
    expect(decideOne(permitBy({ period: { end: '2100-01-01' } }), {}, 'now')).toMatchObject({
      decision: 'deny',
    });
    expect(decideOne(permitBy({ period: { end: 'never' } }))).toMatchObject({ decision: 'deny' });
  });
});

describe('the order', () => {
  test('the first matching rule decides', () => {
    const [permit, deny]: ConsentRule[] = [
      { id: 'yes', effect: 'permit' },
      { id: 'no', effect: 'deny' },
    ] as const;
    expect(decideOne(consentOf([permit, deny]))).toMatchObject({
      decision: 'permit',
      basis: { rule: 'yes' },
    });
    expect(decideOne(consentOf([deny, permit]))).toMatchObject({
      decision: 'deny',
      basis: { rule: 'no' },
    });
  });

  test('items are decided one by one', () => {
    const consent = consentOf([
      { id: 'psy', effect: 'deny', labels: ['PSY'] },
      { id: 'rest', effect: 'permit' },
    ]);
    const items = [item(), item({ labels: ['PSY'] }), item({ type: 'Condition' })];
    const decided = decide(consent, DEFAULT_POLICY, request('r', { items }), HOLDER, AT);
    expect(decided.map(({ decision }) => decision)).toEqual(['permit', 'deny', 'permit']);
    expect(outcomeOf(decided)).toBe('partial');
    expect(decided[1]).toEqual({
      ...items[1],
      decision: 'deny',
      basis: { kind: 'rule', version: 7, rule: 'psy' },
    });
  });

  test('without a consent on file the network’s policy decides', () => {
    expect(decideOne(undefined)).toMatchObject({
      decision: 'permit',
      basis: { kind: 'networkDefault', rule: 'own-staff-treatment' },
    });
    expect(decideOne(undefined, { requester: southRequester })).toMatchObject({
      decision: 'deny',
      basis: { kind: 'networkDefault' },
    });
    expect(decideOne(undefined, { purpose: 'HRESCH' })?.basis).toEqual({ kind: 'networkDefault' });
  });

  test('with a consent on file the network’s policy says nothing', () => {
    expect(decideOne(consentOf([]))).toMatchObject({
      decision: 'deny',
      basis: { kind: 'default', version: 7 },
    });
  });
});

describe('break-glass', () => {
  const emergency = { reason: 'unconscious on arrival' };
  const asked = (fields: Partial<AccessRequest> = {}): Partial<AccessRequest> => ({
    purpose: 'BTG',
    emergency,
    ...fields,
  });
  const deny = (fields: Partial<ConsentRule> = {}): ConsentDocument =>
    consentOf([{ id: 'no', effect: 'deny', ...fields }]);

  test.each(['BTG', 'ETREAT'])(
    '%s overrides a rule, a default and the network’s default, and names them',
    (purpose) => {
      expect(decideOne(deny(), asked({ purpose }))).toMatchObject({
        decision: 'permit',
        basis: { kind: 'emergency', version: 7, rule: 'no' },
      });
      expect(decideOne(consentOf([]), asked({ purpose }))?.basis).toEqual({ kind: 'emergency', version: 7 });
      expect(decideOne(undefined, asked({ purpose }))?.basis).toEqual({ kind: 'emergency', version: null });
    },
  );

  test.each(['TREAT', 'ERTREAT', 'COC', 'HPAYMT', 'btg'])('%s overrides nothing', (purpose) => {
    expect(decideOne(deny(), asked({ purpose }))).toMatchObject({
      decision: 'deny',
      basis: { kind: 'rule' },
    });
  });

  test('does not override a rule that holds in an emergency', () => {
    expect(decideOne(deny({ holdsInEmergency: true }), asked())).toMatchObject({
      decision: 'deny',
      basis: { kind: 'rule', rule: 'no' },
    });
    expect(decideOne(deny({ holdsInEmergency: false }), asked())).toMatchObject({ decision: 'permit' });
  });

  test('a holding rule binds wherever it stands, but for permissions before it', () => {
    const holds: ConsentRule = { id: 'psy', effect: 'deny', labels: ['PSY'], holdsInEmergency: true };
    const items = [item({ labels: ['PSY'] }), item()];
    const both = (rules: readonly ConsentRule[]): DecidedItem[] =>
      decide(consentOf(rules), DEFAULT_POLICY, request('r', asked({ items })), HOLDER, AT);
    expect(both([holds]).map(({ decision }) => decision)).toEqual(['deny', 'permit']);
    expect(both([{ id: 'no', effect: 'deny' }, holds])).toMatchObject([
      { decision: 'deny', basis: { kind: 'rule', rule: 'psy' }, otherwise: { decision: 'deny', rule: 'no' } },
      { decision: 'permit', basis: { kind: 'emergency', rule: 'no' } },
    ]);
    expect(both([{ id: 'yes', effect: 'permit' }, holds])).toMatchObject([
      {
        decision: 'permit',
        basis: { kind: 'rule', rule: 'yes' },
        otherwise: { decision: 'permit', rule: 'yes' },
      },
      { decision: 'permit' },
    ]);
  });

  test('a block never opens what was closed to the blocked (the case that was found)', () => {
    const sexuality: ConsentRule = { id: 'sex', effect: 'deny', labels: ['SEX'], holdsInEmergency: true };
    const block: ConsentRule = { id: 'block', effect: 'deny', user: 'urn:oid:2.16.840.1.113883.4.6#10' };
    const items = [item({ labels: ['SEX'] }), item()];
    for (const rules of [[sexuality], [block, sexuality], [sexuality, block]]) {
      const decided = decide(consentOf(rules), DEFAULT_POLICY, request('r', asked({ items })), HOLDER, AT);
      expect(decided.map(({ decision }) => decision)).toEqual(['deny', 'permit']);
    }
    for (const rules of [
      [{ ...block, holdsInEmergency: true }],
      [block, { ...block, id: 'firm', holdsInEmergency: true }],
    ]) {
      expect(decideOne(consentOf(rules), asked())).toMatchObject({ decision: 'deny' });
    }
  });

  test('says what would have been without it, for default and rule', () => {
    expect(decideOne(consentOf([]), asked())?.otherwise).toEqual({ decision: 'deny' });
    expect(decideOne(deny(), asked())?.otherwise).toEqual({ decision: 'deny', rule: 'no' });
    expect(decideOne(permitBy({}), asked())?.otherwise).toEqual({ decision: 'permit', rule: 'r1' });
    expect(decideOne(undefined, asked())?.otherwise).toEqual({ decision: 'deny' });
    expect(decideOne(deny())).not.toHaveProperty('otherwise');
  });

  test('is no override where a rule permits it by its own code', () => {
    expect(decideOne(permitBy({ purposes: ['BTG'] }), asked())).toMatchObject({
      decision: 'permit',
      basis: { kind: 'rule' },
    });
    expect(decideOne(consentOf([], 'permit'), asked())).toMatchObject({ basis: { kind: 'default' } });
  });

  test.each<[string, Partial<AccessRequest>]>([
    ['a person', asked({ requester: { org: HOLDER, clientId: 'north-ehr', person: null } })],
    ['a reason', { purpose: 'BTG', emergency: null }],
  ])('without %s is refused, even where the rules permit', (_, fields) => {
    const refused = { decision: 'deny', basis: { kind: 'refused', reason: 'emergencyIncomplete' } };
    expect(decideOne(permitBy({}), fields)).toMatchObject(refused);
    expect(decideOne(undefined, fields)).toMatchObject(refused);
  });
});

describe('outcomeOf', () => {
  test.each([
    [['permit', 'permit'], 'permit'],
    [['permit', 'deny'], 'partial'],
    [['deny', 'deny'], 'deny'],
    [[], 'deny'],
  ] as const)('%j is %s', (decisions, outcome) => {
    expect(outcomeOf(decisions.map((decision) => ({ decision })))).toBe(outcome);
  });
});

describe('for every consent and request', () => {
  const few = <T>(...values: readonly T[]): fc.Arbitrary<T> => fc.constantFrom(...values);
  const some = <T>(...values: readonly T[]): fc.Arbitrary<T[]> =>
    fc.uniqueArray(few(...values), { minLength: 1, maxLength: 3 });
  const rule = fc.record(
    {
      id: few('a', 'b', 'c', 'd'),
      effect: few<'permit' | 'deny'>('permit', 'deny'),
      org: few('@holder', HOLDER, 'SouthClinicMSP'),
      user: few('u1', 'u2'),
      role: few('doctor', 'nurse'),
      purposes: some('TREAT', 'ETREAT', 'BTG', 'HPAYMT', 'COC'),
      labels: some('PSY', 'ETH', 'http://terminology.hl7.org/CodeSystem/v3-Confidentiality|R'),
      types: some('Observation', 'Condition'),
      actions: some<'read' | 'search'>('read', 'search'),
      period: few({ start: '2026-01-01' }, { end: '2026-11-22' }, { start: '2026-11-23', end: '2026-11-23' }),
      holdsInEmergency: fc.boolean(),
    },
    { requiredKeys: ['id', 'effect'] },
  ) as fc.Arbitrary<ConsentRule>;
  const consent = fc
    .record({ rules: fc.array(rule, { maxLength: 6 }), fallback: few<'permit' | 'deny'>('permit', 'deny') })
    .map(({ rules, fallback }) =>
      consentOf(
        rules.map((one, i) => ({ ...one, id: `${one.id}${i}` })),
        fallback,
      ),
    );
  const someRequest = fc
    .record({
      org: few(HOLDER, 'SouthClinicMSP'),
      person: few(null, { id: 'u1', name: 'U', role: 'doctor' }, { id: 'u2', name: 'V', role: 'nurse' }),
      purpose: few('TREAT', 'ETREAT', 'BTG', 'COC', 'ERTREAT'),
      action: few<'read' | 'search'>('read', 'search'),
      emergency: few(null, { reason: 'unconscious on arrival' }),
      items: fc.array(
        fc.record({
          type: few('Observation', 'Condition', 'Patient'),
          labels: fc.uniqueArray(few('PSY', 'ETH', 'R')),
        }),
        { minLength: 1, maxLength: 4 },
      ),
    })
    .map(({ org, person, items, ...rest }) =>
      request('r', {
        ...rest,
        requester: { org, clientId: 'c', person },
        items: items.map(({ type, labels }) => item({ type, labels: labels.sort() })),
      }),
    );
  const run = (policy: ConsentDocument, asked: AccessRequest): DecidedItem[] =>
    decide(policy, denyAll, asked, HOLDER, AT);
  const without = (rules: readonly ConsentRule[], named: string): ConsentRule[] =>
    rules.filter(({ id }) => id !== named);

  test('the decision is the same every time and changes nothing', () => {
    fc.assert(
      fc.property(consent, someRequest, (policy, asked) => {
        const before = JSON.stringify([policy, asked]);
        expect(run(policy, asked)).toEqual(run(structuredClone(policy), structuredClone(asked)));
        expect(JSON.stringify([policy, asked])).toBe(before);
      }),
    );
  });

  test('no permission that no rule, no default and no complete emergency gives', () => {
    fc.assert(
      fc.property(consent, someRequest, (policy, asked) => {
        for (const { decision, basis } of run(policy, asked)) {
          if (decision !== 'permit') {
            continue;
          }
          if (basis.kind === 'rule') {
            expect(policy.rules.find(({ id }) => id === basis.rule)?.effect).toBe('permit');
          } else if (basis.kind === 'default') {
            expect(policy.default).toBe('permit');
          } else {
            expect(basis.kind).toBe('emergency');
            expect(isEmergencyPurpose(asked.purpose)).toBe(true);
            expect(asked.emergency).not.toBeNull();
            expect(asked.requester.person).not.toBeNull();
          }
        }
      }),
      { numRuns: 500 },
    );
  });

  test('a consent that denies everything permits nothing outside an emergency', () => {
    fc.assert(
      fc.property(fc.array(rule), someRequest, (rules, asked) => {
        fc.pre(!isEmergencyPurpose(asked.purpose));
        const denying = consentOf(rules.map((one, i) => ({ ...one, id: `${i}`, effect: 'deny' })));
        expect(outcomeOf(run(denying, asked))).toBe('deny');
      }),
    );
  });

  test('outside an emergency an appended rule never changes an earlier match', () => {
    fc.assert(
      fc.property(consent, rule, someRequest, (policy, added, asked) => {
        fc.pre(!isEmergencyPurpose(asked.purpose));
        const longer = { ...policy, rules: [...policy.rules, { ...added, id: 'added' }] };
        const after = run(longer, asked);
        run(policy, asked).forEach((one, i) => {
          if ('rule' in one.basis) {
            expect(after[i]).toEqual(one);
          }
        });
      }),
      { numRuns: 500 },
    );
  });

  test('a rule that has expired or not begun never matches', () => {
    fc.assert(
      fc.property(
        consent,
        someRequest,
        few({ end: '2026-11-22' }, { start: '2026-11-24' }, { end: AT }),
        (policy, asked, period) => {
          const expired = policy.rules.map((one) => ({ ...one, period }));
          for (const { basis } of run({ ...policy, rules: expired }, asked)) {
            expect(basis).not.toHaveProperty('rule');
          }
        },
      ),
    );
  });

  test('only the named rule matters: without it the decision is another’s', () => {
    fc.assert(
      fc.property(consent, someRequest, (policy, asked) => {
        const first = run(policy, asked)[0];
        fc.pre(first !== undefined && 'rule' in first.basis);
        const named = (first.basis as { rule: string }).rule;
        const rest = run({ ...policy, rules: without(policy.rules, named) }, asked)[0];
        expect(rest?.basis).not.toMatchObject({ rule: named });
      }),
    );
  });
});

describe('a person', () => {
  const id = 'urn:oid:2.16.840.1.113883.4.6#70';
  test('is denied at every organisation, whatever the rule says of one', () => {
    const block = consentOf([{ id: 'no', effect: 'deny', user: id, org: HOLDER }], 'permit');
    for (const org of ['SouthClinicMSP', HOLDER, 'ElsewhereMSP']) {
      expect(decideOne(block, { requester: { ...southRequester, org } })).toMatchObject({ decision: 'deny' });
    }
    expect(decideOne(block)).toMatchObject({ decision: 'permit' });
  });

  test('is permitted nowhere by a rule that names no organisation, or the holder', () => {
    for (const fields of [{ user: id }, { user: id, org: '@holder' }]) {
      expect(decideOne(permitBy(fields), { requester: { ...southRequester, org: HOLDER } })).toMatchObject({
        decision: 'deny',
        basis: { kind: 'default' },
      });
    }
  });
});
