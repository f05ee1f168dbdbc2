// SPDX-License-Identifier: Apache-2.0
import { AppError } from '../errors';
import { isReplaced, linkedPatientIds } from '../fhir/patientLinks';
import type { FhirResource } from '../fhir/resource';
import { type BoundPatient, NOBODY, type Subjects } from '../fhir/subject';
import type { PatientFindings } from '../subjects/patientFindings';

export interface ResolveDependencies {
  readonly subjects: Subjects;
  /** Pseudonym of a patient of this holder's whom no identifier names. */
  readonly localSubject: (id: string) => string;
  readonly findings: PatientFindings;
  readonly upstreamBaseUrl: string | undefined;
  /** Reads a Patient of the source. */
  readonly read: (id: string) => Promise<FhirResource | undefined>;
}

/** Links of one record that are looked up. */
const MAX_LINKS = 10;

/**
 * The one person that the source's Patient records are.
 *
 * An ordinary request finds identified, current records only: one without an identifier, or merged into
 * another, looks absent. An emergency finds them all: a merged record's person is the surviving one, by
 * `replaced-by`, one step within the source. Whom no identifier names has the holder's own id for a subject.
 * What further numbers the records hold become `formerSubjects`, those of a record in use `besideSubjects`.
 * An ordinary request goes by the first system's number alone (README.md says why).
 * @returns undefined when to the caller there is nobody.
 * @throws AppError UNBOUND_SEARCH in an emergency, when the records are several persons'; what reading a
 *   surviving record throws.
 */
export async function resolvePatient(
  patients: readonly FhirResource[],
  isEmergency: boolean,
  deps: ResolveDependencies,
): Promise<BoundPatient | undefined> {
  const found = isEmergency
    ? await Promise.all(patients.map((patient) => inEmergency(patient, deps)))
    : patients.map((patient) => ordinarily(patient, deps));
  const persons = found.filter((person) => person !== undefined);
  const [first, ...others] = persons;
  if (first === undefined) {
    return undefined;
  }
  if (others.some(({ subject }) => subject !== first.subject)) {
    deps.findings.report('severalPersons');
    if (!isEmergency) {
      return undefined;
    }
    throw new AppError('UNBOUND_SEARCH', 'the identifier matches several persons', {
      expose: 'The identifier does not name exactly one patient; search by _id.',
    });
  }
  const links = new Set(patients.flatMap((patient) => linkedPatientIds(patient, deps.upstreamBaseUrl)));
  const linkedIds = links.size === 0 ? NOBODY : await ofSame(links, patients, first.subject, deps);
  if (others.length === 0) {
    return { ...first, linkedIds };
  }
  const former = [...new Set(persons.flatMap(({ formerSubjects = [] }) => formerSubjects))];
  const besides = new Set(persons.flatMap(({ besideSubjects = [] }) => besideSubjects));
  const beside = [...besides].filter((subject) => !former.includes(subject));
  return {
    subject: first.subject,
    ids: new Set(persons.flatMap(({ ids }) => [...ids])),
    linkedIds,
    ...(former.length === 0 ? {} : { formerSubjects: former }),
    ...(beside.length === 0 ? {} : { besideSubjects: beside }),
  };
}

function ordinarily(
  patient: FhirResource,
  { subjects, findings }: ResolveDependencies,
): BoundPatient | undefined {
  if (isReplaced(patient)) {
    findings.report('merged');
    return undefined;
  }
  const subject = subjects.ofPatient(patient);
  if (subject === undefined) {
    findings.report('unidentified');
    return undefined;
  }
  return { subject, ids: idsOf([patient]) };
}

async function inEmergency(patient: FhirResource, deps: ResolveDependencies): Promise<BoundPatient> {
  const { subjects, findings } = deps;
  if (isReplaced(patient)) {
    findings.report('mergedEmergency');
    return merged(patient, deps);
  }
  const subject = subjects.ofPatient(patient);
  if (subject === undefined) {
    return boundTo(undefined, patient, [], deps);
  }
  const beside = subjects.everOfPatient(patient).filter((one) => one !== subject);
  return {
    subject,
    ids: idsOf([patient]),
    ...(beside.length === 0 ? {} : { besideSubjects: beside }),
  };
}

/** Listed under the one surviving person; where none can be told, under what the old record says alone. */
async function merged(patient: FhirResource, deps: ResolveDependencies): Promise<BoundPatient> {
  const { subjects, findings } = deps;
  const survivors = await survivorsOf(patient, deps);
  const surviving = [...new Set(survivors.flatMap((survivor) => subjects.ofPatient(survivor) ?? []))];
  const isTold = surviving.length === 1 && !survivors.some(isReplaced);
  if (!isTold) {
    findings.report('mergedAstray');
  }
  const subject = surviving.length === 1 ? surviving[0] : subjects.everOfPatient(patient)[0];
  return boundTo(subject, patient, survivors, deps);
}

/**
 * The consent under every number that the records hold is to permit, whichever of them the access is listed
 * under.
 */
function boundTo(
  known: string | undefined,
  patient: FhirResource,
  survivors: readonly FhirResource[],
  { subjects, localSubject, findings }: ResolveDependencies,
): BoundPatient {
  if (known === undefined) {
    findings.report('unidentifiedEmergency');
  }
  const subject = known ?? localSubject(patient.id ?? '');
  const numbers = [
    ...subjects.everOfPatient(patient),
    ...survivors.flatMap((one) => subjects.everOfPatient(one)),
  ];
  const former = [...new Set(numbers)].filter((one) => one !== subject);
  const same = survivors.filter((one) => subjects.ofPatient(one) === subject);
  return {
    subject,
    ids: idsOf([patient, ...same]),
    ...(former.length === 0 ? {} : { formerSubjects: former }),
  };
}

/**
 * The records that this one was replaced by, on the same source. One that cannot be read is not passed over:
 * its consent might deny.
 */
async function survivorsOf(
  patient: FhirResource,
  { read, upstreamBaseUrl }: ResolveDependencies,
): Promise<readonly FhirResource[]> {
  const ids = linkedPatientIds(patient, upstreamBaseUrl, 'replaced-by').filter((id) => id !== patient.id);
  if (ids.length > MAX_LINKS) {
    throw new AppError('UPSTREAM_FAILED', 'a merged patient record names too many surviving ones');
  }
  const survivors = await Promise.all(ids.map((id) => read(id)));
  return survivors.filter((survivor) => survivor !== undefined);
}

/** Of the ids to which these records have links, those of further records of the same person. */
async function ofSame(
  ids: ReadonlySet<string>,
  patients: readonly FhirResource[],
  subject: string,
  { subjects, read }: ResolveDependencies,
): Promise<ReadonlySet<string>> {
  const known = idsOf(patients);
  const unknown = [...ids].filter((id) => !known.has(id)).slice(0, MAX_LINKS);
  const linked = await Promise.all(unknown.map((id) => ifReadable(() => read(id))));
  return idsOf(linked.filter((patient) => patient !== undefined && subjects.ofPatient(patient) === subject));
}

/**
 * A linked record that cannot be read cannot be told: its link is masked, and does not keep the asked record
 * from being given.
 */
async function ifReadable(read: () => Promise<FhirResource | undefined>): Promise<FhirResource | undefined> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof AppError) {
      return undefined;
    }
    throw error;
  }
}

function idsOf(patients: readonly (FhirResource | undefined)[]): ReadonlySet<string> {
  return new Set(patients.flatMap((patient) => patient?.id ?? []));
}
