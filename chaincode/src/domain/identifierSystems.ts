// SPDX-License-Identifier: Apache-2.0
import { type IdentifierForm, type NormalNumber, normaliseNumber, plainText } from './nationalNumbers';

/** A system of patient identifiers that names subjects in this network. */
export interface IdentifierSystem {
  /** The URI under which its identifiers become pseudonyms. */
  readonly system: string;
  /** Other URIs of the same system, for instance its OID; at most 20. */
  readonly aliases: readonly string[];
  readonly form: IdentifierForm;
}

/** An identifier as a record states it. */
export interface PatientIdentifier {
  readonly system: string;
  readonly value: string;
}

/** A {@link PatientIdentifier} in the network's one spelling. */
export interface NormalIdentifier extends NormalNumber {
  readonly system: string;
  /** Place of its system in the network's order: the first that a patient has names the subject. */
  readonly order: number;
}

/**
 * The identifier systems in force, in their order. Hospital, trustee and command line read identifiers
 * through one of these.
 */
export interface IdentifierTable {
  readonly systems: readonly IdentifierSystem[];
  /**
   * The system that the URI names, by whatever spelling or alias; `undefined` when it names no subjects here.
   */
  systemOf(uri: string): IdentifierSystem | undefined;
  /**
   * `undefined` for a system that names no subjects here, and for a value of which nothing is left.
   * @param birthDate of the person where it is known, `YYYY…`: some numbers do not tell their century.
   */
  normalise(identifier: PatientIdentifier, birthDate?: string): NormalIdentifier | undefined;
}

/** @param year the current year (UTC), for numbers that do not tell their century. */
export function createIdentifierTable(
  systems: readonly IdentifierSystem[],
  year: () => number,
): IdentifierTable {
  const known = new Map(
    systems.flatMap((entry, order) =>
      [entry.system, ...entry.aliases].map((uri) => [spelling(uri), { entry, order }] as const),
    ),
  );
  return {
    systems,
    systemOf: (uri) => known.get(spelling(uri))?.entry,
    normalise: ({ system: uri, value }, birthDate) => {
      const found = known.get(spelling(uri));
      if (found === undefined) {
        return undefined;
      }
      const number = normaliseNumber(found.entry.form, value, year(), birthDate);
      return number.value === '' ? undefined : { ...number, system: found.entry.system, order: found.order };
    },
  };
}

/**
 * URIs of systems are compared without case, blanks, unseen characters and slashes at the end; `https:` is
 * `http:`, a bare OID and `oid:` are `urn:oid:`. No two systems differ by these alone, and one that was
 * missed would make a known patient unidentified.
 */
export function spelling(uri: string): string {
  return plainText(uri)
    .replaceAll(' ', '')
    .toLowerCase()
    .replace(/^https:/, 'http:')
    .replace(/^(?:oid:)?(?=[0-2](?:\.\d+)+$)/, 'urn:oid:')
    .replace(/\/+$/, '');
}

/**
 * Systems that begin so are made by gateways, for patients who have no identifier; a network's table has none
 * of them.
 */
export const RESERVED_SYSTEMS = 'urn:chartwitness:';
