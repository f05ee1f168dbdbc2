// SPDX-License-Identifier: Apache-2.0
import { normalisePersonId } from './personText';

/** An id of a person taken apart; both parts in the form in which they are compared. */
export interface PersonParts {
  /** Empty where the id names none. */
  readonly system: string;
  readonly value: string;
}

const OID_PREFIX = 'urn:oid:';
/**
 * Systems of persons that have several names: the US National Provider Identifier (HL7 terminology,
 * `us-npi`).
 */
const SYSTEM_NAMES: ReadonlyMap<string, string> = new Map([
  ['http://hl7.org/fhir/sid/us-npi', '2.16.840.1.113883.4.6'],
]);

/**
 * `system#value` or `system|value`, or a value alone. A number's leading zeros, blanks and dots at its end do
 * not count.
 */
export function personParts(id: string): PersonParts {
  const text = normalisePersonId(id);
  const at = Math.max(text.lastIndexOf('#'), text.lastIndexOf('|'));
  const name = text
    .slice(0, Math.max(at, 0))
    .replace(/^https:/, 'http:')
    .replace(/\/+$/, '');
  const bare = name.startsWith(OID_PREFIX) ? name.slice(OID_PREFIX.length) : name;
  const value = text.slice(at + 1).replace(/[\s.]+/g, '');
  return {
    system: SYSTEM_NAMES.get(bare) ?? bare,
    value: /^\d+$/.test(value) ? value.replace(/^0+(?=\d)/, '') : value,
  };
}

/**
 * Whether two ids may name one person: the same value in the same system, whatever the system is called, or
 * in none that is named. For denials: they match widely. A permission compares the whole id.
 */
export function mayBeSamePerson(one: PersonParts, other: PersonParts): boolean {
  return (
    one.value === other.value && (one.system === other.system || one.system === '' || other.system === '')
  );
}
