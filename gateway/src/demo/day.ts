// SPDX-License-Identifier: Apache-2.0
import type { ConsentPolicy } from '../api/schemas';
import type { DemoFile, DemoFilePatient } from './demoFile';
import { PatientClient } from './patientClient';
import { dayOf, emergencyFor, Hospitals, type Scene } from './story';

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

/** What each person decided, by sign-in name; who is not here has no consent on file. */
const CONSENTS: Readonly<Record<string, ConsentPolicy>> = {
  alberto: {
    rules: [{ id: 'psychiatry-is-closed', effect: 'deny', labels: ['PSY'] }, ...MY_HOSPITAL],
    default: 'deny',
  },
  chet: { rules: MY_HOSPITAL, default: 'deny' },
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
  buster: { rules: [], default: 'deny' },
};

/** Whose record an emergency room opens. */
const EMERGENCIES = ['chet', 'liz'];

/** What a day brought, in numbers that the reader of a screen can use. */
export interface DayPlayed {
  readonly consents: number;
  readonly requests: number;
  /** Requests that got nothing. */
  readonly refused: number;
  /** Requests that the gateways did not answer as they should. */
  readonly failed: number;
  readonly emergencies: number;
}

/** Sets the patients' consents at the portal and plays the hospitals' requests, all of it over HTTP. */
export async function playDay(file: DemoFile): Promise<DayPlayed> {
  const hospitals = new Hospitals(file);
  for (const [username, policy] of Object.entries(CONSENTS)) {
    await setConsent(file, username, policy);
  }
  const outcomes: Outcome[] = [];
  let emergencies = 0;
  for (const patient of file.patients) {
    const emergency = emergencyOf(patient, hospitals);
    emergencies += emergency.length;
    for (const scene of [...dayOf(patient, hospitals), ...emergency]) {
      outcomes.push(await outcomeOf(scene, hospitals));
    }
  }
  const count = (wanted: Outcome): number => outcomes.filter((outcome) => outcome === wanted).length;
  return {
    consents: Object.keys(CONSENTS).length,
    requests: outcomes.length,
    refused: count('refused'),
    failed: count('failed'),
    emergencies,
  };
}

function emergencyOf(patient: DemoFilePatient, hospitals: Hospitals): readonly Scene[] {
  return EMERGENCIES.includes(patient.username) ? [emergencyFor(patient, hospitals)] : [];
}

async function setConsent(file: DemoFile, username: string, policy: ConsentPolicy): Promise<void> {
  const person = file.patients.find((patient) => patient.username === username);
  if (person === undefined) {
    throw new Error(`the demonstration has no patient ${username}`);
  }
  const patient = await PatientClient.signIn(file.portalUrl, username, person.password);
  const before = await patient.get('consent');
  const answer = await patient.put('consent', policy, before.etag ?? '');
  if (answer.status !== 200) {
    throw new Error(`setting the consent of ${username} answered ${String(answer.status)}`);
  }
}

type Outcome = 'given' | 'refused' | 'failed';

async function outcomeOf(scene: Scene, hospitals: Hospitals): Promise<Outcome> {
  const { status, body } = await hospitals.play(scene);
  if (status !== 200) {
    return status === 404 ? 'refused' : 'failed';
  }
  const { resourceType, total, entry } = body as {
    readonly resourceType?: string;
    readonly total?: number;
    readonly entry?: readonly unknown[];
  };
  return resourceType === 'Bundle' && (total ?? entry?.length ?? 0) === 0 ? 'refused' : 'given';
}
