// SPDX-License-Identifier: Apache-2.0
import type { AccessEntry } from '@api/schemas';

// HL7 v3 ActReason: HPAYMT and HOPERAT with every code below them (ledger:
// `chaincode/src/domain/purposes.ts`; a test compares).
const ADMINISTRATIVE: ReadonlySet<string> = new Set([
  'HPAYMT', 'CLMATTCH', 'COVAUTH', 'COVERAGE', 'ELIGDTRM', 'ELIGVER', 'ENROLLM', 'MILDCRG', 'REMITADV',
  'HOPERAT', 'CAREMGT', 'DONAT', 'FRAUD', 'GOV', 'HACCRED', 'HCOMPL', 'HDECD', 'HDIRECT', 'HDM', 'HLEGAL', 'HOUTCOMS', 'HPRGRP',
  'HQUALIMP', 'HSYSADMIN', 'LABELING', 'MEMADMIN', 'METAMGT', 'MILCDM', 'PATADMIN', 'PATSFTY', 'PERFMSR', 'RECORDMGT', 'SYSDEV',
  'HTEST', 'TRAIN',
]); // prettier-ignore

/** Stands for both break-glass codes wherever reasons are counted or looked for. */
export const EMERGENCY = 'emergency';

/** What an entry is counted under by reason: its purpose code, or {@link EMERGENCY}. */
export function reasonKey(entry: AccessEntry): string {
  return isEmergency(entry) ? EMERGENCY : entry.purpose;
}

/** Asked by a system, with no person named. */
export function isAutomatic(entry: AccessEntry): boolean {
  return entry.requester.person === null;
}

/** Billing and administration: not care, and not research. */
export function isAdministrative(entry: AccessEntry): boolean {
  return ADMINISTRATIVE.has(entry.purpose);
}

/** Break-glass: purpose exactly BTG or ETREAT. A refused attempt without a reason is one too. */
export function isEmergency(entry: AccessEntry): boolean {
  return entry.purpose === 'BTG' || entry.purpose === 'ETREAT';
}
