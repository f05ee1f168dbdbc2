// SPDX-License-Identifier: Apache-2.0
import { EVERY_LABEL } from '@chartwitness/chaincode/domain';
import { coversType, type ScopeLetter } from '../auth/systemScopes';
import { type Candidate, isRecordable } from '../fhir/itemGroups';
import type { ResourceFacts, SearchEntry } from '../fhir/resource';
import type { FactsReader } from '../fhir/resourceFacts';
import { isDirectoryType, isPatientType } from '../fhir/resourceTypes';
import { type BoundPatient, NOBODY, type Ownership, ownershipOf, type Subjects } from '../fhir/subject';

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

/**
 * Says of each entry of the source's answer whether it may be asked of the ledger at all: the patient's own
 * resources and directory resources beside them, of types within the token's scope.
 */
export class Chooser {
  readonly #options: ChooserOptions;
  readonly #covered = new Map<string, boolean>();
  #foreign = 0;

  constructor(options: ChooserOptions) {
    this.#options = options;
  }

  /** How many entries were of somebody else, or of who cannot be told. */
  get foreign(): number {
    return this.#foreign;
  }

  /** undefined for what is not of the bound patient, outside the token's scope, or cannot be recorded. */
  choose(entry: SearchEntry): Candidate | undefined {
    const { bound, subjects, facts: factsOf } = this.#options;
    const { resource, mode } = entry;
    if (mode === 'outcome' || !this.#covers(resource.resourceType) || !isRecordable(resource)) {
      return undefined;
    }
    const facts = entry.told ?? factsOf(resource);
    const isMatch = this.#options.isMatch(entry);
    if (!belongs(entry, isMatch, ownershipOf(facts, bound, subjects))) {
      this.#foreign += 1;
      return undefined;
    }
    if (entry.isUnreadable === true) {
      return unreadable(entry, facts);
    }
    const candidate: Candidate = { resource, facts, mode: isMatch ? 'match' : 'include' };
    return resource.resourceType === 'Patient' ? { ...candidate, ownIds: ownIdsOf(bound) } : candidate;
  }

  /** Directory resources are not searched here: who may read them gets them beside what refers to them. */
  #covers(type: string): boolean {
    const { scope, letter } = this.#options;
    const answer =
      this.#covered.get(type) ??
      (coversType(scope, type, letter) || (isDirectoryType(type) && coversType(scope, type, 'r')));
    this.#covered.set(type, answer);
    return answer;
  }
}

function ownIdsOf({ ids, linkedIds = NOBODY }: BoundPatient): ReadonlySet<string> {
  return linkedIds.size === 0 ? ids : new Set([...ids, ...linkedIds]);
}

function unreadable({ resource, told, lacksRoom = false }: SearchEntry, facts: ResourceFacts): Candidate {
  const labels = told?.labels ?? [EVERY_LABEL];
  const isUntold = told === undefined;
  return { resource, facts: { ...facts, labels }, mode: 'match', isUnreadable: true, lacksRoom, isUntold };
}
