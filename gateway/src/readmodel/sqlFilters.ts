// SPDX-License-Identifier: Apache-2.0
import type { AccessFilters } from './accessStore';

/** `,Observation,Patient,`: one `instr` finds a type whole. */
export function typesText(types: readonly string[]): string {
  return `,${types.join(',')},`;
}

/** Conditions on the columns of `subject_entry`, and what to bind to them. */
export interface Criteria {
  readonly conditions: readonly string[];
  readonly values: readonly (string | number)[];
}

export function criteria(filters: AccessFilters): Criteria {
  const conditions: string[] = [];
  const values: (string | number)[] = [];
  const add = (condition: string, ...given: (string | number)[]): void => {
    conditions.push(condition);
    values.push(...given);
  };
  const anyOf = (column: string, given: readonly string[] | undefined): void => {
    if (given !== undefined) {
      add(`${column} IN (${given.map(() => '?').join(', ')})`, ...given);
    }
  };
  if (filters.from !== undefined) {
    add('at >= ?', filters.from);
  }
  if (filters.to !== undefined) {
    add('at < ?', filters.to);
  }
  if (filters.user !== undefined) {
    add('person = ?', filters.user);
  }
  anyOf('org', filters.orgs);
  anyOf('purpose', filters.purposes);
  anyOf('outcome', filters.outcomes);
  if (filters.types !== undefined) {
    add(
      `(${filters.types.map(() => 'instr(types, ?) > 0').join(' OR ') || '0'})`,
      ...filters.types.map((type) => `,${type},`),
    );
  }
  return { conditions, values };
}
