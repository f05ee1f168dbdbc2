// SPDX-License-Identifier: Apache-2.0
import type { Collections } from './policy/collections';
import { isSatisfied, type SignaturePolicy } from './policy/signaturePolicy';
import type { Interest } from './simulation/simulator';

/** Above this the subsets are not enumerated: an embedded ledger has a handful of organisations. */
const MOST_ORGANISATIONS = 12;

export interface PlanRequest {
  organisations: readonly string[];
  chaincodePolicy: SignaturePolicy;
  collections: Collections;
  interest: Interest;
  /** Organisation whose peer has endorsed already: layouts with it come first. */
  preferred: string;
  /** Only members of every touched collection may see the transient data. */
  protectTransient: boolean;
}

/**
 * The smallest sets of organisations whose peers' endorsements satisfy every policy that the transaction
 * falls under, best first. Empty when there is none.
 */
export function endorsementLayouts(request: PlanRequest): string[][] {
  const policies = policiesOf(request);
  const eligible = request.organisations
    .filter((mspId) => isEligible(mspId, request))
    .slice(0, MOST_ORGANISATIONS);
  const layouts: string[][] = [];
  for (const subset of subsetsBySize(eligible)) {
    if (layouts.some((layout) => layout.every((mspId) => subset.includes(mspId)))) {
      continue;
    }
    const signers = subset.map((mspId) => ({ mspId, role: 'peer' as const }));
    if (policies.every((policy) => isSatisfied(policy, signers))) {
      layouts.push(subset);
    }
  }
  const rank = (layout: string[]): number => (layout.includes(request.preferred) ? 0 : 1);
  return layouts.sort((a, b) => rank(a) - rank(b) || a.length - b.length);
}

/** Policies that the written keys fall under: a collection's own, else the chaincode's. */
function policiesOf({ interest, collections, chaincodePolicy }: PlanRequest): SignaturePolicy[] {
  const written = interest.collections.filter((collection) => collection.writes);
  const own = written.map(({ name }) => collections.get(name)?.endorsement);
  const policies = own.filter((policy) => policy !== undefined);
  if (interest.publicWrites || written.length === 0 || policies.length < written.length) {
    policies.push(chaincodePolicy);
  }
  return policies;
}

/** Private reads need the data; transient data may go only where the collection's data may go. */
function isEligible(mspId: string, { interest, collections, protectTransient }: PlanRequest): boolean {
  return interest.collections.every(
    ({ name, reads }) => (!reads && !protectTransient) || collections.isMember(name, mspId),
  );
}

function subsetsBySize(items: readonly string[]): string[][] {
  const subsets: string[][] = [];
  for (let mask = 1; mask < 1 << items.length; mask += 1) {
    subsets.push(items.filter((_, i) => (mask & (1 << i)) !== 0));
  }
  return subsets.sort((a, b) => a.length - b.length);
}
