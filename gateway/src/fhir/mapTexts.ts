// SPDX-License-Identifier: Apache-2.0
import { isMembers, type JsonMembers } from './resource';

/** Deeper values are no valid FHIR and never released; walking on would be at their sender's cost alone. */
const MAX_DEPTH = 100;

/**
 * The JSON value with `change` applied to each text in it, member names and what is nested deeper than 100
 * excepted. Parts in which nothing changes are the same objects.
 */
export function mapTexts(value: unknown, change: (text: string) => string, depth = 0): unknown {
  if (typeof value === 'string') {
    return change(value);
  }
  if (depth > MAX_DEPTH) {
    return value;
  }
  if (Array.isArray(value)) {
    const elements = value as unknown[];
    const mapped = elements.map((element) => mapTexts(element, change, depth + 1));
    return mapped.some((element, index) => element !== elements[index]) ? mapped : value;
  }
  return isMembers(value) ? mapMembers(value, change, depth) : value;
}

function mapMembers(members: JsonMembers, change: (text: string) => string, depth: number): JsonMembers {
  const entries = Object.entries(members);
  const mapped = entries.map(([name, member]) => [name, mapTexts(member, change, depth + 1)] as const);
  return mapped.some(([, member], index) => member !== entries[index]?.[1])
    ? Object.fromEntries(mapped)
    : members;
}
