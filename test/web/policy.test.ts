// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { consentPolicy, type ConsentPolicy, type ConsentRule } from '@api/schemas';
import {
  CONFIDENTIALITY_LABELS,
  decide,
  parsePolicy,
  SENSITIVITY_LABELS,
} from '@chartwitness/chaincode/domain';
import { DEFAULT_POLICY } from '../../gateway/src/compose/bootstrap';
import {
  CHOICES,
  freeId,
  readArrangement,
  toPolicy,
  type Preset,
} from '../../web/src/lib/policy/arrangement';
import { daysHeld } from '../../web/src/lib/policy/daysHeld';
import { mergePolicies } from '../../web/src/lib/policy/mergePolicies';
import { moveRule, placeRule, wantedId } from '../../web/src/lib/policy/placeRule';
import { alsoBlocked, permissionReach } from '../../web/src/lib/policy/labelReach';
import { policyDifference, restricts } from '../../web/src/lib/policy/policyDifference';
import { restrictionsOf, type Reach } from '../../web/src/lib/policy/restrictions';
import { Vocabulary } from '../../web/src/words/context';
import { words as en } from '../../web/src/words/languages/en';
import { alsoBlockedWords } from '../../web/src/features/consent/alsoBlockedWords';
import { OFFERED_LABELS } from '../../web/src/features/consent/exception/LabelChoice';
import { inForceSince, standingRule } from '../../web/src/lib/policy/standingRule';
import { CARE, consent, consentHistory, NORTH, SOUTH } from './support/answers';

const block = (id: string, part: Partial<ConsentRule> = {}): ConsentRule => ({ id, effect: 'deny', ...part });
const allow = (id: string, part: Partial<ConsentRule> = {}): ConsentRule => ({
  id,
  effect: 'permit',
  ...part,
});
const A = block('a', { user: 'urn:a' });
const B = block('b', { org: SOUTH.mspId });
const C = allow('c', { org: NORTH.mspId, purposes: ['TREAT'] });
const policy = (exceptions: readonly ConsentRule[], preset: Preset = 'care'): ConsentPolicy =>
  toPolicy({ exceptions, preset });

const rules = fc.uniqueArray(
  fc.record(
    {
      id: fc.constantFrom<string[]>('care', 'running', 'closed', 'own-hospital', 'x', 'y', 'z', 'care-2'),
      effect: fc.constantFrom<ConsentRule['effect'][]>('permit', 'deny'),
      org: fc.constantFrom<string[]>('@holder', 'SouthClinicMSP'),
      purposes: fc.constantFrom<string[][]>(['TREAT'], ['HPAYMT', 'HOPERAT'], ['HOPERAT', 'HPAYMT']),
    },
    { requiredKeys: ['id', 'effect'] },
  ),
  { selector: ({ id }) => id, maxLength: 6 },
);
const presets = fc.constantFrom<Preset>('care', 'hospital', 'usual', 'emergency', 'closed', 'other');

describe('a consent as exceptions and a general setting', () => {
  it('loses nothing: reading any policy and writing it again decides alike', () => {
    fc.assert(
      fc.property(rules, fc.constantFrom('permit' as const, 'deny' as const), (list, fallback) => {
        const before: ConsentPolicy = { rules: list, default: fallback };
        const after = toPolicy(readArrangement(before));
        const meaning = ({ rules: all, default: otherwise }: ConsentPolicy) => [
          all.map((rule) => [rule.effect, rule.org, [...(rule.purposes ?? [])].sort()]),
          otherwise,
        ];
        expect(meaning(after)).toEqual(meaning(before));
      }),
    );
  });

  it('always writes what the ledger accepts', () => {
    fc.assert(
      fc.property(rules, presets, (exceptions, preset) => {
        const written = toPolicy({ exceptions, preset });
        expect(consentPolicy.safeParse(written).success).toBe(true);
        expect(() => parsePolicy(written)).not.toThrow();
      }),
    );
  });

  it.each(CHOICES)('knows its own preset again: %s', (preset) => {
    expect(readArrangement(toPolicy({ exceptions: [A], preset }))).toEqual({ exceptions: [A], preset });
  });
});

