// SPDX-License-Identifier: Apache-2.0
import type { PatientIdentifier } from '@chartwitness/chaincode/domain';
import type { Pseudonyms } from '../subjects/pseudonyms';
import type { FhirResource, ResourceFacts } from './resource';
import { identifiersIn } from './resourceFacts';

export interface SubjectOptions {
  readonly pseudonyms: Pseudonyms;
  /**
   * Told once for each Patient resource whose number does not have its published shape or check digits, with
   * the number's system.
   */
  readonly onMalformed?: (system: string) => void;
}

/** Turns patients into ledger pseudonyms. */
export interface Subjects {
  /** undefined when the patient has no such identifier, or two that differ in the same system. */
  ofPatient(patient: FhirResource): string | undefined;
  /**
   * All by which the record says that its person was ever known, in every system, former identifiers (`use:
   * old`) included.
   */
  everOfPatient(patient: FhirResource): readonly string[];
  /**
   * undefined when the identifier cannot name anybody: of no system of the network's, empty, overlong or
   * unprintable.
   */
  ofIdentifier(identifier: PatientIdentifier): string | undefined;
}

export function createSubjects({ pseudonyms, onMalformed }: SubjectOptions): Subjects {
  const { table } = pseudonyms;
  const known = new WeakMap<FhirResource, { readonly subject: string | undefined }>();
  const find = (patient: FhirResource): string | undefined => {
    const identifiers = identifiersIn(patient, table);
    const [first] = identifiers;
    const isAmbiguous = identifiers.some(
      ({ system, value }) => system === first?.system && value !== first.value,
    );
    if (first === undefined || isAmbiguous) {
      return undefined;
    }
    if (!first.isWellFormed) {
      onMalformed?.(first.system);
    }
    return pseudonyms.ofNormal(first);
  };
  return {
    ofIdentifier: (identifier) => pseudonyms.of(identifier),
    ofPatient: (patient) => {
      const subject = known.get(patient) ?? { subject: find(patient) };
      known.set(patient, subject);
      return subject.subject;
    },
    everOfPatient: (patient) => {
      const identifiers = identifiersIn(patient, table, { includesFormer: true });
      return [...new Set(identifiers.flatMap((identifier) => pseudonyms.ofNormal(identifier) ?? []))];
    },
  };
}

export const NOBODY: ReadonlySet<string> = new Set();

/** The one patient that a request is about. */
export interface BoundPatient {
  readonly subject: string;
  /**
   * Further pseudonyms of the same person, of records that were merged: their consents must permit as well.
   * Absent: none.
   */
  readonly formerSubjects?: readonly string[];
  /**
   * Pseudonyms by the other numbers of a record in use, asked in an emergency: what each consent says holds
   * as well. Absent: none.
   */
  readonly besideSubjects?: readonly string[];
  /** Logical ids under which the source holds this person. */
  readonly ids: ReadonlySet<string>;
  /**
   * Of further records of the same person, which are not asked for but may be named in links. Absent: none.
   */
  readonly linkedIds?: ReadonlySet<string>;
}

/**
 * `own`: of the bound patient and of nobody else. `nobody`: names no patient. `foreign`: names another
 * patient, or one who cannot be told.
 */
export type Ownership = 'own' | 'nobody' | 'foreign';

export function ownershipOf(facts: ResourceFacts, bound: BoundPatient, subjects: Subjects): Ownership {
  const { patientIds, patientIdentifiers, namesStranger } = facts;
  const namesOther =
    namesStranger ||
    !isWithin(patientIds, bound.ids) ||
    patientIdentifiers.some((identifier) => !isBound(subjects.ofIdentifier(identifier), bound));
  if (namesOther) {
    return 'foreign';
  }
  return patientIds.size > 0 || patientIdentifiers.length > 0 ? 'own' : 'nobody';
}

function isWithin(some: ReadonlySet<string>, all: ReadonlySet<string>): boolean {
  for (const one of some) {
    if (!all.has(one)) {
      return false;
    }
  }
  return true;
}

function isBound(
  named: string | undefined,
  { subject, formerSubjects, besideSubjects }: BoundPatient,
): boolean {
  return (
    named !== undefined &&
    (named === subject ||
      formerSubjects?.includes(named) === true ||
      besideSubjects?.includes(named) === true)
  );
}
