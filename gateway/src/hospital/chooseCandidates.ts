// SPDX-License-Identifier: Apache-2.0
import { EVERY_LABEL } from '@chartwitness/chaincode/domain';
import { coversType, type ScopeLetter } from '../auth/systemScopes';
import { type Candidate, isRecordable } from '../fhir/itemGroups';
import type { SearchEntry } from '../fhir/resource';
import type { FactsReader } from '../fhir/resourceFacts';
import { isDirectoryType, isPatientType } from '../fhir/resourceTypes';
import { type BoundPatient, type Ownership, ownershipOf, type Subjects } from '../fhir/subject';

/** Says of each entry of the source's answer whether it may be asked of the ledger at all. */
export interface Chooser {
  /** undefined for what is not of the bound patient, outside the token's scope, or cannot be recorded. */
  readonly choose: (entry: SearchEntry) => Candidate | undefined;
  /** How many entries were of somebody else, or of who cannot be told. */
  readonly foreign: number;
}

export interface ChooserOptions {
  readonly bound: BoundPatient;
  readonly subjects: Subjects;
  readonly facts: FactsReader;
  /** Granted scope of the token. */
  readonly scope: string;
  readonly letter: ScopeLetter;
  /** What is asked for, as against what comes beside it. */
  readonly isMatch: (entry: SearchEntry) => boolean;
}

function belongs(
  { resource, isUnreadable = false, told }: SearchEntry,
  isMatch: boolean,
  ownership: Ownership,
): boolean {
  if (isPatientType(resource.resourceType)) {
    // A name may not say whose it is; what the search for the patient found is decided on then, and not
    // given.
    return ownership === 'own' || (isUnreadable && told === undefined && ownership === 'nobody');
  }
  return !isMatch && isDirectoryType(resource.resourceType) && ownership === 'nobody';
}

/** The patient's own resources and directory resources beside them, of types within the token's scope. */
export function createChooser(options: ChooserOptions): Chooser {
  let foreign = 0;
  const { ids, linkedIds = [] } = options.bound;
  const ownIds = new Set([...ids, ...linkedIds]);
  const covered = new Map<string, boolean>();
  const covers = (type: string): boolean => {
    // Directory resources are not searched here: who may read them gets them beside what refers to them.
    const answer =
      covered.get(type) ??
      (coversType(options.scope, type, options.letter) ||
        (isDirectoryType(type) && coversType(options.scope, type, 'r')));
    covered.set(type, answer);
    return answer;
  };
  return {
    choose: (entry) => {
      const { resource, mode } = entry;
      if (mode === 'outcome' || !covers(resource.resourceType) || !isRecordable(resource)) {
        return undefined;
      }
      const facts = entry.told ?? options.facts(resource);
      const isMatch = options.isMatch(entry);
      const ownership = ownershipOf(facts, options.bound, options.subjects);
      if (!belongs(entry, isMatch, ownership)) {
        foreign += 1;
        return undefined;
      }
      if (entry.isUnreadable === true) {
        const labels = entry.told?.labels ?? [EVERY_LABEL];
        const { lacksRoom = false } = entry;
        const isUntold = entry.told === undefined;
        return {
          resource,
          facts: { ...facts, labels },
          mode: 'match',
          isUnreadable: true,
          lacksRoom,
          isUntold,
        };
      }
      const candidate: Candidate = { resource, facts, mode: isMatch ? 'match' : 'include' };
      return resource.resourceType === 'Patient' ? { ...candidate, ownIds } : candidate;
    },
    get foreign() {
      return foreign;
    },
  };
}
