// SPDX-License-Identifier: Apache-2.0
import type { ConsentPolicy, ConsentRule } from '@api/schemas';
import { blockEffect } from '@chartwitness/chaincode/domain';
import type { BlockAtHand } from './addException';
import { freeId, readArrangement, sameMeaning, toPolicy, type Arrangement } from './arrangement';
import { toDomain } from './placeRule';
import { policyDifference } from './policyDifference';

export interface Merge {
  readonly policy: ConsentPolicy;
  /**
   * Ids of exceptions that one side removed and the other changed, and `preset` where both chose another
   * setting; theirs was kept.
   */
  readonly clashes: readonly string[];
  /** My new blocks that what was saved there blocks already, at least as firmly: they are not added. */
  readonly known: readonly KnownThere[];
}

export interface KnownThere {
  readonly mine: ConsentRule;
  readonly by: BlockAtHand;
}

/**
 * Brings a draft onto a policy that was saved elsewhere meanwhile: what I changed since `base` is done again
 * on `theirs`. An exception that both changed, or both added under one id, stands twice afterwards, a denial
 * before a permission; but a block of mine that adds nothing to theirs is left out and named. Where only one
 * can be, theirs stays and the clash is named: the patient decides.
 */
export function mergePolicies(base: ConsentPolicy, mine: ConsentPolicy, theirs: ConsentPolicy): Merge {
  const from = readArrangement(base);
  const draft = readArrangement(mine);
  const saved = readArrangement(theirs);
  // Nothing was changed there: mine as it is, in my order.
  if (policyDifference(base, theirs).length === 0) {
    return { policy: toPolicy(draft), clashes: [], known: [] };
  }
  const clashes: string[] = [];
  const preset = mergePreset(from, draft, saved, clashes);
  const exceptions = [...saved.exceptions];
  removeMine(from, draft, exceptions, clashes);
  draft.exceptions.forEach((rule, place) => {
    putMine(from, rule, place, exceptions, clashes);
  });
  const known = takeOutKnown(draft, saved, preset, exceptions);
  return { policy: toPolicy({ exceptions, preset }), clashes, known };
}

/** Takes my new blocks out of `merged` that change no answer beside what was saved there. */
function takeOutKnown(
  draft: Arrangement,
  saved: Arrangement,
  preset: Arrangement['preset'],
  merged: ConsentRule[],
): readonly KnownThere[] {
  const known: KnownThere[] = [];
  const added = merged.filter(
    (rule) => rule.effect === 'deny' && !saved.exceptions.some(({ id }) => id === rule.id),
  );
  for (const mine of added) {
    if (!draft.exceptions.some((rule) => sameMeaning(rule, mine))) {
      continue;
    }
    const others = merged.filter((rule) => rule !== mine);
    const effect = blockEffect(toPolicy({ exceptions: others, preset }).rules.map(toDomain), toDomain(mine));
    if (effect.kind !== 'exists') {
      continue;
    }
    const isException = merged.some(({ id }) => id === effect.rule.id);
    const isTheirs = isException
      ? saved.exceptions.some(({ id }) => id === effect.rule.id)
      : saved.preset === preset;
    // Of two of my own the patient decided.
    if (!isTheirs) {
      continue;
    }
    merged.splice(merged.indexOf(mine), 1);
    known.push({ mine, by: { id: effect.rule.id, isStronger: effect.isStronger } });
  }
  return known;
}

function mergePreset(
  from: Arrangement,
  draft: Arrangement,
  saved: Arrangement,
  clashes: string[],
): Arrangement['preset'] {
  if (draft.preset === from.preset) {
    return saved.preset;
  }
  if (saved.preset !== from.preset && saved.preset !== draft.preset) {
    clashes.push('preset');
    return saved.preset;
  }
  return draft.preset;
}

function removeMine(from: Arrangement, draft: Arrangement, merged: ConsentRule[], clashes: string[]): void {
  for (const was of from.exceptions) {
    if (draft.exceptions.some((rule) => rule.id === was.id)) {
      continue;
    }
    const at = merged.findIndex((rule) => rule.id === was.id);
    const theirs = merged[at];
    if (theirs === undefined) {
      continue;
    }
    if (sameMeaning(theirs, was)) {
      merged.splice(at, 1);
    } else {
      clashes.push(was.id);
    }
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
  if (was !== undefined && sameMeaning(was, rule)) {
    return;
  }
  const at = merged.findIndex((other) => other.id === rule.id);
  const theirs = merged[at];
  if (theirs === undefined) {
    if (was === undefined) {
      merged.splice(Math.min(place, merged.length), 0, rule);
    }
    // Removed there, changed here.
    else {
      clashes.push(rule.id);
    }
    return;
  }
  if (sameMeaning(theirs, rule)) {
    return;
  }
  if (was !== undefined && sameMeaning(theirs, was)) {
    merged[at] = rule;
  } else {
    keepBeside(rule, at, theirs, merged);
  }
}

/**
 * Puts my rule beside theirs of the same id, under an id of its own: the first that fits decides, so the
 * denial goes first.
 */
function keepBeside(rule: ConsentRule, at: number, theirs: ConsentRule, merged: ConsentRule[]): void {
  if (merged.some((other) => sameMeaning(other, rule))) {
    return;
  }
  const held = { ...theirs, holdsInEmergency: true };
  if (rule.effect === 'deny' && sameMeaning(held, rule)) {
    // The same block, made to hold in an emergency too: one line, as if it had been added to theirs.
    merged[at] = rule;
    return;
  }
  const id = freeId(rule.id, new Set(merged.map((other) => other.id)));
  const isFirst = rule.effect === 'deny' && theirs.effect === 'permit';
  merged.splice(isFirst ? at : at + 1, 0, { ...rule, id });
}
