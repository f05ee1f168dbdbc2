// SPDX-License-Identifier: Apache-2.0
import { EVERY_LABEL, labelOf } from '@chartwitness/chaincode/domain';
import { isMembers, type JsonMembers, listed } from './resource';

/**
 * HL7 DS4P: a label inside a resource, on one of its elements; by a name in its URL, around which versions
 * and guides differ.
 */
const INLINE_LABEL = /extension-inline-sec-label(?![\w-])/i;

/**
 * The security labels that `value` itself carries: `meta.security` of a resource, also of a contained one,
 * and inline labels on an element. What stands in the place of a label and is none (no code, no list, no
 * Coding) is every label: it cannot be told what it says. A resource is as sensitive as its most sensitive
 * part, so callers gather them over all parts.
 */
export function labelsAt(value: JsonMembers): readonly string[] {
  const inline = [...listed(value['extension']), ...listed(value['modifierExtension'])].flatMap(inlineLabel);
  return [...securityOf(value['meta']), ...inline];
}

/** What stands in the place of an extension and is none, or has no URL that can be read, may be a label. */
function inlineLabel(extension: unknown): readonly string[] {
  if (!isMembers(extension) || typeof extension['url'] !== 'string') {
    return [EVERY_LABEL];
  }
  return INLINE_LABEL.test(extension['url']) ? [labelIn(extension['valueCoding'])] : [];
}

function securityOf(meta: unknown): readonly string[] {
  if (meta === undefined || meta === null) {
    return [];
  }
  if (!isMembers(meta)) {
    return [EVERY_LABEL];
  }
  return listed(meta['security']).map(labelIn);
}

function labelIn(coding: unknown): string {
  if (!isMembers(coding)) {
    return EVERY_LABEL;
  }
  const { system, code } = coding;
  const isSystem = system === undefined || typeof system === 'string';
  return isSystem && typeof code === 'string' && code.trim() !== '' ? labelOf(system, code) : EVERY_LABEL;
}
