// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import type { ConsentPolicy, ConsentRule } from '@api/schemas';
import { decide, parsePolicy } from '@chartwitness/chaincode/domain';
import { getDraft, setDraft } from '../../web/src/lib/draft';
import { draftArrangement, draftException, draftPolicy, rebaseDraft } from '../../web/src/lib/draftChanges';
import { holdInEmergency } from '../../web/src/lib/policy/addException';
import { readArrangement } from '../../web/src/lib/policy/arrangement';
import { isExpress } from '../../web/src/lib/policy/placeRule';
import { CARE, consent, NORTH, SOUTH } from './support/answers';

const onFile = (rules: ConsentRule[], version = 1) => ({
  consent: consent(rules, version),
  etag: `"${String(version)}"`,
});
const draftRules = (): readonly ConsentRule[] => getDraft()?.policy.rules ?? [];

beforeEach(() => {
  setDraft(null);
});

describe('a draft', () => {
  it('is none when it says the same as what is on file', () => {
    const file = onFile(CARE);
    draftArrangement(file, (now) => ({ ...now, preset: 'closed' }));
    expect(getDraft()).not.toBeNull();
    draftArrangement(file, (now) => ({ ...now, preset: 'care' }));
    expect(getDraft()).toBeNull();
  });

  it('names the version that it was begun from, whatever is read later', () => {
    draftException(onFile(CARE, 1), { effect: 'deny', user: 'urn:a' });
    draftException(onFile(CARE, 2), { effect: 'deny', user: 'urn:b' });
    expect(getDraft()?.base.consent.version).toBe(1);
    expect(draftRules().map(({ user }) => user)).toEqual(['urn:b', 'urn:a', undefined, undefined]);
  });

  it('does not block twice: what is there is told, and is made to do what was asked for', () => {
    const allowed: ConsentRule = { id: 'yes', effect: 'permit', user: 'urn:a', org: SOUTH.mspId };
    const blocked: ConsentRule = { id: 'no', effect: 'deny', user: 'urn:a' };
    const again = { effect: 'deny', user: 'urn:a' } as const;
    expect(draftException(onFile([blocked, ...CARE]), again)).toEqual({ id: 'no', isStronger: false });
    expect(getDraft()).toBeNull();
    // Behind a permission that passes it: it goes where it blocks.
    expect(draftException(onFile([allowed, blocked, ...CARE]), again)).toBeUndefined();
    expect(draftRules().slice(0, 2)).toEqual([blocked, allowed]);
    setDraft(null);
    // Without holding in an emergency: it is made to, and stays the same rule.
    expect(draftException(onFile([blocked, ...CARE]), { ...again, holdsInEmergency: true })).toBeUndefined();
    expect(draftRules()).toEqual([{ ...blocked, holdsInEmergency: true }, ...CARE]);
  });

  it('tells of a stronger block, and of the setting that blocks everything', () => {
    const always: ConsentRule = { id: 'always', effect: 'deny', user: 'urn:a', holdsInEmergency: true };
    const all: ConsentRule = { id: 'all', effect: 'deny', org: SOUTH.mspId };
    const user = { effect: 'deny', user: 'urn:a' } as const;
    expect(draftException(onFile([always, ...CARE]), user)).toEqual({ id: 'always', isStronger: true });
    expect(
      draftException(onFile([all, ...CARE]), { effect: 'deny', org: SOUTH.mspId, labels: ['PSY'] }),
    ).toEqual({ id: 'all', isStronger: true });
    expect(draftException(onFile([{ id: 'closed', effect: 'deny', holdsInEmergency: true }]), user)).toEqual({
      id: 'closed',
      isStronger: true,
    });
    expect(getDraft()).toBeNull();
  });

  it('put onto a newer version that says the same is none', () => {
    draftException(onFile(CARE), { effect: 'deny', user: 'urn:a' });
    const policy = getDraft()?.policy as ConsentPolicy;
    rebaseDraft(onFile([...policy.rules], 2), policy);
    expect(getDraft()).toBeNull();
    rebaseDraft(onFile(CARE, 2), policy);
    expect(getDraft()?.base.consent.version).toBe(2);
  });

  it('takes a version back as it was', () => {
    draftPolicy(onFile(CARE, 2), { rules: [], default: 'deny' });
    expect(getDraft()?.policy).toEqual({ rules: [], default: 'deny' });
  });
});

describe('“closed, even in an emergency”', () => {
  const blocks = fc.array(
    fc.record(
      {
        effect: fc.constantFrom<ConsentRule['effect'][]>('deny'),
        user: fc.constantFrom('urn:a', 'urn:b'),
        org: fc.constantFrom('@holder', SOUTH.mspId),
        labels: fc.constant<string[]>(['PSY']),
        holdsInEmergency: fc.boolean(),
      },
      { requiredKeys: ['effect'] },
    ),
    { maxLength: 5 },
  );

  it('opens to nobody in an emergency, whatever is blocked besides and in whatever order it was chosen', () => {
    fc.assert(
      fc.property(blocks, blocks, (before, after) => {
        setDraft(null);
        const file = onFile(CARE);
        for (const rule of before) {
          draftException(file, rule);
        }
        draftArrangement(file, (now) => ({ ...now, preset: 'closed' }));
        for (const rule of after) {
          draftException(file, rule);
        }
        const policy = getDraft()?.policy;
        if (policy === undefined) {
          throw new Error('a change was made');
        }
        expect(readArrangement(policy).preset).toBe('closed');
        for (const org of [NORTH.mspId, SOUTH.mspId]) {
          for (const id of ['urn:a', 'urn:b', 'urn:c']) {
            expect(emergency(policy, org, id)).toEqual(['deny', 'deny']);
          }
        }
      }),
    );
  });

  function emergency(policy: ConsentPolicy, org: string, id: string): readonly string[] {
    const at = '2026-05-06T09:15:00.000Z';
    const request = {
      requester: { org, clientId: 'c', person: { id, name: 'P', role: 'doctor' } },
      purpose: 'BTG',
      action: 'read' as const,
      emergency: { reason: 'Found unconscious' },
      items: [['PSY'], []].map((labels) => ({ type: 'Observation', labels, count: 1, ids: [] })),
    };
    const document = { subject: 's'.repeat(43), version: 1, ...parsePolicy(policy) };
    return decide(document, { rules: [], default: 'deny' }, request, NORTH.mspId, at).map(
      ({ decision }) => decision,
    );
  }
});

