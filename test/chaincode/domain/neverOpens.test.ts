// SPDX-License-Identifier: Apache-2.0
import * as fc from 'fast-check';
import {
  type AccessRequest,
  type ConsentDocument,
  type ConsentRule,
  decide,
  normaliseLabels,
  parseAccessRequest,
  parsePolicy,
} from '@chartwitness/chaincode/domain';
import { parseLabel } from '../../../chaincode/src/domain/labels';
import {
  AT,
  HOLDER_MSP,
  SENSITIVITIES,
  someDenial,
  someLabel,
  somePolicy,
  someRequest,
  SPELLINGS,
  UNKNOWN_SPELLINGS,
} from '../support/policies';

const RUNS = { numRuns: 2000 };
const opened = (policy: ConsentDocument, asked: AccessRequest): boolean[] =>
  decide(policy, policy, asked, HOLDER_MSP, AT).map(({ decision }) => decision === 'permit');
function expectNoneOpens(before: readonly boolean[], after: readonly boolean[]): void {
  expect(after.map((isOpen, i) => isOpen && before[i] !== true)).toEqual(after.map(() => false));
}
const withRules = (policy: ConsentDocument, rules: readonly ConsentRule[]): ConsentDocument => ({
  ...policy,
  rules,
});
const withLabels = (
  asked: AccessRequest,
  change: (labels: readonly string[]) => Iterable<string>,
): AccessRequest => ({
  ...asked,
  items: asked.items.map((item) => ({ ...item, labels: normaliseLabels(change(item.labels)) })),
});

test('the generated rules and requests are ones that the ledger takes', () => {
  fc.assert(
    fc.property(somePolicy, someRequest, ({ rules, default: fallback }, asked) => {
      expect(parsePolicy({ rules, default: fallback }).rules).toEqual(rules);
      expect(parseAccessRequest(asked)).toEqual(asked);
    }),
  );
});

