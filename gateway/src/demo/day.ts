// SPDX-License-Identifier: Apache-2.0
import type { ConsentPolicy } from '../api/schemas';
import { CONSENTS } from './consents';
import type { DemoFile, DemoFilePatient } from './demoFile';
import { looksAbsent } from './hospitalClient';
import { PatientClient } from './patientClient';
import { dayOf, emergencyFor, Hospitals, type Scene } from './story';

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
  const answer = await hospitals.play(scene);
  if (looksAbsent(answer)) {
    return 'refused';
  }
  return answer.status === 200 ? 'given' : 'failed';
}
