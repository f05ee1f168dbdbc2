// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import type { ConsentPolicy, ConsentRule } from '@api/schemas';
import { decide, parsePolicy } from '@chartwitness/chaincode/domain';
import { getDraft, setDraft } from '../../web/src/lib/draft';
import { draftArrangement, draftException, draftPolicy, rebaseDraft } from '../../web/src/lib/draftChanges';
import { readArrangement } from '../../web/src/lib/policy/arrangement';
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

  it('does not block twice: a block that is there goes to where the new one would be', () => {
    const allowed: ConsentRule = { id: 'yes', effect: 'permit', user: 'urn:a' };
    const blocked: ConsentRule = { id: 'no', effect: 'deny', user: 'urn:a' };
    draftException(onFile([blocked, ...CARE]), { effect: 'deny', user: 'urn:a' });
    expect(getDraft()).toBeNull();
    draftException(onFile([allowed, blocked, ...CARE]), { effect: 'deny', user: 'urn:a' });
    expect(draftRules().slice(0, 2)).toEqual([blocked, allowed]);
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
        for (const rule of before) draftException(file, rule);
        draftArrangement(file, (now) => ({ ...now, preset: 'closed' }));
        for (const rule of after) draftException(file, rule);
        const policy = getDraft()?.policy;
        if (policy === undefined) throw new Error('a change was made');
        expect(readArrangement(policy).preset).toBe('closed');
        for (const org of [NORTH.mspId, SOUTH.mspId]) {
          for (const id of ['urn:a', 'urn:b', 'urn:c'])
            expect(emergency(policy, org, id)).toEqual(['deny', 'deny']);
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
