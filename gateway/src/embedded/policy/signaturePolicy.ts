// SPDX-License-Identifier: Apache-2.0
import { common, msp } from '@hyperledger/fabric-protos';
import type { Principal } from '../identity/membership';

export type PolicyRole = 'member' | 'client' | 'peer' | 'admin' | 'orderer';

/** Fabric's signature policy: one principal, or n of several policies. */
export type SignaturePolicy =
  | { kind: 'signedBy'; mspId: string; role: PolicyRole }
  | { kind: 'outOf'; n: number; rules: SignaturePolicy[] };

/** A policy text that does not follow Fabric's syntax. */
export class PolicySyntaxError extends Error {}

const TOKEN = /\s*(?:([A-Za-z]+|\d+)|(['"])([^'"]*)\2|([(),]))/y;
const ROLES: readonly string[] = ['member', 'client', 'peer', 'admin', 'orderer'];

interface Token {
  kind: 'word' | 'principal' | 'mark';
  text: string;
}

function tokens(text: string): Token[] {
  const found: Token[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.trimEnd().length) {
    const at = TOKEN.lastIndex;
    const match = TOKEN.exec(text);
    if (!match) {
      throw new PolicySyntaxError(`Policy ${text}: unexpected character at position ${at}.`);
    }
    const [, word, , principal, mark] = match;
    if (word !== undefined) {
      found.push({ kind: 'word', text: word });
    } else if (principal !== undefined) {
      found.push({ kind: 'principal', text: principal });
    } else {
      found.push({ kind: 'mark', text: mark ?? '' });
    }
  }
  return found;
}

/** Parses `AND('A.peer', OR('B.peer','C.member'))` and `OutOf(2, …)`. Throws PolicySyntaxError. */
export function parsePolicy(text: string): SignaturePolicy {
  const list = tokens(text);
  let at = 0;
  const fail = (wanted: string): never => {
    throw new PolicySyntaxError(
      `Policy ${text}: expected ${wanted} but found ${list[at]?.text ?? 'the end'}.`,
    );
  };
  const mark = (wanted: string): boolean => {
    const token = list[at];
    if (token?.kind !== 'mark' || token.text !== wanted) {
      return false;
    }
    at += 1;
    return true;
  };
  const policy = (): SignaturePolicy => {
    const token = list[at] ?? fail('a policy');
    at += 1;
    if (token.kind === 'principal') {
      return principal(token.text, text);
    }
    if (token.kind !== 'word') {
      fail('AND, OR, OutOf or a quoted principal');
    }
    if (!mark('(')) {
      fail("'('");
    }
    const gate = token.text.toLowerCase();
    const n = gate === 'outof' ? count() : undefined;
    const rules = [policy()];
    while (mark(',')) {
      rules.push(policy());
    }
    if (!mark(')')) {
      fail("',' or ')'");
    }
    return combine(gate, n, rules, text);
  };
  const count = (): number => {
    const token = list[at];
    if (token?.kind !== 'word' || !/^\d+$/.test(token.text)) {
      fail('a number');
    }
    at += 1;
    if (!mark(',')) {
      fail("','");
    }
    return Number(token?.text);
  };
  const result = policy();
  if (at < list.length) {
    fail('the end');
  }
  return result;
}

function combine(
  gate: string,
  n: number | undefined,
  rules: SignaturePolicy[],
  text: string,
): SignaturePolicy {
  if (gate === 'and') {
    return { kind: 'outOf', n: rules.length, rules };
  }
  if (gate === 'or') {
    return { kind: 'outOf', n: 1, rules };
  }
  if (gate === 'outof' && n !== undefined) {
    if (n < 1 || n > rules.length) {
      throw new PolicySyntaxError(`Policy ${text}: OutOf asks for ${n} of ${rules.length} policies.`);
    }
    return { kind: 'outOf', n, rules };
  }
  throw new PolicySyntaxError(`Policy ${text}: unknown gate ${gate}; use AND, OR or OutOf.`);
}

function principal(value: string, text: string): SignaturePolicy {
  const dot = value.lastIndexOf('.');
  const mspId = value.slice(0, Math.max(dot, 0));
  const role = value.slice(dot + 1);
  if (mspId === '' || !isRole(role)) {
    throw new PolicySyntaxError(
      `Policy ${text}: '${value}' must be 'MSPID.role' with role ${ROLES.join(', ')}.`,
    );
  }
  return { kind: 'signedBy', mspId, role };
}

function isRole(text: string): text is PolicyRole {
  return ROLES.includes(text);
}

function satisfies(principal: Principal, mspId: string, role: PolicyRole): boolean {
  return principal.mspId === mspId && (role === 'member' || principal.role === role);
}

/** Whether the signers satisfy the policy; as in Fabric, each signer counts for one principal only. */
export function isSatisfied(policy: SignaturePolicy, signers: readonly Principal[]): boolean {
  return evaluate(policy, signers, new Set());
}

function evaluate(policy: SignaturePolicy, signers: readonly Principal[], used: Set<number>): boolean {
  if (policy.kind === 'signedBy') {
    const index = signers.findIndex(
      (signer, i) => !used.has(i) && satisfies(signer, policy.mspId, policy.role),
    );
    if (index < 0) {
      return false;
    }
    used.add(index);
    return true;
  }
  let satisfied = 0;
  for (const rule of policy.rules) {
    const attempt = new Set(used);
    if (!evaluate(rule, signers, attempt)) {
      continue;
    }
    satisfied += 1;
    for (const index of attempt) {
      used.add(index);
    }
  }
  return satisfied >= policy.n;
}

/** Every organisation that a policy names, in order of appearance. */
export function organisationsOf(policy: SignaturePolicy): string[] {
  if (policy.kind === 'signedBy') {
    return [policy.mspId];
  }
  return [...new Set(policy.rules.flatMap(organisationsOf))];
}

/** Whether the organisation has a member in the policy: decides collection membership. */
export function namesOrganisation(policy: SignaturePolicy, mspId: string): boolean {
  return organisationsOf(policy).includes(mspId);
}

const MSP_ROLES: Record<PolicyRole, msp.MSPRole.MSPRoleTypeMap[keyof msp.MSPRole.MSPRoleTypeMap]> = {
  member: msp.MSPRole.MSPRoleType.MEMBER,
  admin: msp.MSPRole.MSPRoleType.ADMIN,
  client: msp.MSPRole.MSPRoleType.CLIENT,
  peer: msp.MSPRole.MSPRoleType.PEER,
  orderer: msp.MSPRole.MSPRoleType.ORDERER,
};

/** The policy as Fabric stores it: a tree that refers to a list of principals. */
export function policyEnvelope(policy: SignaturePolicy): common.SignaturePolicyEnvelope {
  const principals = new Map<string, number>();
  const identities: msp.MSPPrincipal[] = [];
  const tree = (rule: SignaturePolicy): common.SignaturePolicy => {
    const node = new common.SignaturePolicy();
    if (rule.kind === 'outOf') {
      const out = new common.SignaturePolicy.NOutOf();
      out.setN(rule.n);
      out.setRulesList(rule.rules.map(tree));
      node.setNOutOf(out);
      return node;
    }
    const key = `${rule.mspId}.${rule.role}`;
    let index = principals.get(key);
    if (index === undefined) {
      index = identities.length;
      principals.set(key, index);
      identities.push(rolePrincipal(rule.mspId, rule.role));
    }
    node.setSignedBy(index);
    return node;
  };
  const envelope = new common.SignaturePolicyEnvelope();
  envelope.setRule(tree(policy));
  envelope.setIdentitiesList(identities);
  return envelope;
}

function rolePrincipal(mspId: string, role: PolicyRole): msp.MSPPrincipal {
  const mspRole = new msp.MSPRole();
  mspRole.setMspIdentifier(mspId);
  mspRole.setRole(MSP_ROLES[role]);
  const principal = new msp.MSPPrincipal();
  principal.setPrincipalClassification(msp.MSPPrincipal.Classification.ROLE);
  principal.setPrincipal(mspRole.serializeBinary());
  return principal;
}
