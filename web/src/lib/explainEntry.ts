// SPDX-License-Identifier: Apache-2.0
import type { AccessEntry, AccessItem, Basis } from '@api/schemas';

/** Items of one entry that were decided alike for the same reason. */
export interface Reason {
  readonly decision: 'permit' | 'deny';
  readonly basis: Basis;
  readonly items: readonly AccessItem[];
}

/** Why an entry was decided as it was: one reason per basis and decision, in the order of the items. */
export function explainEntry(entry: AccessEntry): readonly Reason[] {
  const reasons = new Map<string, { decision: Reason['decision']; basis: Basis; items: AccessItem[] }>();
  for (const item of entry.items) {
    const key = `${item.decision} ${JSON.stringify(item.basis)}`;
    const reason = reasons.get(key);
    if (reason === undefined) reasons.set(key, { decision: item.decision, basis: item.basis, items: [item] });
    else reason.items.push(item);
  }
  return [...reasons.values()];
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

/**
 * What became of the patient's rules in an emergency with a person and a reason: all that stood in the way were `overridden` (`usual`:
 * those of the network, for want of a consent); `except`: some were, others held; `held`: those in the way all held; `allowedAnyway`: none
 * stood in the way; `refused`: it was refused for a reason outside the rules.
 */
export function emergencyCourse(
  entry: AccessEntry,
): 'overridden' | 'usual' | 'except' | 'held' | 'allowedAnyway' | 'refused' {
  const opened = entry.items.find((item) => item.basis.kind === 'emergency');
  const withheld = entry.items.find((item) => item.decision === 'deny');
  if (withheld?.basis.kind === 'refused') return 'refused';
  if (withheld !== undefined) return opened === undefined ? 'held' : 'except';
  if (opened === undefined) return 'allowedAnyway';
  return versionOf(opened.basis) === null ? 'usual' : 'overridden';
}
