// SPDX-License-Identifier: Apache-2.0
import { EVERY_LABEL, labelOf } from '@chartwitness/chaincode/domain';
import { elements, isMembers, type JsonMembers } from './resource';

/** HL7 DS4P: a label inside a resource, on one of its elements; by the end of its URL, which versions and guides begin differently. */
const INLINE_LABEL = /\/extension-inline-sec-label\/?(?:\|.*)?$/i;

/**
 * The security labels that `value` itself carries: `meta.security` of a resource, also of a contained one, and inline labels on an
 * element. What stands in the place of a label and is none (no code, no list, no Coding) is every label: it cannot be told what it says.
 * A resource is as sensitive as its most sensitive part, so callers gather them over all parts.
 */
export function labelsAt(value: JsonMembers): readonly string[] {
  const inline = [...elements(value['extension']), ...elements(value['modifierExtension'])]
    .filter(({ url }) => typeof url === 'string' && INLINE_LABEL.test(url))
    .map(({ valueCoding }) => labelIn(valueCoding));
  return [...securityOf(value['meta']), ...inline];
}

function securityOf(meta: unknown): readonly string[] {
  if (meta === undefined || meta === null) return [];
  if (!isMembers(meta)) return [EVERY_LABEL];
  const { security } = meta;
  if (security === undefined || security === null) return [];
  return Array.isArray(security) ? (security as unknown[]).map(labelIn) : [labelIn(security)];
}

function labelIn(coding: unknown): string {
  if (!isMembers(coding)) return EVERY_LABEL;
  const { system, code } = coding;
  const isSystem = system === undefined || typeof system === 'string';
  return isSystem && typeof code === 'string' && code.trim() !== '' ? labelOf(system, code) : EVERY_LABEL;
}
