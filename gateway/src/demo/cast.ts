// SPDX-License-Identifier: Apache-2.0
import type { SamplePatient } from '../fhir/sources/sampleRecords';
import type { Practitioner } from './hospitalClient';

/** The organisations, staff and patients of the demonstration. All of them are synthetic (Synthea). */
export interface DemoHospital {
  readonly mspId: string;
  readonly name: string;
  /** UDAP `organization_id`. */
  readonly organisationId: string;
  readonly gatewayName: string;
  readonly clientId: string;
  readonly practitioners: readonly Practitioner[];
  /** Whose records it holds; Liz Conn is known to both hospitals under one national identifier. */
  readonly patients: readonly SamplePatient[];
}

export const TRUSTEE = {
  mspId: 'TrusteeMSP',
  name: 'Patients’ Trustee',
  organisationId: 'https://trustee.example.org',
} as const;

/** National Provider Identifier, as UDAP writes it. */
const npi = (value: string): string => `urn:oid:2.16.840.1.113883.4.6#${value}`;

export const NORTH: DemoHospital = {
  mspId: 'NorthHospitalMSP',
  name: 'North Hospital',
  organisationId: 'https://north-hospital.example.org',
  gatewayName: 'main',
  clientId: 'north-ehr',
  practitioners: [
    { id: npi('10'), name: 'Dr. Mariam Gleason', role: 'doctor' },
    { id: npi('20'), name: 'Dr. Dagny Schoen', role: 'doctor' },
    { id: npi('40'), name: 'Loren Fay', role: 'nurse' },
    { id: npi('60'), name: 'Antonia Stark', role: 'administrator' },
  ],
  patients: ['alberto', 'chet', 'edward', 'liz', 'michael'],
};

export const SOUTH: DemoHospital = {
  mspId: 'SouthClinicMSP',
  name: 'South Clinic',
  organisationId: 'https://south-clinic.example.org',
  gatewayName: 'main',
  clientId: 'south-ehr',
  practitioners: [
    { id: npi('70'), name: 'Dr. Pandora Weissnat', role: 'doctor' },
    { id: npi('80'), name: 'Dr. Felicitas Kub', role: 'doctor' },
    { id: npi('110'), name: 'Keeley Yundt', role: 'nurse' },
  ],
  patients: ['liz', 'ned', 'clemente', 'buster'],
};

export const HOSPITALS: readonly DemoHospital[] = [NORTH, SOUTH];

/** The national identifier system of the Synthea records. */
export const NATIONAL_SYSTEM = 'http://hl7.org/fhir/sid/us-ssn';
