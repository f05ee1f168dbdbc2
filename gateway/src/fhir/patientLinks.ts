// SPDX-License-Identifier: Apache-2.0
import { elements, isFhirId, isMembers, type FhirResource, type JsonMembers } from './resource';

const PATIENT_REFERENCE = /^(.*\/)?Patient\/([A-Za-z0-9.-]{1,64})(?:\/_history\/[^/]+)?$/;
const LINK_TYPES: readonly unknown[] = ['replaced-by', 'replaces', 'refer', 'seealso'];
const ABSENT_REASON = 'http://hl7.org/fhir/StructureDefinition/data-absent-reason';
const SUBSETTED = {
  system: 'http://terminology.hl7.org/CodeSystem/v3-ObservationValue',
  code: 'SUBSETTED',
};

/**
 * The logical id of a Patient on the source that a literal reference names; undefined for every other place
 * and form.
 */
export function localPatientId(reference: unknown, baseUrl: string | undefined): string | undefined {
  const [, base = '', id] = typeof reference === 'string' ? (PATIENT_REFERENCE.exec(reference) ?? []) : [];
  const isLocal = base === '' || base === `${baseUrl ?? ''}/`;
  return isLocal && isFhirId(id) ? id : undefined;
}

/**
 * Ids of the source's Patients to which the Patient has links, each once.
 * @param type of the links; absent: of every type.
 */
export function linkedPatientIds(
  patient: FhirResource,
  baseUrl: string | undefined,
  type?: 'replaced-by',
): readonly string[] {
  if (patient['link'] === undefined) {
    return [];
  }
  const ids = elements(patient['link'])
    .filter((link) => type === undefined || link['type'] === type)
    .flatMap((link) => localPatientId(referenceOf(link), baseUrl) ?? []);
  return [...new Set(ids)];
}

/**
 * Whether the record says that another one is to be used in its place (R4 Patient.link `replaced-by`),
 * wherever that is.
 */
export function isReplaced(patient: FhirResource): boolean {
  return elements(patient['link']).some(({ type }) => type === 'replaced-by');
}

/**
 * The Patient with links to records of the same person as they are. `link` is a modifier element (R4
 * §2.6.0.1): who does not see it takes the record for the main one. So of the other links the type stays, the
 * other record is masked (data-absent-reason), and the resource says that it is a part (SUBSETTED), so that
 * nobody writes it back.
 * @param ownIds logical ids under which the source holds this person.
 */
export function withOwnLinks(
  patient: FhirResource,
  ownIds: ReadonlySet<string>,
  baseUrl: string | undefined,
): FhirResource {
  const { link } = patient;
  if (link === undefined) {
    return patient;
  }
  const isOwn = (one: JsonMembers): boolean => {
    const id = localPatientId(referenceOf(one), baseUrl);
    return id !== undefined && ownIds.has(id) && isPlain(one);
  };
  const links = elements(link);
  if (Array.isArray(link) && links.length === link.length && links.every(isOwn)) {
    return patient;
  }
  const settled = links.map((one) => (isOwn(one) ? one : masked(one)));
  // JSON leaves out what is undefined.
  return {
    ...patient,
    meta: taggedMeta(patient['meta']),
    link: settled.length === 0 ? undefined : settled,
  };
}

function referenceOf({ other }: JsonMembers): unknown {
  return isMembers(other) ? other['reference'] : undefined;
}

/**
 * Whether the link says nothing but which record it names: an identifier or an extension in it might be
 * somebody else's.
 */
function isPlain(link: JsonMembers): boolean {
  const { other } = link;
  return (
    Object.keys(link).every((name) => ['id', 'other', 'type'].includes(name)) &&
    isMembers(other) &&
    Object.keys(other).every((name) => ['reference', 'type', 'display'].includes(name))
  );
}

function masked({ type }: JsonMembers): JsonMembers {
  return {
    other: { extension: [{ url: ABSENT_REASON, valueCode: 'masked' }] },
    type: LINK_TYPES.includes(type) ? type : 'seealso',
  };
}

function taggedMeta(meta: unknown): JsonMembers {
  const members = isMembers(meta) ? meta : {};
  return { ...members, tag: [...elements(members['tag']), SUBSETTED] };
}
