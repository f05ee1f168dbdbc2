// SPDX-License-Identifier: Apache-2.0
import { common } from '@hyperledger/fabric-protos';
import fc from 'fast-check';
import {
  isSatisfied,
  organisationsOf,
  parsePolicy,
  policyEnvelope,
  PolicySyntaxError,
} from '../../../gateway/src/embedded/policy/signaturePolicy';
import type { Principal, Role } from '../../../gateway/src/embedded/identity/membership';

const by = (...names: string[]): Principal[] =>
  names.map((name) => {
    const [mspId = '', role = 'peer'] = name.split('.');
    return { mspId, role: role as Role };
  });

describe('signature policies', () => {
  test.each<[string, string[], boolean]>([
    ["'A.peer'", ['A'], true],
    ["'A.peer'", ['B'], false],
    ["'A.peer'", ['A.client'], false],
    ["'A.member'", ['A.client'], true],
    ["AND('A.peer','B.peer')", ['A', 'B'], true],
    ["AND('A.peer','B.peer')", ['A'], false],
    ["OR('A.peer','B.peer')", ['B'], true],
    ["OR('A.peer','B.peer')", ['C'], false],
    ["AND('T.peer', OR('A.peer','B.peer'))", ['T', 'B'], true],
    ["AND('T.peer', OR('A.peer','B.peer'))", ['A', 'B'], false],
    ["OutOf(2,'A.peer','B.peer','C.peer')", ['A', 'C'], true],
    ["OutOf(2,'A.peer','B.peer','C.peer')", ['C'], false],
    ['And("A.peer", or("B.peer"))', ['A', 'B'], true],
    // One signer counts for one principal only.
    ["AND('A.peer','A.member')", ['A'], false],
    ["AND('A.peer','A.member')", ['A', 'A.client'], true],
  ])('%s signed by %j: %s', (text, signers, expected) => {
    expect(isSatisfied(parsePolicy(text), by(...signers))).toBe(expected);
  });

  test.each([
    ['', 'a policy'],
    ["AND('A.peer'", "',' or ')'"],
    ["XOR('A.peer')", 'unknown gate xor'],
    ["'A'", 'MSPID.role'],
    ["'A.king'", 'MSPID.role'],
    ["'A.Peer'", 'MSPID.role'],
    ["OutOf(3,'A.peer')", 'asks for 3 of 1'],
    ["OutOf('A.peer')", 'a number'],
    ["'A.peer' 'B.peer'", 'the end'],
    ["AND('A.peer';'B.peer')", 'unexpected character'],
  ])('%s is refused with a reason', (text, reason) => {
    expect(() => parsePolicy(text)).toThrow(PolicySyntaxError);
    expect(() => parsePolicy(text)).toThrow(reason);
  });

  test('a further signer never breaks a satisfied policy', () => {
    const policy = parsePolicy("AND('T.peer', OutOf(2,'A.peer','B.peer','C.peer'))");
    const signer = fc.constantFrom('T', 'A', 'B', 'C', 'D', 'A.client');
    fc.assert(
      fc.property(fc.array(signer), signer, (signers, further) => {
        const before = isSatisfied(policy, by(...signers));
        return !before || isSatisfied(policy, by(...signers, further));
      }),
    );
  });

  test('organisations are named once, and the stored form refers to each principal once', () => {
    const policy = parsePolicy("OR(AND('A.peer','B.peer'), AND('A.peer','C.admin'))");
    expect(organisationsOf(policy)).toEqual(['A', 'B', 'C']);
    const stored = common.SignaturePolicyEnvelope.deserializeBinary(policyEnvelope(policy).serializeBinary());
    expect(stored.getIdentitiesList()).toHaveLength(3);
    expect(stored.getRule()?.getNOutOf()?.getN()).toBe(1);
  });
});
