// SPDX-License-Identifier: Apache-2.0
import {
  type IdentifierForm,
  type IdentifierTable,
  type PatientIdentifier,
  plainText,
  spelling,
} from '@chartwitness/chaincode/domain';
import { elements, type FhirResource } from './resource';
import { identifiersIn } from './resourceFacts';
import type { SearchRequest } from './searchRequest';

/** A search of more spellings could be too long for a source's URL. */
const MAX_ASKED = 40;

/**
 * The search's parameters as the source is asked. Sources compare identifiers as texts, so a patient who is
 * written otherwise there than the caller writes her would be missed. For a system of the network, the
 * question has the spelling given, the normal one and those in which such numbers are usually written. Each
 * stands under the URI given, the network's and its aliases: at most 40, as alternatives of one parameter.
 * {@link hasIdentifier} then sorts out what was meant.
 */
export function widened({ patient, upstream }: SearchRequest, table: IdentifierTable): URLSearchParams {
  if (patient.kind !== 'identifier') {
    return upstream;
  }
  const entry = table.systemOf(patient.system);
  const normal = table.normalise(patient);
  if (entry === undefined || normal === undefined) {
    return upstream;
  }
  const values = new Set([patient.value, normal.value, ...usualSpellings(entry.form, normal.value)]);
  const systems = new Set([patient.system, entry.system, ...entry.aliases]);
  const asked = [...systems].flatMap((system) => [...values].map((value) => `${system}|${value}`));
  const all = new URLSearchParams(upstream);
  all.set('identifier', asked.filter(isPlain).slice(0, MAX_ASKED).join(','));
  return all;
}

/**
 * Commas and bars mean something in a search, so what holds more than the one bar between system and value is
 * not asked for.
 */
function isPlain(token: string): boolean {
  return token.split('|').length === 2 && !/[,$\\]/.test(token);
}

/** How a number in normal spelling is usually written: grouped as on the document. */
const GROUPS: Readonly<Partial<Record<IdentifierForm, readonly (readonly [RegExp, string])[]>>> = {
  'us-ssn': [[/^(\d{3})(\d{2})(\d{4})$/, '$1-$2-$3']],
  'nhs-number': [
    [/^(\d{3})(\d{3})(\d{4})$/, '$1 $2 $3'],
    [/^(\d{3})(\d{3})(\d{4})$/, '$1-$2-$3'],
  ],
  'cn-resident-id': [
    [/X$/, 'x'],
    [/^(\d{6})1[89](\d{9})[\dX]$/, '$1$2'],
  ],
  'ch-ahv': [[/^(\d{3})(\d{4})(\d{4})(\d{2})$/, '$1.$2.$3.$4']],
  'no-fodselsnummer': [[/^(\d{6})(\d{5})$/, '$1 $2']],
  'se-personnummer': [
    [/^(\d{8})(\d{4})$/, '$1-$2'],
    [/^\d{2}(\d{6})(\d{4})$/, '$1-$2'],
    [/^\d{2}(\d{6})(\d{4})$/, '$1+$2'],
    [/^\d{2}(\d{10})$/, '$1'],
  ],
};

function usualSpellings(form: IdentifierForm, value: string): readonly string[] {
  return (GROUPS[form] ?? []).flatMap(([shape, groups]) =>
    shape.test(value) ? [value.replace(shape, groups)] : [],
  );
}

/** Whether the Patient has the identifier, in whatever spelling; former ones (`use: old`) do not count. */
export function hasIdentifier(
  patient: FhirResource,
  wanted: PatientIdentifier,
  table: IdentifierTable,
): boolean {
  const normal = table.normalise(wanted);
  if (normal !== undefined) {
    return identifiersIn(patient, table).some(
      ({ system, value }) =>
        system === normal.system && (value === normal.value || isSameShort(wanted, value, table)),
    );
  }
  // Of a system that is no matter of the network's, for instance the hospital's own numbers.
  return elements(patient['identifier']).some(
    ({ system, value, use }) =>
      typeof system === 'string' &&
      typeof value === 'string' &&
      use !== 'old' &&
      spelling(system) === spelling(wanted.system) &&
      plainText(value) === plainText(wanted.value),
  );
}

/**
 * Of a number without its century, which the record's own birth date told: what was asked for may have been
 * of that century as well.
 */
function isSameShort(wanted: PatientIdentifier, value: string, table: IdentifierTable): boolean {
  return table.normalise(wanted, value.slice(0, 4))?.value === value;
}
