// SPDX-License-Identifier: Apache-2.0
import type { ConsentPolicy } from '@api/schemas';
import type { ConsentOnFile } from './consentApi';
import { getDraft, setDraft } from './draft';
import { addException, type BlockAtHand } from './policy/addException';
import { freeId, readArrangement, toPolicy, type Arrangement } from './policy/arrangement';
import { wantedId, type RuleDraft } from './policy/placeRule';
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
 * Adds an exception to the draft, begun from what is on file when there is none. The block that is there
 * already, if it adds nothing.
 */
export function draftException(onFile: ConsentOnFile, added: RuleDraft): BlockAtHand | undefined {
  const now = standing(onFile);
  const id = freeId(wantedId(added), takenIds(onFile));
  const { exceptions, known } = addException(now, added, id);
  if (known === undefined) {
    draftPolicy(onFile, toPolicy({ ...now, exceptions }));
  }
  return known;
}

/** Changes the draft's exceptions or general setting. */
export function draftArrangement(onFile: ConsentOnFile, change: (now: Arrangement) => Arrangement): void {
  draftPolicy(onFile, toPolicy(change(standing(onFile))));
}

/**
 * An id once used is not used again in the same change: a reader of the history must not take one rule for
 * another.
 */
function takenIds(onFile: ConsentOnFile): ReadonlySet<string> {
  const draft = getDraft();
  return new Set(
    [...onFile.consent.rules, ...(draft?.policy.rules ?? []), ...(draft?.base.consent.rules ?? [])].map(
      ({ id }) => id,
    ),
  );
}
