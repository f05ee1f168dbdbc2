// SPDX-License-Identifier: Apache-2.0
import { NORTH, SOUTH } from './cast';
import type { DemoFile, DemoFilePatient } from './demoFile';
import { type Errand, HospitalClient, type Practitioner } from './hospitalClient';

/** One request of the day, as a hospital's system makes it. */
export interface Scene {
  readonly title: string;
  /** MSP id of the hospital that is asked. */
  readonly holder: string;
  /** MSP id of the hospital that asks. */
  readonly asker: string;
  readonly patient: DemoFilePatient;
  readonly errand: Errand;
  /** FHIR path and query, after the base. */
  readonly path: string;
}

/** Clients by asking and asked organisation, over the hospitals' HTTP interfaces. */
export class Hospitals {
  readonly #demo: DemoFile;
  readonly #clients = new Map<string, HospitalClient>();

  constructor(demo: DemoFile) {
    this.#demo = demo;
  }

  hospital(mspId: string): DemoFile['hospitals'][number] {
    const found = this.#demo.hospitals.find((hospital) => hospital.mspId === mspId);
    if (found === undefined) {
      throw new Error(`the demonstration has no hospital ${mspId}`);
    }
    return found;
  }

  /** The client of `asker` at the gateway of `holder`. */
  client(asker: string, holder: string): HospitalClient {
    const key = `${asker}>${holder}`;
    const kept = this.#clients.get(key);
    if (kept !== undefined) {
      return kept;
    }
    const [credentials] = this.hospital(asker).clients;
    if (credentials === undefined) {
      throw new Error(`${asker} runs no client`);
    }
    const client = new HospitalClient(this.hospital(holder), credentials);
    this.#clients.set(key, client);
    return client;
  }

  practitioner(mspId: string, role: string, index = 0): Practitioner {
    const found = this.hospital(mspId).practitioners.filter((person) => person.role === role)[index];
    if (found === undefined) {
      throw new Error(`${mspId} has no ${role} number ${String(index)}`);
    }
    return found;
  }

  play(scene: Scene): ReturnType<HospitalClient['get']> {
    return this.client(scene.asker, scene.holder).get(scene.path, scene.errand);
  }
}

const other = (mspId: string): string => (mspId === NORTH.mspId ? SOUTH.mspId : NORTH.mspId);

/** A plausible day for one patient: treatment, billing, a read by another organisation, an emergency. */
export function dayOf(patient: DemoFilePatient, hospitals: Hospitals): readonly Scene[] {
  const home = patient.hospital;
  const away = other(home);
  const doctor = hospitals.practitioner(home, 'doctor');
  const id = encodeURIComponent(patient.patientId);
  const at = (asker: string, title: string, path: string, errand: Errand): Scene => ({
    title,
    holder: home,
    asker,
    patient,
    errand,
    path,
  });
  return [
    at(home, 'the ward nurse opens the chart', `Patient/${id}`, {
      practitioner: hospitals.practitioner(home, 'nurse'),
      purpose: 'TREAT',
    }),
    at(home, 'the doctor reads results', `Observation?patient=${id}`, {
      practitioner: doctor,
      purpose: 'TREAT',
    }),
    at(home, 'the doctor reads diagnoses', `Condition?patient=${id}`, {
      practitioner: doctor,
      purpose: 'TREAT',
    }),
    at(home, 'the doctor reads the whole record', `Patient/${id}/$everything`, {
      practitioner: doctor,
      purpose: 'TREAT',
    }),
    at(home, 'billing reads claims', `Claim?patient=${id}`, { purpose: 'HPAYMT' }),
    at(away, 'another organisation asks for treatment', `Condition?patient=${id}`, {
      practitioner: hospitals.practitioner(away, 'doctor'),
      purpose: 'TREAT',
    }),
  ];
}

/** Another organisation's emergency room opens the record against the patient's rules. */
export function emergencyFor(patient: DemoFilePatient, hospitals: Hospitals): Scene {
  const away = other(patient.hospital);
  return {
    title: 'an emergency room breaks the glass',
    holder: patient.hospital,
    asker: away,
    patient,
    errand: {
      practitioner: hospitals.practitioner(away, 'doctor', 1),
      purpose: 'BTG',
      reason: 'Unconscious on arrival after a fall, no history available',
    },
    path: `Patient/${encodeURIComponent(patient.patientId)}/$everything`,
  };
}
