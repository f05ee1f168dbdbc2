// SPDX-License-Identifier: Apache-2.0
import { type IdentifierForm, type NormalNumber, normaliseNumber } from './nationalNumbers';

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

/** The identifier systems in force, in their order. Hospital, trustee and command line read identifiers through one of these. */
export interface IdentifierTable {
  readonly systems: readonly IdentifierSystem[];
  /** `undefined` for a system that names no subjects here, and for a value of which nothing is left. */
  normalise(identifier: PatientIdentifier): NormalIdentifier | undefined;
}

/** @param year the current year (UTC), for numbers that do not tell their century. */
export function createIdentifierTable(
  systems: readonly IdentifierSystem[],
  year: () => number,
): IdentifierTable {
  const known = new Map(
    systems.flatMap(({ system, aliases, form }, order) =>
      [system, ...aliases].map((uri) => [spelling(uri), { system, form, order }] as const),
    ),
  );
  return {
    systems,
    normalise: ({ system: uri, value }) => {
      const entry = known.get(spelling(uri));
      if (entry === undefined) return undefined;
      const number = normaliseNumber(entry.form, value, year());
      return number.value === '' ? undefined : { ...number, system: entry.system, order: entry.order };
    },
  };
}

/** URIs of systems are compared without case, blanks at the ends and slashes at the end: no two systems differ by these alone. */
export function spelling(uri: string): string {
  return uri.trim().replace(/\/+$/, '').toLowerCase();
}
