// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import type { FhirResource } from '../fhir/resource';
import type { SampleHospital } from '../fhir/sources/sampleHospital';
import type { PatientAccounts } from '../trustee/accounts/patientAccounts';
import { type DemoHospital, NATIONAL_SYSTEM } from './cast';
import type { DemoFile, DemoFilePatient } from './demoFile';

const PASSWORD_BYTES = 9;

export interface HospitalRecords {
  readonly hospital: DemoHospital;
  readonly upstream: SampleHospital;
}

/**
 * An account for every person, once for each hospital that knows her; passwords of an earlier run are kept.
 */
export async function openAccounts(
  places: readonly HospitalRecords[],
  accounts: PatientAccounts,
  demoFile: string,
): Promise<readonly DemoFilePatient[]> {
  const kept = keptPasswords(demoFile);
  const patients: DemoFilePatient[] = [];
  for (const { hospital, upstream } of places) {
    for (const resource of upstream.patients()) {
      const person = personOf(resource);
      const password = kept.get(person.username) ?? randomBytes(PASSWORD_BYTES).toString('base64url');
      kept.set(person.username, password);
      await accounts.put({ ...person, password });
      patients.push({ ...person, password, hospital: hospital.mspId, patientId: resource.id ?? '' });
    }
  }
  return patients;
}

function keptPasswords(demoFile: string): Map<string, string> {
  if (!existsSync(demoFile)) {
    return new Map();
  }
  const before = JSON.parse(readFileSync(demoFile, 'utf8')) as DemoFile;
  return new Map(before.patients.map(({ username, password }) => [username, password]));
}

interface PatientResource extends FhirResource {
  readonly name?: readonly { readonly given?: readonly string[]; readonly family?: string }[];
  readonly identifier?: readonly { readonly system?: string; readonly value?: string }[];
}

function personOf(resource: PatientResource): Pick<DemoFilePatient, 'name' | 'username' | 'identifier'> {
  const given = resource.name?.[0]?.given?.[0];
  const family = resource.name?.[0]?.family;
  const value = resource.identifier?.find(({ system }) => system === NATIONAL_SYSTEM)?.value;
  if (given === undefined || family === undefined || value === undefined) {
    throw new Error(`the sample record ${resource.id ?? ''} has no name or national identifier`);
  }
  return {
    name: `${given} ${family}`,
    username: given.toLowerCase(),
    identifier: { system: NATIONAL_SYSTEM, value },
  };
}