describe('what the presets mean on the ledger', () => {
  const outcome = (preset: Preset, org: string, purpose: string): string => {
    const request = {
      id: 'i'.repeat(22), salt: 's'.repeat(22), subject: 's'.repeat(43), requester: { org, clientId: 'c', person: { id: 'p', name: 'P', role: 'doctor' } },
      purpose, action: 'read' as const, emergency: purpose === 'BTG' ? { reason: 'Found unconscious' } : null,
      items: [{ type: 'Observation', labels: [], count: 1, ids: [] }], requestedAt: '2026-05-06T09:15:00.000Z', late: false,
    }; // prettier-ignore
    const document = {
      subject: request.subject,
      version: 1,
      ...parsePolicy(toPolicy({ exceptions: [], preset })),
    };
    return (
      decide(document, { rules: [], default: 'deny' }, request, NORTH.mspId, request.requestedAt)[0]
        ?.decision ?? 'none'
    );
  };

  it.each([
    ['care', NORTH.mspId, 'TREAT', 'permit'],
    ['care', SOUTH.mspId, 'TREAT', 'permit'],
    ['care', NORTH.mspId, 'HPAYMT', 'permit'],
    ['care', SOUTH.mspId, 'HPAYMT', 'deny'],
    ['care', NORTH.mspId, 'HRESCH', 'deny'],
    ['hospital', NORTH.mspId, 'TREAT', 'permit'],
    ['hospital', SOUTH.mspId, 'TREAT', 'deny'],
    ['hospital', SOUTH.mspId, 'BTG', 'permit'],
    ['usual', NORTH.mspId, 'TREAT', 'permit'],
    ['usual', SOUTH.mspId, 'TREAT', 'deny'],
    ['usual', NORTH.mspId, 'HPAYMT', 'deny'],
    ['emergency', NORTH.mspId, 'TREAT', 'deny'],
    ['emergency', SOUTH.mspId, 'BTG', 'permit'],
    ['closed', NORTH.mspId, 'TREAT', 'deny'],
    ['closed', SOUTH.mspId, 'BTG', 'deny'],
  ] as const)('%s: %s for %s → %s', (preset, org, purpose, decision) => {
    expect(outcome(preset, org, purpose)).toBe(decision);
  });
});

it('the network’s default setting is read as “as usual”, not as an exception that the patient made', () => {
  const { rules: usual, default: fallback } = DEFAULT_POLICY;
  const document = { rules: usual.map((rule) => ({ ...rule })) as ConsentRule[], default: fallback };
  expect(readArrangement(document)).toEqual({ exceptions: [], preset: 'usual' });
});

describe('a new exception', () => {
  it('goes before what is less particular, and before an older one about the same', () => {
    const added = block('new', { user: 'urn:a' });
    expect(placeRule([B, C], added)).toEqual([added, B, C]);
    expect(placeRule([A, B], added)).toEqual([added, A, B]);
    expect(placeRule([A, C], B)).toEqual([A, B, C]);
    expect(placeRule([A, B], block('psy', { labels: ['PSY'] }))).toEqual([
      A,
      B,
      block('psy', { labels: ['PSY'] }),
    ]);
  });

  it('gets an id that the ledger accepts, whatever it is about', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 256, unit: 'binary' }), (user) => {
        expect(freeId(wantedId({ effect: 'deny', user }), new Set())).toMatch(/^[A-Za-z0-9._-]{1,64}$/);
      }),
    );
    expect(freeId('a', new Set(['a', 'a-2']))).toBe('a-3');
  });

  it('moves by one place and not over the ends', () => {
    expect(moveRule([A, B, C], 1, -1)).toEqual([B, A, C]);
    expect(moveRule([A, B, C], 1, 1)).toEqual([A, C, B]);
    expect(moveRule([A, B, C], 0, -1)).toEqual([A, B, C]);
    expect(moveRule([A, B, C], 2, 1)).toEqual([A, B, C]);
  });
});

