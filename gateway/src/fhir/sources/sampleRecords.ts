// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { elements, isFhirId, isMembers, isResource, type FhirResource, type JsonMembers } from '../resource';

/** The synthetic patients that come with the project, in `gateway/data/synthea`. */
export const SAMPLE_PATIENTS = {
  alberto: 'Alberto_Atencio_fc712d1f-5a2e-4407-9c55-a2a2bad623c2',
  buster: 'Buster_Hoeger_ad2e3fc5-2b5d-4cb9-8d03-9ea0f4ac8423',
  chet: 'Chet_Hoeger_5c6db3d0-c0fc-4eb7-8eae-dbc7847be741',
  clemente: 'Clemente_Kreiger_1484a42d-0eaf-4654-9cbf-6b050a5cd73b',
  edward: 'Edward_Gulgowski_43481611-2459-44f5-ab20-4b142dac160f',
  liz: 'Liz_Conn_27c911c6-f045-4ffa-af5d-6eba57ac94b2',
  michael: 'Michael_Kihn_376f9fc0-ecd8-468a-ad93-3534a14561a3',
  ned: 'Ned_Hintz_e4b9259d-0f54-48d1-a35d-b526729a4dfe',
} as const;

export type SamplePatient = keyof typeof SAMPLE_PATIENTS;

export interface SampleRecordsOptions {
  readonly patients: readonly SamplePatient[];
  /**
   * Gives every resource an id of its own for this hospital, so that two hospitals that know the same person
   * hold her under different ids, as they do in life. Absent: the ids of the files.
   */
  readonly idNamespace?: string;
}

interface LabelRule {
  readonly system: string;
  readonly code: string;
  readonly label: string;
}

const DATA = join(__dirname, '..', '..', '..', 'data');
const ACT_CODE = 'http://terminology.hl7.org/CodeSystem/v3-ActCode';
const CONFIDENTIALITY = 'http://terminology.hl7.org/CodeSystem/v3-Confidentiality';

/**
 * Loads patients with their references made relative (`Type/id`) and their sensitivity labels set. A resource
 * that holds a code of the label table anywhere (contained resources and billing lines included), or refers
 * to such a resource, gets the code's label and confidentiality R. Everything else gets N.
 */
export function loadSampleRecords(options: SampleRecordsOptions): readonly FhirResource[] {
  const rules = JSON.parse(readFileSync(join(DATA, 'labels.json'), 'utf8')) as readonly LabelRule[];
  const byKey = new Map<string, FhirResource>();
  for (const patient of new Set(options.patients)) {
    for (const resource of labelled(loadPatient(SAMPLE_PATIENTS[patient], options.idNamespace), rules)) {
      byKey.set(`${resource.resourceType}/${resource.id ?? ''}`, resource);
    }
  }
  return [...byKey.values()];
}

function loadPatient(file: string, idNamespace: string | undefined): readonly FhirResource[] {
  const bundle = JSON.parse(readFileSync(join(DATA, 'synthea', `${file}.json`), 'utf8')) as JsonMembers;
  const references = new Map<string, string>();
  const resources = elements(bundle['entry']).map(({ fullUrl, resource }) => {
    if (typeof fullUrl !== 'string' || !isResource(resource) || !isFhirId(resource.id)) {
      throw new Error(`${file}: an entry is not a resource with an id`);
    }
    const id = idNamespace === undefined ? resource.id : localId(idNamespace, resource.id);
    references.set(fullUrl, `${resource.resourceType}/${id}`);
    return { ...resource, id };
  });
  return resources.map((resource) => relative(resource, references) as FhirResource);
}

/** A UUID-shaped id that depends on the hospital and the original id alone. */
function localId(namespace: string, id: string): string {
  const hex = createHash('sha256').update(`${namespace}|${id}`).digest('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join(
    '-',
  );
}

/** Transaction bundles refer to their own entries by `fullUrl`; a server holds `Type/id`. */
function relative(value: unknown, references: ReadonlyMap<string, string>): unknown {
  if (typeof value === 'string') {
    return references.get(value) ?? value;
  }
  if (Array.isArray(value)) {
    return (value as unknown[]).map((element) => relative(element, references));
  }
  return isMembers(value)
    ? Object.fromEntries(Object.entries(value).map(([name, member]) => [name, relative(member, references)]))
    : value;
}

function labelled(resources: readonly FhirResource[], rules: readonly LabelRule[]): readonly FhirResource[] {
  const own = new Map(
    resources.map((resource) => [
      `${resource.resourceType}/${resource.id ?? ''}`,
      codeLabels(resource, rules),
    ]),
  );
  return resources.map((resource) => {
    const inherited = referencesOf(resource).flatMap((reference) => own.get(reference) ?? []);
    const labels = new Set([...codeLabels(resource, rules), ...inherited]);
    return withLabels(resource, [...labels].sort());
  });
}

function withLabels(resource: FhirResource, labels: readonly string[]): FhirResource {
  const confidentiality = { system: CONFIDENTIALITY, code: labels.length > 0 ? 'R' : 'N' };
  const security = [confidentiality, ...labels.map((code) => ({ system: ACT_CODE, code }))];
  return { ...resource, meta: { ...(isMembers(resource['meta']) ? resource['meta'] : {}), security } };
}

function codeLabels(value: unknown, rules: readonly LabelRule[]): readonly string[] {
  if (Array.isArray(value)) {
    return (value as unknown[]).flatMap((element) => codeLabels(element, rules));
  }
  if (!isMembers(value)) {
    return [];
  }
  const rule = rules.find(({ system, code }) => value['system'] === system && value['code'] === code);
  return [
    ...(rule === undefined ? [] : [rule.label]),
    ...Object.values(value).flatMap((member) => codeLabels(member, rules)),
  ];
}

/**
 * References to what a resource is about, through which its sensitivity spreads: not to whole visits or to
 * other directory entries.
 */
function referencesOf(value: unknown): readonly string[] {
  if (Array.isArray(value)) {
    return (value as unknown[]).flatMap(referencesOf);
  }
  if (!isMembers(value)) {
    return [];
  }
  const { reference } = value;
  return [
    ...(typeof reference === 'string' && !reference.startsWith('Encounter/') ? [reference] : []),
    ...Object.values(value).flatMap(referencesOf),
  ];
}
