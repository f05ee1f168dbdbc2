// SPDX-License-Identifier: Apache-2.0
import type { ConsentPolicy, ConsentRule } from '@api/schemas';
import type { ConsentOnFile } from './api';
import { getDraft, setDraft } from './draft';
import { freeId, readArrangement, toPolicy, type Arrangement } from './policy/arrangement';
import { placeRule, wantedId, type RuleDraft } from './policy/placeRule';
import { policyDifference } from './policy/policyDifference';

/** Makes `policy` the draft; a draft that says the same as what is on file is none. */
export function draftPolicy(onFile: ConsentOnFile, policy: ConsentPolicy): void {
  const base = getDraft()?.base ?? onFile;
  setDraft(policyDifference(base.consent, policy).length === 0 ? null : { base, policy });
}

/** The draft's policy, or what is on file when nothing is being changed. */
function standing(onFile: ConsentOnFile): Arrangement {
  return readArrangement(getDraft()?.policy ?? onFile.consent);
}

/** Adds an exception to the draft, begun from what is on file when there is none. */
export function draftException(onFile: ConsentOnFile, added: RuleDraft): void {
  const { exceptions, preset } = standing(onFile);
  const rule: ConsentRule = { ...added, id: freeId(wantedId(added), takenIds(onFile)) };
  draftPolicy(onFile, toPolicy({ exceptions: placeRule(exceptions, rule), preset }));
}

/** Changes the draft's exceptions or general setting. */
export function draftArrangement(onFile: ConsentOnFile, change: (now: Arrangement) => Arrangement): void {
  draftPolicy(onFile, toPolicy(change(standing(onFile))));
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
