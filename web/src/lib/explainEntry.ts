// SPDX-License-Identifier: Apache-2.0
import type { AccessEntry, AccessItem, Basis } from '@api/schemas';
import { hasLeft } from './whatLeft';

/** Items of one entry that were decided alike for the same reason, and of which the same became. */
export interface Reason {
  /** Whether their data left. */
  readonly isLeft: boolean;
  /** What the rules say. */
  readonly decision: 'permit' | 'deny';
  readonly basis: Basis;
  /** In an emergency: what all rules say. */
  readonly otherwise: AccessItem['otherwise'];
  readonly items: readonly AccessItem[];
}

/**
 * Why an entry ended as it did: one reason for each way in which items were decided and given, in the order
 * of the items.
 */
export function explainEntry(entry: Pick<AccessEntry, 'items'>): readonly Reason[] {
  const reasons = new Map<string, Reason & { readonly items: AccessItem[] }>();
  for (const item of entry.items) {
    const { decision, basis, otherwise } = item;
    const isLeft = hasLeft(item);
    const key = JSON.stringify([isLeft, decision, basis, otherwise]);
    const reason = reasons.get(key);
    if (reason === undefined) {
      reasons.set(key, { isLeft, decision, basis, otherwise, items: [item] });
    } else {
      reason.items.push(item);
    }
  }
  return [...reasons.values()];
}

/**
 * What would have decided these items without the emergency, of the same version of the consent. Undefined
 * where the entry does not say, and where no rule was what decided.
 */
export function otherwiseBasis({ basis, otherwise }: Pick<Reason, 'basis' | 'otherwise'>): Basis | undefined {
  if (otherwise === undefined || basis.kind === 'unreached' || basis.kind === 'refused') {
    return undefined;
  }
  const { rule } = otherwise;
  const version = basis.kind === 'networkDefault' ? null : basis.version;
  if (version === null) {
    return { kind: 'networkDefault', ...(rule === undefined ? {} : { rule }) };
  }
  return rule === undefined ? { kind: 'default', version } : { kind: 'rule', version, rule };
}

/** The consent version that a basis speaks of; null where no consent was on file. */
export function versionOf(basis: Basis): number | null {
  switch (basis.kind) {
    case 'rule':
    case 'default':
    case 'emergency':
      return basis.version === 0 ? null : basis.version;
    case 'networkDefault':
    case 'unreached':
    case 'refused':
      return null;
  }
}
