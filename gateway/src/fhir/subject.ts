// SPDX-License-Identifier: Apache-2.0
import { createHmac } from 'node:crypto';
import { DomainError, subjectPseudonym } from '@chartwitness/chaincode/domain';
import type { FhirResource } from './resource';
import { identifiersIn, type Identifier, type ResourceFacts } from './resourceFacts';

export interface SubjectOptions {
  /** Identifier systems in order of preference; the first that a patient has names the subject. */
  readonly identifierSystems: readonly string[];
  /** The consortium's key: at least 32 bytes, the same at every organisation. */
  readonly consortiumKey: Uint8Array;
}

/** Turns patients into ledger pseudonyms. */
export interface Subjects {
  /** undefined when the patient has no such identifier, or two that differ in the same system. */
  ofPatient(patient: FhirResource): string | undefined;
  /** undefined when the identifier cannot name anybody: empty, overlong or unprintable. */
  ofIdentifier(identifier: Identifier): string | undefined;
}

/** Patients whose pseudonyms are remembered: a ward opens the same ones again and again. */
const MAX_REMEMBERED = 10_000;

export function createSubjects(options: SubjectOptions): Subjects {
  const hmac = (key: Uint8Array, data: Uint8Array) => createHmac('sha256', key).update(data).digest();
  const remembered = new Map<string, string>();
  const ofIdentifier = ({ system, value }: Identifier): string | undefined => {
    // Neither part of what is remembered holds a line break, so this text stands for one pair only.
    const text = `${system}\n${value.trim()}`;
    const known = remembered.get(text);
    if (known !== undefined) {
      return known;
    }
    try {
      const subject = subjectPseudonym(hmac, options.consortiumKey, system, value.trim());
      const [oldest] = remembered.keys();
      if (remembered.size >= MAX_REMEMBERED && oldest !== undefined) {
        remembered.delete(oldest);
      }
      remembered.set(text, subject);
      return subject;
    } catch (error) {
      if (error instanceof DomainError) {
        return undefined;
      }
      throw error;
    }
  };
  return {
    ofIdentifier,
    ofPatient: (patient) => {
      const identifiers = identifiersIn(patient, options.identifierSystems);
      const [first] = identifiers;
      const isAmbiguous = identifiers.some(
        ({ system, value }) => system === first?.system && value !== first.value,
      );
      return first === undefined || isAmbiguous ? undefined : ofIdentifier(first);
    },
  };
}

/** The one patient that a request is about. */
export interface BoundPatient {
  readonly subject: string;
  /** Logical ids under which the source holds this person. */
  readonly ids: ReadonlySet<string>;
}

/** `own`: of the bound patient and of nobody else. `nobody`: names no patient. `foreign`: names another patient, or one who cannot be told. */
export type Ownership = 'own' | 'nobody' | 'foreign';

export function ownershipOf(facts: ResourceFacts, bound: BoundPatient, subjects: Subjects): Ownership {
  const namesOther =
    facts.namesStranger ||
    [...facts.patientIds].some((id) => !bound.ids.has(id)) ||
    facts.patientIdentifiers.some((identifier) => subjects.ofIdentifier(identifier) !== bound.subject);
  if (namesOther) {
    return 'foreign';
  }
  return facts.patientIds.size > 0 || facts.patientIdentifiers.length > 0 ? 'own' : 'nobody';
}
