// SPDX-License-Identifier: Apache-2.0
/**
 * Parent of each purpose of use in HL7 v3 ActReason, as FHIR R4 publishes it (2018-08-12). A code that is not
 * listed stands alone.
 */
const PARENTS: ReadonlyMap<string, string> = new Map(
  Object.entries({
    TREAT: ['CLINTRL', 'COC', 'ETREAT', 'POPHLTH'],
    ETREAT: ['BTG', 'ERTREAT'],
    HPAYMT: ['CLMATTCH', 'COVAUTH', 'COVERAGE', 'REMITADV'],
    COVERAGE: ['ELIGDTRM', 'ELIGVER', 'ENROLLM', 'MILDCRG'],
    HOPERAT: [
      ...['CAREMGT', 'DONAT', 'FRAUD', 'GOV', 'HACCRED', 'HCOMPL', 'HDECD', 'HDIRECT', 'HDM', 'HLEGAL'],
      ...['HOUTCOMS', 'HPRGRP', 'HQUALIMP', 'HSYSADMIN', 'LABELING', 'METAMGT', 'MEMADMIN', 'MILCDM'],
      ...['PATADMIN', 'PATSFTY', 'PERFMSR', 'RECORDMGT', 'SYSDEV', 'TRAIN'],
    ],
    SYSDEV: ['HTEST'],
    HRESCH: ['BIORCH', 'CLINTRCH', 'DSRCH', 'POARCH', 'TRANSRCH'],
    CLINTRCH: ['CLINTRCHNPC', 'CLINTRCHPC', 'PRECLINTRCH'],
    PATRQT: ['FAMRQT', 'PWATRNY', 'SUPNWK'],
    PUBHLTH: ['DISASTER', 'THREAT'],
  }).flatMap(([parent, children]) => children.map((child) => [child, parent] as const)),
);

const KNOWN = new Set([...PARENTS.keys(), ...PARENTS.values(), 'PATRQT', 'PUBHLTH', 'HMARKT']);

/** Whether HL7 publishes the code as a purpose of use. */
export function isKnownPurpose(purpose: string): boolean {
  return KNOWN.has(purpose);
}

/** Break-glass: exactly `BTG` or `ETREAT`, never a code above or below them. */
export function isEmergencyPurpose(purpose: string): boolean {
  return purpose === 'BTG' || purpose === 'ETREAT';
}

/**
 * Whether a rule's purpose covers a request's: the same code, or a code above it in the hierarchy.
 * Break-glass codes match only themselves, in both directions: a permit for TREAT does not open break-glass,
 * and a rule about ETREAT does not apply to ERTREAT.
 */
export function purposeMatches(rulePurpose: string, requestPurpose: string): boolean {
  if (rulePurpose === requestPurpose) {
    return true;
  }
  if (isEmergencyPurpose(rulePurpose) || isEmergencyPurpose(requestPurpose)) {
    return false;
  }
  for (let code = PARENTS.get(requestPurpose); code !== undefined; code = PARENTS.get(code)) {
    if (code === rulePurpose) {
      return true;
    }
  }
  return false;
}
