// SPDX-License-Identifier: Apache-2.0
import type { ConsentPolicy } from '@api/schemas';
import type { ConsentOnFile } from './consentApi';
import { getDraft, setDraft } from './draft';
import { freeId, readArrangement, sameMeaning, toPolicy, type Arrangement } from './policy/arrangement';
import { placeRule, wantedId, type RuleDraft } from './policy/placeRule';
import { policyDifference } from './policy/policyDifference';

/** Makes `policy` the draft; a draft that says the same as what is on file is none. */
export function draftPolicy(onFile: ConsentOnFile, policy: ConsentPolicy): void {
  const base = getDraft()?.base ?? onFile;
  setDraft(policyDifference(base.consent, policy).length === 0 ? null : { base, policy });
}

/** Puts the draft onto `base`, which was saved elsewhere meanwhile. */
export function rebaseDraft(base: ConsentOnFile, policy: ConsentPolicy): void {
  setDraft(null);
  draftPolicy(base, policy);
}

/** The draft's policy, or what is on file when nothing is being changed. */
function standing(onFile: ConsentOnFile): Arrangement {
  return readArrangement(getDraft()?.policy ?? onFile.consent);
}

/**
 * Adds an exception to the draft, begun from what is on file when there is none. One that is there already is not added again: it goes to
 * where the new one would be.
 */
export function draftException(onFile: ConsentOnFile, added: RuleDraft): void {
  const id = freeId(wantedId(added), takenIds(onFile));
  draftArrangement(onFile, ({ exceptions, preset }) => {
    const [wanted = { ...added, id }] = keepClosed({ exceptions: [{ ...added, id }], preset }).exceptions;
    const known = exceptions.find((rule) => sameMeaning(rule, wanted));
    const others = exceptions.filter((rule) => rule !== known);
    return { exceptions: placeRule(others, known ?? wanted), preset };
  });
}

/** Changes the draft's exceptions or general setting. */
export function draftArrangement(onFile: ConsentOnFile, change: (now: Arrangement) => Arrangement): void {
  draftPolicy(onFile, toPolicy(keepClosed(change(standing(onFile)))));
}

/**
 * Under "closed, even in an emergency" a block must hold in an emergency too: the first rule that fits decides, so one that does not would
 * open the record to exactly the person that it blocks.
 */
function keepClosed(arrangement: Arrangement): Arrangement {
  if (arrangement.preset !== 'closed') return arrangement;
  return {
    ...arrangement,
    exceptions: arrangement.exceptions.map((rule) =>
      rule.effect === 'deny' ? { ...rule, holdsInEmergency: true } : rule,
    ),
  };
}

/** An id once used is not used again in the same change: a reader of the history must not take one rule for another. */
function takenIds(onFile: ConsentOnFile): ReadonlySet<string> {
  const draft = getDraft();
  return new Set(
    [...onFile.consent.rules, ...(draft?.policy.rules ?? []), ...(draft?.base.consent.rules ?? [])].map(
      ({ id }) => id,
    ),
  );
}