describe('the difference of two consents', () => {
  it('is empty exactly when they say the same', () => {
    expect(policyDifference(policy([A, B]), policy([A, B]))).toEqual([]);
    expect(policyDifference(policy([C]), policy([{ ...C, purposes: ['TREAT'] }]))).toEqual([]);
  });

  it('tells what was added, removed, changed, moved, and the general setting', () => {
    const changed = { ...C, purposes: ['HRESCH'] };
    expect(policyDifference(policy([A, C]), policy([B, changed], 'closed'))).toEqual([
      { kind: 'preset', before: 'care', after: 'closed' },
      { kind: 'added', rule: B },
      { kind: 'changed', before: C, after: changed },
      { kind: 'removed', rule: A },
    ]);
    expect(policyDifference(policy([A, B]), policy([B, A]))).toEqual([{ kind: 'order' }]);
  });

  it.each([
    ['a block', policyDifference(policy([]), policy([A])), true],
    ['a permission taken back', policyDifference(policy([C]), policy([])), true],
    ['a closer setting', policyDifference(policy([]), policy([], 'hospital')), true],
    ['a permission', policyDifference(policy([]), policy([C])), false],
    ['a block taken back', policyDifference(policy([A]), policy([])), false],
    [
      'a block turned into a permission',
      policyDifference(policy([A]), policy([{ ...A, effect: 'permit' }])),
      false,
    ],
    [
      'a permission turned into a block',
      policyDifference(policy([C]), policy([{ ...C, effect: 'deny' }])),
      true,
    ],
    ['a more open setting', policyDifference(policy([], 'closed'), policy([])), false],
  ])('asks for the warning: %s', (_what, changes, needsWarning) => {
    expect(changes.some(restricts)).toBe(needsWarning);
  });
});

describe('what a restriction means in an emergency', () => {
  const held = (id: string): ConsentRule => block(id, { labels: ['PSY'], holdsInEmergency: true });
  const ada = allow('ada', { user: 'urn:a', org: SOUTH.mspId });
  it.each<[string, ConsentPolicy, ConsentPolicy, readonly (readonly [string, Reach?])[]]>([
    ['a block', policy([]), policy([A]), [['block', 'opens']]],
    [
      'a block beside one that held before',
      policy([held('h')]),
      policy([held('h'), A]),
      [['block', 'opens']],
    ],
    ['a block that holds', policy([A]), policy([A, held('h')]), [['block', 'staysClosed']]],
    [
      'one of each',
      policy([]),
      policy([A, held('h')]),
      [
        ['block', 'opens'],
        ['block', 'staysClosed'],
      ],
    ],
    [
      'a block made to hold',
      policy([A]),
      policy([{ ...A, holdsInEmergency: true }]),
      [['block', 'staysClosed']],
    ],
    ['a block where all is closed', policy([], 'closed'), policy([A], 'closed'), [['block', 'staysClosed']]],
    [
      'a block where all is closed, of somebody whom a permission lets in',
      policy([ada], 'closed'),
      policy([A, ada], 'closed'),
      [['block', 'opens']],
    ],
    ['a permission taken back', policy([C], 'hospital'), policy([], 'hospital'), [['permission', 'opens']]],
    [
      'a permission taken back where all is closed',
      policy([C], 'closed'),
      policy([], 'closed'),
      [['permission', 'staysClosed']],
    ],
    ['a closer setting', policy([]), policy([], 'hospital'), [['preset', 'opens']]],
    ['closed even then', policy([A]), policy([A], 'closed'), [['preset', 'staysClosed']]],
    ['another order', policy([A, held('h')]), policy([held('h'), A]), [['order']]],
    ['a permission', policy([]), policy([C]), []],
    [
      'a block of what another closes even then',
      policy([{ ...A, id: 'h', holdsInEmergency: true }]),
      policy([A, { ...A, id: 'h', holdsInEmergency: true }]),
      [['block', 'staysClosed']],
    ],
    [
      'a block of what another closes even then, behind somebody whom a permission lets in',
      policy([ada, { ...A, id: 'h', holdsInEmergency: true }]),
      policy([A, ada, { ...A, id: 'h', holdsInEmergency: true }]),
      [['block', 'opens']],
    ],
  ])('%s', (_what, before, after, expected) => {
    const found = restrictionsOf(policyDifference(before, after), after);
    expect(found.map((one) => (one.kind === 'order' ? [one.kind] : [one.kind, one.reach]))).toEqual(expected);
  });
});

