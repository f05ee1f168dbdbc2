// SPDX-License-Identifier: Apache-2.0
import type { Logger } from 'pino';
import { Counter, type Registry } from 'prom-client';

/** What an operator must mend at the source, or know of: each is counted, and told without naming anybody. */
const WORDS = {
  malformedNumber:
    'a patient’s number does not have the published length or check digit of its system; it is used as written, so see whether it is mistyped',
  unidentified:
    'a patient without an identifier of the network’s, or with two that differ, was asked for and looks absent; complete the record at the source',
  unidentifiedEmergency:
    'an emergency access to a patient whom no one identifier names is recorded under a local pseudonym, past any consent under a number that the record does not hold; complete the record at the source',
  merged: 'a patient record that was merged into another was asked for and looks absent',
  mergedEmergency: 'an emergency access to a patient record that was merged into another',
  mergedAstray:
    'the record that a merged patient record was replaced by cannot be told; the access is listed under what the old record says',
  severalPersons: 'one identifier is in the records of several persons at the source; none of them is given',
} as const;

export type PatientFinding = keyof typeof WORDS;

export interface PatientFindings {
  /** @param system identifier system concerned, if one is. Nothing else about a patient goes in. */
  report(finding: PatientFinding, details?: { readonly system: string }): void;
}

/** @param registry where `chartwitness_patient_findings_total` by `finding` is counted; absent: nowhere. */
export function createPatientFindings(log: Logger, registry?: Registry): PatientFindings {
  const counter =
    registry &&
    new Counter({
      name: 'chartwitness_patient_findings_total',
      help: 'Requests that met a patient record which an operator must mend or know of, by kind',
      labelNames: ['finding'] as const,
      registers: [registry],
    });
  for (const finding of Object.keys(WORDS)) {
    counter?.inc({ finding }, 0);
  }
  return {
    report: (finding, details) => {
      counter?.inc({ finding });
      log.warn({ finding, ...details }, WORDS[finding]);
    },
  };
}
