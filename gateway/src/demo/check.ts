// SPDX-License-Identifier: Apache-2.0
import {
  accessEntry,
  accessList,
  type AccessEntry,
  consentDocument,
  type ConsentPolicy,
} from '../api/schemas';
import { CLOSED, OWN_HOSPITAL_ONLY } from './consents';
import type { DemoFile, DemoFilePatient } from './demoFile';
import { type Answer, entriesOf, looksAbsent } from './hospitalClient';
import { PatientClient } from './patientClient';
import { dayOf, emergencyFor, Hospitals, type Scene } from './story';

/** A step of the check that did not hold, with what was expected and what came. */
export class CheckFailed extends Error {
  override readonly name = 'CheckFailed';
}

export interface CheckOptions {
  readonly say: (line: string) => void;
  /** Waits between two looks at the patient's list; injected so that tests need not wait. */
  readonly pause: () => Promise<void>;
}

const LOOKS = 100;

/**
 * Plays the main job once against a running demonstration, over HTTP alone, and verifies each step from
 * outside: what was released, what was withheld, what the patient's list says, and that a changed consent
 * binds the next request.
 * @throws {@link CheckFailed} at the first step that does not hold.
 */
export async function checkDemo(demo: DemoFile, options: CheckOptions): Promise<number> {
  const check = new Check(demo, options);
  await check.run();
  return check.steps;
}

class Check {
  steps = 0;
  readonly #demo: DemoFile;
  readonly #options: CheckOptions;
  readonly #hospitals: Hospitals;

  constructor(demo: DemoFile, options: CheckOptions) {
    this.#demo = demo;
    this.#options = options;
    this.#hospitals = new Hospitals(demo);
  }