describe('that others keep what they may see', () => {
  it.each<[string, ConsentPolicy, ConsentPolicy, readonly boolean[]]>([
    ['one block of one person', policy([]), policy([A]), [true]],
    ['the same block, made to hold', policy([A]), policy([{ ...A, holdsInEmergency: true }]), [true]],
    ['two blocks', policy([]), policy([A, B]), [false, false]],
    ['a block and a more open setting', policy([], 'hospital'), policy([A], 'care'), [false]],
    ['a block and a closer setting', policy([]), policy([A], 'closed'), [false]],
    ['a block, and one taken back', policy([B]), policy([A]), [false]],
    ['a block that becomes another person’s', policy([A]), policy([{ ...A, user: 'urn:b' }]), [false]],
    ['a block of everybody', policy([]), policy([block('x', { labels: ['PSY'] })]), [false]],
  ])('is said of one block alone: %s', (_what, before, after, expected) => {
    const found = restrictionsOf(policyDifference(before, after), after);
    expect(found.flatMap((one) => (one.kind === 'block' ? [one.leavesOthers] : []))).toEqual(expected);
  });
});

describe('on how many of the days a rule holds', () => {
  const since = new Date('2026-03-01T00:00:00.000Z');
  const until = new Date('2026-05-01T12:00:00.000Z');
  it.each([
    [undefined, 'all'],
    [{ end: '2026-05-01' }, 'all'],
    [{ start: '2026-03-01' }, 'all'],
    [{ start: '2026-05-02' }, 'never'],
    [{ end: '2026-02-28' }, 'never'],
    [{ end: '2026-03-01' }, 'partly'],
    [{ start: '2026-05-01' }, 'partly'],
    [{ start: '2026-03-10', end: '2026-03-12' }, 'partly'],
  ])('%j: %s', (period, expected) => {
    expect(daysHeld({ period }, since, until)).toBe(expected);
  });
});

describe('the subjects that are offered', () => {
  it('are every code of HL7’s two value sets that is not retired, each once', () => {
    expect([...OFFERED_LABELS].sort()).toEqual(
      [...SENSITIVITY_LABELS, ...CONFIDENTIALITY_LABELS].filter((code) => code !== 'SICKLE').sort(),
    );
  });

  it('say what a block of them contains, and how far a permission reaches', () => {
    expect(alsoBlocked(['ETH'])).toEqual(['SUD', 'ETHUD', 'OPIOIDUD']);
    expect(alsoBlocked(['R', 'HIV'])).toEqual(['V']);
    expect(alsoBlocked(['http://terminology.hl7.org/CodeSystem/v3-ActCode|ETHUD'])).toContain('ETH');
    const words = new Vocabulary('en', en);
    expect(alsoBlockedWords(words, ['SCA'])).toBe('');
    expect(alsoBlockedWords(words, ['GDIS'])).toBe('sickle cell illness');
    expect(permissionReach(['PSY'])).toBe('exact');
    expect(permissionReach(['R'])).toBe('upTo');
    expect(permissionReach(['R', 'PSY'])).toBe('exact');
  });
});

