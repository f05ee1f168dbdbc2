// SPDX-License-Identifier: Apache-2.0
import { labelOf } from '@chartwitness/chaincode/domain';
import { elements, isMembers, type JsonMembers } from './resource';

/** HL7 DS4P: a label inside a resource, on one of its elements. */
const INLINE_LABEL =
  'http://hl7.org/fhir/uv/security-label-ds4p/StructureDefinition/extension-inline-sec-label';

/**
 * The security labels that `value` itself carries: `meta.security` of a resource, also of a contained one, and inline labels on an
 * element. A resource is as sensitive as its most sensitive part, so callers gather them over all parts.
 */
export function labelsAt(value: JsonMembers): readonly string[] {
  const { meta } = value;
  const own = isMembers(meta) ? elements(meta['security']).flatMap(normalised) : [];
  const inline = elements(value['extension'])
    .filter((extension) => extension['url'] === INLINE_LABEL)
    .flatMap((extension) =>
      isMembers(extension['valueCoding']) ? normalised(extension['valueCoding']) : [],
    );
  return [...own, ...inline];
}

function normalised(coding: JsonMembers): readonly string[] {
  const { system, code } = coding;
  if (typeof code !== 'string' || code === '') {
    return [];
  }
  return [labelOf(typeof system === 'string' ? system : undefined, code)];
}