describe('a block', () => {
  const USERS = ['urn:a', 'urn:b'];
  const ORGS = [NORTH.mspId, SOUTH.mspId];
  const LABEL_SETS = [[], ['PSY'], ['HIV'], ['PSY', 'HIV'], ['R']];
  const criteria = fc.record(
    {
      user: fc.constantFrom(...USERS),
      org: fc.constantFrom(...ORGS),
      role: fc.constantFrom('doctor', 'nurse'),
      labels: fc.constantFrom<string[][]>(['PSY'], ['HIV'], ['MH'], ['R']),
      types: fc.constantFrom<string[][]>(['Observation'], ['Condition']),
      purposes: fc.constantFrom<string[][]>(['TREAT'], ['HRESCH'], ['BTG']),
      holdsInEmergency: fc.boolean(),
    },
    { requiredKeys: [] },
  );
  const rule = fc
    .tuple(fc.constantFrom<ConsentRule['effect'][]>('permit', 'deny'), criteria)
    .map(([effect, { holdsInEmergency, ...rest }]): Omit<ConsentRule, 'id'> =>
      effect === 'permit'
        ? // A permission for a person names the organisation.
          { effect, ...rest, ...(rest.user !== undefined && { org: rest.org ?? SOUTH.mspId }) }
        : { effect, ...rest, ...(holdsInEmergency === true && { holdsInEmergency }) },
    );
  const rules = fc
    .array(rule, { maxLength: 4 })
    .map((list) => list.map((one, at) => ({ ...one, id: `r${String(at)}` })));

  /**
   * Every request that the rules can tell apart, with what becomes of an item of each type and set of labels.
   */
  function outcomes(policy: ConsentPolicy): ReadonlyMap<string, string> {
    const document = { subject: 's'.repeat(43), version: 1, ...parsePolicy(policy) };
    const found = new Map<string, string>();
    for (const org of ORGS) {
      for (const id of USERS) {
        for (const role of ['doctor', 'nurse']) {
          for (const purpose of ['TREAT', 'HRESCH', 'BTG']) {
            const items = ['Observation', 'Condition'].flatMap((type) =>
              LABEL_SETS.map((labels) => ({ type, labels, count: 1, ids: [] })),
            );
            const request = {
              requester: { org, clientId: 'c', person: { id, name: 'P', role } },
              purpose,
              action: 'read' as const,
              emergency: purpose === 'BTG' ? { reason: 'Found unconscious' } : null,
              items,
            };
            const decided = decide(
              document,
              { rules: [], default: 'deny' },
              request,
              NORTH.mspId,
              '2026-05-06T09:15:00.000Z',
            );
            decided.forEach(({ decision }, at) => {
              found.set(JSON.stringify([request.requester, purpose, items[at]]), decision);
            });
          }
        }
      }
    }
    return found;
  }

  it('opens nothing, whatever is there, and blocks what it says but for express exemptions', () => {
    fc.assert(
      fc.property(
        rules,
        fc.constantFrom('permit' as const, 'deny' as const),
        rule,
        (list, fallback, added) => {
          fc.pre(added.effect === 'deny');
          setDraft(null);
          const file = { consent: consent(list, 1, fallback), etag: '"1"' };
          const known = draftException(file, added);
          const policy = getDraft()?.policy ?? { rules: list, default: fallback };
          const before = outcomes({ rules: list, default: fallback });
          const after = outcomes(policy);
          // The added rule alone, before everything: what it says.
          const alone = outcomes({ rules: [{ ...added, id: 'alone' }], default: 'permit' });
          const express = policy.rules.filter((one) => isExpress(one, added));
          const exempted = outcomes({ rules: express, default: 'deny' });
          if (known !== undefined) {
            expect(getDraft()).toBeNull();
          }
          for (const [request, decision] of after) {
            if (decision === 'permit') {
              expect([request, before.get(request)]).toEqual([request, 'permit']);
              if (alone.get(request) === 'deny') {
                expect([request, exempted.get(request)]).toEqual([request, 'permit']);
              }
            }
          }
        },
      ),
      { numRuns: 150 },
    );
  });

  it('that is made to hold, or not any more, opens nothing in the first case and is as it was after both', () => {
    fc.assert(
      fc.property(rules, (list) => {
        const block = list.find(({ effect }) => effect === 'deny');
        fc.pre(block !== undefined && block.holdsInEmergency !== true);
        const { id } = block;
        const held = holdInEmergency(list, id, true);
        const before = outcomes({ rules: list, default: 'deny' });
        for (const [request, decision] of outcomes({ rules: [...held], default: 'deny' })) {
          if (decision === 'permit') {
            expect([request, before.get(request)]).toEqual([request, 'permit']);
          }
        }
        expect(holdInEmergency(held, id, false).find((one) => one.id === id)).toEqual(block);
      }),
    );
  });
});