describe('a merge with what was saved elsewhere', () => {
  it('keeps what both sides changed', () => {
    expect(mergePolicies(policy([A]), policy([A, B]), policy([A, C]))).toEqual({
      policy: policy([A, B, C]),
      clashes: [],
      known: [],
    });
    expect(mergePolicies(policy([A, B]), policy([B]), policy([A, B, C]))).toEqual({
      policy: policy([B, C]),
      clashes: [],
      known: [],
    });
    expect(mergePolicies(policy([A]), policy([A], 'closed'), policy([A, B]))).toEqual({
      policy: policy([A, B], 'closed'),
      clashes: [],
      known: [],
    });
  });

  it('keeps both where both changed the same, and names the clash where there can be only one', () => {
    const mine = { ...C, purposes: ['HRESCH'] };
    const theirs = { ...C, purposes: ['HPAYMT'] };
    expect(mergePolicies(policy([C]), policy([mine]), policy([theirs]))).toEqual({
      policy: policy([theirs, { ...mine, id: 'c-2' }]),
      clashes: [],
      known: [],
    });
    // Both began an exception under the same id: neither is lost, and the denial stands before the
    // permission.
    const closes = { ...theirs, effect: 'deny' as const };
    const opens = { ...mine, effect: 'permit' as const };
    expect(mergePolicies(policy([]), policy([closes]), policy([opens])).policy).toEqual(
      policy([{ ...closes, id: 'c-2' }, opens]),
    );
    expect(mergePolicies(policy([]), policy([opens]), policy([closes])).policy).toEqual(
      policy([closes, { ...opens, id: 'c-2' }]),
    );
    expect(mergePolicies(policy([C]), policy([mine]), policy([]))).toEqual({
      policy: policy([]),
      clashes: ['c'],
      known: [],
    });
    expect(mergePolicies(policy([C]), policy([]), policy([theirs]))).toEqual({
      policy: policy([theirs]),
      clashes: ['c'],
      known: [],
    });
    expect(mergePolicies(policy([]), policy([], 'closed'), policy([], 'hospital')).clashes).toEqual([
      'preset',
    ]);
  });

  it('is theirs when I changed nothing, and mine when they changed nothing', () => {
    // The order of a rule's list says nothing, and a merge may take either.
    const inOrder = (read: ConsentPolicy): ConsentPolicy => ({
      ...read,
      rules: read.rules.map((rule) =>
        rule.purposes === undefined ? rule : { ...rule, purposes: [...rule.purposes].sort() },
      ),
    });
    const holds = ([baseRules, basePreset, otherRules, otherPreset]: readonly [
      ConsentRule[],
      Preset,
      ConsentRule[],
      Preset,
    ]): void => {
      const base = toPolicy({ exceptions: baseRules, preset: basePreset });
      const other = toPolicy({ exceptions: otherRules, preset: otherPreset });
      for (const merge of [mergePolicies(base, base, other), mergePolicies(base, other, base)]) {
        expect({ ...merge, policy: inOrder(merge.policy) }).toEqual({
          policy: inOrder(toPolicy(readArrangement(other))),
          clashes: [],
          known: [],
        });
      }
    };
    const listed = (purposes: string[]): ConsentRule[] => [block('running', { org: SOUTH.mspId, purposes })];
    fc.assert(fc.property(fc.tuple(rules, presets, rules, presets), holds), {
      examples: [[[listed(['HPAYMT', 'HOPERAT']), 'emergency', listed(['HOPERAT', 'HPAYMT']), 'emergency']]],
    });
  });

  const heldA = { ...A, holdsInEmergency: true };
  it('adds no block that theirs blocks already, and says by which rule', () => {
    // The same id, another id, a block of more people, the setting that closes all.
    const all = block('all', { holdsInEmergency: true });
    for (const theirs of [heldA, { ...heldA, id: 'other' }, all]) {
      expect(mergePolicies(policy([]), policy([A]), policy([theirs]))).toEqual({
        policy: policy([theirs]),
        clashes: [],
        known: [
          { mine: { ...A, id: theirs.id === 'a' ? 'a-2' : 'a' }, by: { id: theirs.id, isStronger: true } },
        ],
      });
    }
    expect(mergePolicies(policy([]), policy([A]), policy([], 'closed')).known).toMatchObject([
      { by: { id: 'closed', isStronger: true } },
    ]);
    // The same block, firmer here: one line.
    expect(mergePolicies(policy([]), policy([heldA]), policy([A]))).toEqual({
      policy: policy([heldA]),
      clashes: [],
      known: [],
    });
  });

  it('leaves a block in that theirs blocks in part, or not in an emergency, or behind a permission', () => {
    const ada = allow('ada', { user: 'urn:a', org: SOUTH.mspId });
    const part = block('part', { user: 'urn:a', labels: ['PSY'], holdsInEmergency: true });
    for (const theirs of [[part], [ada, { ...heldA, id: 'late' }]]) {
      const merge = mergePolicies(policy([]), policy([A]), policy(theirs));
      expect(merge.known).toEqual([]);
      expect(merge.policy.rules).toContainEqual(A);
    }
    expect(mergePolicies(policy([]), policy([{ ...heldA, id: 'h' }]), policy([A])).known).toEqual([]);
  });
});