describe('never opens, in an emergency or not:', () => {
  test('a denial added at any place', () => {
    fc.assert(
      fc.property(somePolicy, someDenial, fc.nat({ max: 7 }), someRequest, (policy, denial, place, asked) => {
        const rules = [...policy.rules];
        rules.splice(place, 0, { ...denial, id: 'added' });
        expectNoneOpens(opened(policy, asked), opened(withRules(policy, rules), asked));
      }),
      RUNS,
    );
  });

  test('a denial that holds in an emergency too, or a default that denies', () => {
    fc.assert(
      fc.property(somePolicy, fc.nat({ max: 7 }), someRequest, (policy, place, asked) => {
        const rules = policy.rules.map((rule, i) =>
          i === place && rule.effect === 'deny' ? { ...rule, holdsInEmergency: true } : rule,
        );
        expectNoneOpens(opened(policy, asked), opened(withRules(policy, rules), asked));
        expectNoneOpens(opened(policy, asked), opened({ ...policy, default: 'deny' }, asked));
      }),
      RUNS,
    );
  });

  test('a label added to the data, unless a permission names it exactly', () => {
    fc.assert(
      fc.property(somePolicy, someRequest, someLabel, (policy, asked, added) => {
        const [normal = ''] = normaliseLabels([added]);
        const isNamed = policy.rules.some(
          ({ effect, labels }) => effect === 'permit' && normaliseLabels(labels ?? []).includes(normal),
        );
        fc.pre(!isNamed);
        expectNoneOpens(
          opened(policy, asked),
          opened(
            policy,
            withLabels(asked, (own) => [...own, added]),
          ),
        );
      }),
      RUNS,
    );
  });

  test('more labels than can be recorded', () => {
    const many = Array.from({ length: 21 }, (_, i) => `https://labels.example.org|${String(i)}`);
    fc.assert(
      fc.property(somePolicy, someRequest, (policy, asked) => {
        const after = withLabels(asked, (own) => [...own, ...many]);
        expect(after.items.every(({ labels }) => labels.join() === '*')).toBe(true);
        expectNoneOpens(opened(policy, asked), opened(policy, after));
      }),
      RUNS,
    );
  });

  test('a label under another name or spelling of its system, of the data or of a rule', () => {
    fc.assert(
      fc.property(
        somePolicy,
        someRequest,
        fc.constantFrom(...SPELLINGS),
        fc.constantFrom(...SPELLINGS),
        (policy, asked, ofData, ofRules) => {
          const respell = (label: string, spell: (code: string) => string): string => {
            const { system, code } = parseLabel(label);
            return system === 'ActCode' && SENSITIVITIES.includes(code) ? spell(code) : label;
          };
          const rules = policy.rules.map((rule) =>
            rule.labels === undefined
              ? rule
              : { ...rule, labels: rule.labels.map((label) => respell(label, ofRules)) },
          );
          const after = withLabels(asked, (own) => own.map((label) => respell(label, ofData)));
          expect(opened(withRules(policy, rules), after)).toEqual(opened(policy, asked));
        },
      ),
      RUNS,
    );
  });

  test('a known code under a system that is not known', () => {
    fc.assert(
      fc.property(somePolicy, someRequest, fc.constantFrom(...UNKNOWN_SPELLINGS), (policy, asked, spell) => {
        const after = withLabels(asked, (own) =>
          own.map((label) => {
            const { system, code } = parseLabel(label);
            return system === 'ActCode' && SENSITIVITIES.includes(code) && code !== 'LOCAL'
              ? spell(code)
              : label;
          }),
        );
        expectNoneOpens(opened(policy, asked), opened(policy, after));
      }),
      RUNS,
    );
  });

  test('a person or a role in another spelling changes nothing', () => {
    const spell = fc.constantFrom<(id: string) => string>(
      (id) => id.toUpperCase(),
      (id) => id.normalize('NFD'),
      (id) => id.replace('-', '－').replace('d', 'ｄ'),
    );
    fc.assert(
      fc.property(somePolicy, someRequest, spell, spell, (policy, asked, ofAsker, ofRules) => {
        const { person } = asked.requester;
        fc.pre(person !== null);
        const after = {
          ...asked,
          requester: {
            ...asked.requester,
            person: { ...person, id: ofAsker(person.id), role: ofAsker(person.role) },
          },
        };
        const rules = policy.rules.map((rule) => ({
          ...rule,
          ...(rule.user === undefined ? {} : { user: ofRules(rule.user) }),
          ...(rule.role === undefined ? {} : { role: ofRules(rule.role) }),
        }));
        expect(opened(withRules(policy, rules), after)).toEqual(opened(policy, asked));
      }),
      RUNS,
    );
  });

  test('the same person at another organisation, past a denial of the person or by a permission for one', () => {
    fc.assert(
      fc.property(somePolicy, someRequest, (policy, asked) => {
        const { person } = asked.requester;
        fc.pre(person !== null);
        const rules = policy.rules.filter(({ user }) => user !== undefined);
        const elsewhere = { ...asked, requester: { ...asked.requester, org: 'ElsewhereMSP' } };
        expectNoneOpens(opened(withRules(policy, rules), asked), opened(withRules(policy, rules), elsewhere));
      }),
      RUNS,
    );
  });
});

test('in an emergency every item says what the full list says, and else none does', () => {
  fc.assert(
    fc.property(somePolicy, someRequest, (policy, asked) => {
      const isEmergency = asked.emergency !== null && asked.requester.person !== null;
      const decided = decide(policy, policy, asked, HOLDER_MSP, AT);
      const firm = decide(
        withRules(
          policy,
          policy.rules.map((rule) => (rule.effect === 'deny' ? { ...rule, holdsInEmergency: true } : rule)),
        ),
        policy,
        asked,
        HOLDER_MSP,
        AT,
      );
      decided.forEach(({ otherwise, basis }, i) => {
        expect(otherwise !== undefined).toBe(isEmergency);
        if (basis.kind === 'emergency') {
          expect(otherwise).toMatchObject({ decision: 'deny' });
          expect(otherwise?.rule).toBe(basis.rule);
        }
        // Where every denial holds, both lists are one but for the default.
        const other = firm[i]?.otherwise;
        expect(other).toEqual(otherwise);
        if (other?.rule !== undefined) {
          expect(firm[i]?.decision).toBe(other.decision);
        }
      });
    }),
    RUNS,
  );
});
