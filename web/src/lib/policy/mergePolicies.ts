// SPDX-License-Identifier: Apache-2.0
import type { ConsentPolicy, ConsentRule } from '@api/schemas';
import { readArrangement, sameMeaning, toPolicy, type Arrangement } from './arrangement';
import { policyDifference } from './policyDifference';

export interface Merge {
  readonly policy: ConsentPolicy;
  /** Ids of exceptions that both sides changed differently, and `preset` where both chose another setting; theirs was kept. */
  readonly clashes: readonly string[];
}

/**
 * Brings a draft onto a policy that was saved elsewhere meanwhile: what I changed since `base` is done again on `theirs`. Where both
 * changed the same thing differently, theirs stays and the clash is named: the patient decides.
 */
export function mergePolicies(base: ConsentPolicy, mine: ConsentPolicy, theirs: ConsentPolicy): Merge {
  const from = readArrangement(base);
  const draft = readArrangement(mine);
  const saved = readArrangement(theirs);
  // Nothing was changed there: mine as it is, in my order.
  if (policyDifference(base, theirs).length === 0) return { policy: toPolicy(draft), clashes: [] };
  const clashes: string[] = [];
  const preset = mergePreset(from, draft, saved, clashes);
  const exceptions = [...saved.exceptions];
  removeMine(from, draft, exceptions, clashes);
  draft.exceptions.forEach((rule, place) => {
    putMine(from, rule, place, exceptions, clashes);
  });
  return { policy: toPolicy({ exceptions, preset }), clashes };
}

function mergePreset(
  from: Arrangement,
  draft: Arrangement,
  saved: Arrangement,
  clashes: string[],
): Arrangement['preset'] {
  if (draft.preset === from.preset) return saved.preset;
  if (saved.preset !== from.preset && saved.preset !== draft.preset) {
    clashes.push('preset');
    return saved.preset;
  }
  return draft.preset;
}

function removeMine(from: Arrangement, draft: Arrangement, merged: ConsentRule[], clashes: string[]): void {
  for (const was of from.exceptions) {
    if (draft.exceptions.some((rule) => rule.id === was.id)) continue;
    const at = merged.findIndex((rule) => rule.id === was.id);
    const theirs = merged[at];
    if (theirs === undefined) continue;
    if (sameMeaning(theirs, was)) merged.splice(at, 1);
    else clashes.push(was.id);
  }
}

function putMine(
  from: Arrangement,
  rule: ConsentRule,
  place: number,
  merged: ConsentRule[],
  clashes: string[],
): void {
  const was = from.exceptions.find((old) => old.id === rule.id);
  if (was !== undefined && sameMeaning(was, rule)) return;
  const at = merged.findIndex((other) => other.id === rule.id);
  const theirs = merged[at];
  if (theirs === undefined) {
    if (was === undefined) merged.splice(Math.min(place, merged.length), 0, rule);
    // Removed there, changed here.
    else clashes.push(rule.id);
    return;
  }
  if (sameMeaning(theirs, rule)) return;
  if (was !== undefined && sameMeaning(theirs, was)) merged[at] = rule;
  else clashes.push(rule.id);
}