describe('what a decision rested on', () => {
  const versions = consentHistory().items;

  it('is the exception or the general setting of that version', () => {
    expect(standingRule(versions, 2, 'block-psy')).toMatchObject({ kind: 'rule', rule: { id: 'block-psy' } });
    expect(standingRule(versions, 1, 'care')).toEqual({ kind: 'preset', preset: 'care' });
    expect(standingRule(versions, 1, undefined)).toEqual({ kind: 'preset', preset: 'care' });
  });

  it('names those whom a rule before it lets in, when it refuses everybody else the same', () => {
    const psy = block('psy', { labels: ['PSY'] });
    const ada = allow('ada', { user: 'urn:a', labels: ['PSY'] });
    const south = allow('south', { org: SOUTH.mspId, labels: ['PSY'] });
    const others = [
      allow('other-data', { user: 'urn:a', labels: ['HIV'] }),
      allow('other-reason', { user: 'urn:a', labels: ['PSY'], purposes: ['HRESCH'] }),
      allow('a-role', { role: 'doctor', labels: ['PSY'] }),
      block('a-block', { user: 'urn:a', labels: ['PSY'] }),
    ];
    const saved = [{ at: '2026-05-04T08:00:00.000Z', consent: consent([ada, south, ...others, psy, C], 1) }];
    expect(standingRule(saved, 1, 'psy')).toEqual({ kind: 'rule', rule: psy, but: [ada, south] });
    expect(standingRule(saved, 1, 'ada')).toMatchObject({ but: [] });
  });

  it('is unknown for another version or rule, and not guessed', () => {
    expect(standingRule(versions, 9, 'care')).toBeUndefined();
    expect(standingRule(versions, 1, 'block-psy')).toBeUndefined();
  });

  it('is in force since the oldest version without a gap that says the same', () => {
    expect(inForceSince(versions, 2, 'care')).toBe('2026-05-03T08:00:00.000Z');
    expect(inForceSince(versions, 2, 'block-psy')).toBe('2026-05-04T08:00:00.000Z');
    const withGap = [
      { at: '2026-05-09T08:00:00.000Z', consent: consent(CARE, 4) },
      { at: '2026-05-08T08:00:00.000Z', consent: consent([], 3) },
      ...versions,
    ];
    expect(inForceSince(withGap, 4, 'care')).toBe('2026-05-09T08:00:00.000Z');
  });
});
