// SPDX-License-Identifier: Apache-2.0
/** The consents of the demonstration. */
import type { ConsentPolicy } from '../api/schemas';

const MY_HOSPITAL: ConsentPolicy['rules'] = [
  { id: 'my-hospital-treats-me', effect: 'permit', org: '@holder', purposes: ['TREAT'] },
  {
    id: 'my-hospital-bills',
    effect: 'permit',
    org: '@holder',
    purposes: ['HPAYMT'],
    types: ['Claim', 'ExplanationOfBenefit'],
  },
];

/** Opens nothing but to the hospital that has the record. */
export const OWN_HOSPITAL_ONLY: ConsentPolicy = { rules: MY_HOSPITAL, default: 'deny' };
export const CLOSED: ConsentPolicy = { rules: [], default: 'deny' };

/** What each person decided, by sign-in name; who is not here has no consent on file. */
export const CONSENTS: Readonly<Record<string, ConsentPolicy>> = {
  alberto: {
    rules: [{ id: 'psychiatry-is-closed', effect: 'deny', labels: ['PSY'] }, ...MY_HOSPITAL],
    default: 'deny',
  },
  chet: OWN_HOSPITAL_ONLY,
  liz: {
    rules: [
      { id: 'sexual-health-stays-closed', effect: 'deny', labels: ['SEX'], holdsInEmergency: true },
      ...MY_HOSPITAL,
      { id: 'south-clinic-may-treat-me', effect: 'permit', org: 'SouthClinicMSP', purposes: ['TREAT'] },
    ],
    default: 'deny',
  },
  ned: {
    rules: [{ id: 'open-to-all-who-treat-me', effect: 'permit', purposes: ['TREAT'] }],
    default: 'deny',
  },
  buster: CLOSED,
};