  async run(): Promise<void> {
    const record = this.#firstPatient();
    const patient = await PatientClient.signIn(this.#demo.portalUrl, record.username, record.password);
    this.#hold('the patient signs in with the form', true);
    await this.#setConsent(patient, OWN_HOSPITAL_ONLY);
    const [, treatment, , , billing, away] = dayOf(record, this.#hospitals);
    await this.#permitted(patient, need(treatment), 'Observation');
    await this.#permitted(patient, need(billing), 'Claim');
    await this.#refused(patient, need(away));
    await this.#emergency(patient, emergencyFor(record, this.#hospitals));
    await this.#setConsent(patient, CLOSED);
    await this.#refused(patient, need(treatment));
    await this.#emergencyHeldBack(patient, record);
    await this.#oneListForBothHospitals();
    await this.#othersAreClosed(patient);
  }

  #firstPatient(): DemoFilePatient {
    return need(this.#demo.patients[0]);
  }

  /** Counts a step that holds; ends the check at one that does not. */
  #hold(what: string, holds: boolean, got?: unknown): void {
    if (!holds) {
      throw new CheckFailed(
        `${what}: did not hold${got === undefined ? '' : `, got ${JSON.stringify(got)}`}`,
      );
    }
    this.steps += 1;
    this.#options.say(`  ok  ${what}`);
  }

  async #setConsent(patient: PatientClient, policy: ConsentPolicy): Promise<void> {
    const before = await patient.get('consent');
    const answer = await patient.put('consent', policy, before.etag ?? '');
    this.#hold('the patient changes the consent', answer.status === 200, answer);
    const stale = await patient.put('consent', policy, before.etag ?? '');
    this.#hold('a change that starts from the version before is refused', stale.status === 412, stale.status);
    const after = consentDocument.parse((await patient.get('consent')).body);
    this.#hold(
      'the consent reads back as written',
      JSON.stringify(after.rules) === JSON.stringify(policy.rules),
      after,
    );
  }

  async #permitted(patient: PatientClient, scene: Scene, type: string): Promise<void> {
    const known = await this.#newest(patient);
    const answer = await this.#hospitals.play(scene);
    this.#hold(
      `${scene.title}: data are released`,
      answer.status === 200 && entriesOf(answer).length > 0,
      answer.status,
    );
    const entry = await this.#next(patient, known);
    this.#hold(
      `${scene.title}: the list says who, why and what`,
      describes(entry, scene) && entry.outcome === 'permit',
      entry,
    );
    this.#hold(
      `${scene.title}: the entry counts what was released`,
      countOf(entry, type) === released(answer, type),
      entry.items,
    );
  }

  async #refused(patient: PatientClient, scene: Scene): Promise<void> {
    const known = await this.#newest(patient);
    const answer = await this.#hospitals.play(scene);
    this.#hold(`${scene.title}: nothing is released and nothing shows why`, looksAbsent(answer), answer);
    const entry = await this.#next(patient, known);
    this.#hold(
      `${scene.title}: the refusal is in the list`,
      describes(entry, scene) && entry.outcome === 'deny',
      entry,
    );
  }

  async #emergency(patient: PatientClient, scene: Scene): Promise<void> {
    const known = await this.#newest(patient);
    const unexplained = await this.#hospitals
      .client(scene.asker, scene.holder)
      .get(scene.path, { ...scene.errand, reason: '' });
    this.#hold('an emergency without a reason is refused', unexplained.status === 400, unexplained.status);
    const refusal = await this.#next(patient, known);
    this.#hold('and recorded as refused', refusal.outcome === 'deny', refusal);
    const answer = await this.#hospitals.play(scene);
    this.#hold(
      'an emergency with a reason is released',
      answer.status === 200 && entriesOf(answer).length > 0,
      answer.status,
    );
    const entry = await this.#next(patient, refusal.id);
    const told = entry.emergency?.reason === scene.errand.reason && entry.outcome === 'permit';
    this.#hold(
      'and marked with its reason',
      told && entry.items.some((item) => item.basis.kind === 'emergency'),
      entry,
    );
  }

  async #emergencyHeldBack(patient: PatientClient, record: DemoFilePatient): Promise<void> {
    await this.#setConsent(patient, CLOSED_ALWAYS);
    const known = await this.#newest(patient);
    const answer = await this.#hospitals.play(emergencyFor(record, this.#hospitals));
    this.#hold('a rule that holds in emergencies holds', looksAbsent(answer), answer);
    const entry = await this.#next(patient, known);
    this.#hold('and the attempt is in the list', entry.outcome === 'deny' && entry.emergency !== null, entry);
    await this.#setConsent(patient, OWN_HOSPITAL_ONLY);
  }

  async #oneListForBothHospitals(): Promise<void> {
    const records = need(
      this.#demo.patients
        .map((one) => this.#demo.patients.filter((two) => two.username === one.username))
        .find((group) => new Set(group.map((one) => one.hospital)).size > 1),
    );
    const [first] = records;
    const patient = await PatientClient.signIn(
      this.#demo.portalUrl,
      need(first).username,
      need(first).password,
    );
    await this.#setConsent(patient, OWN_HOSPITAL_ONLY);
    for (const record of records) {
      const known = await this.#newest(patient);
      await this.#hospitals.play(need(dayOf(record, this.#hospitals)[1]));
      const entry = await this.#next(patient, known);
      this.#hold(
        `the patient known to both sees the access at ${record.hospital}`,
        entry.holder === record.hospital,
        entry,
      );
    }
  }

  async #othersAreClosed(patient: PatientClient): Promise<void> {
    const other = need(this.#demo.patients.find((one) => one.username !== this.#firstPatient().username));
    const stranger = await PatientClient.signIn(this.#demo.portalUrl, other.username, other.password);
    const mine = await this.#newest(patient);
    const answer = await stranger.get(`accesses/${mine ?? ''}`);
    this.#hold('another patient cannot read the entry', answer.status === 404, answer.status);
  }

  async #newest(patient: PatientClient): Promise<string | undefined> {
    const list = accessList.parse((await patient.get('accesses?limit=1')).body);
    return list.items[0]?.id;
  }

  /** The entry that follows `known`: exactly one, read again by its id. */
  async #next(patient: PatientClient, known: string | undefined): Promise<AccessEntry> {
    for (let look = 0; look < LOOKS; look += 1) {
      const list = accessList.parse((await patient.get('accesses?limit=10')).body).items;
      const added = known === undefined ? list : list.slice(0, Math.max(0, indexOf(list, known)));
      const [entry] = added;
      if (entry !== undefined) {
        this.#hold('exactly one entry was added', known === undefined || added.length === 1, added.length);
        return accessEntry.parse((await patient.get(`accesses/${entry.id}`)).body);
      }
      await this.#options.pause();
    }
    throw new CheckFailed('the access did not appear in the list');
  }
}

const CLOSED_ALWAYS: ConsentPolicy = {
  rules: [{ id: 'closed-always', effect: 'deny', holdsInEmergency: true }],
  default: 'deny',
};

function need<T>(value: T | undefined): T {
  if (value === undefined) {
    throw new CheckFailed('the demonstration lacks a patient or a scene that the check needs');
  }
  return value;
}

function indexOf(list: readonly AccessEntry[], id: string): number {
  const at = list.findIndex((entry) => entry.id === id);
  return at === -1 ? list.length : at;
}

function released(answer: Answer, type: string): number {
  return entriesOf(answer).filter((entry) => entry.resource?.resourceType === type).length;
}

/**
 * Whether the entry names holder, organisation, person and purpose of the scene, and a block of the ledger.
 */
function describes(entry: AccessEntry, scene: Scene): boolean {
  const { practitioner, purpose } = scene.errand;
  const { organisation, person } = entry.requester;
  const told = [entry.holder, organisation.mspId, person?.id, person?.name, person?.role, entry.purpose];
  const played = [
    scene.holder,
    scene.asker,
    practitioner?.id,
    practitioner?.name,
    practitioner?.role,
    purpose,
  ];
  return told.every((value, index) => value === played[index]) && entry.ledger.block > 0;
}

function countOf(entry: AccessEntry, type: string): number {
  return entry.items
    .filter((item) => item.type === type && item.decision === 'permit')
    .reduce((sum, item) => sum + item.count, 0);
}
