// SPDX-License-Identifier: Apache-2.0
/** Code systems whose codes stand alone as labels; their codes do not overlap in practice (N, R, V against ETH, HIV, PSY, SDV). */
const BARE_SYSTEMS = [
  'http://terminology.hl7.org/CodeSystem/v3-Confidentiality|',
  'http://terminology.hl7.org/CodeSystem/v3-ActCode|',
] as const;

/**
 * The label of an item whose labels cannot be told, or are too many to be recorded. Alone in its list; it counts as carrying every label,
 * so every denial by label matches it and no permission by sensitivity label does.
 */
export const EVERY_LABEL = '*';

/**
 * One spelling for a security label: the bare code for HL7 v3 Confidentiality and ActCode, `system|code` for every other system.
 * A text without `|` is a bare code already. Idempotent.
 */
export function normaliseLabel(label: string): string {
  const system = BARE_SYSTEMS.find((prefix) => label.startsWith(prefix) && label.length > prefix.length);
  return system === undefined ? label : label.slice(system.length);
}

/** The normalised label of a FHIR Coding (`meta.security`). */
export function labelOf(system: string | undefined, code: string): string {
  return system === undefined || system === '' ? code : normaliseLabel(`${system}|${code}`);
}

/** Normalised labels, sorted by code unit and without repeats: the form in which a request carries them. */
export function normaliseLabels(labels: Iterable<string>): string[] {
  return [...new Set(Array.from(labels, normaliseLabel))].sort();
}
