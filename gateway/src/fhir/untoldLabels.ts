// SPDX-License-Identifier: Apache-2.0
import { labelCode, labelOf, SENSITIVITY_LABELS } from '@chartwitness/chaincode/domain';
import { type FhirResource, isMembers, type JsonMembers, listed } from './resource';

const SENSITIVITIES: ReadonlySet<string> = new Set(SENSITIVITY_LABELS);

/**
 * Whether a normalised label says what data are about. A confidentiality, a handling code or an unknown label
 * does not.
 */
export function saysSensitivity(label: string): boolean {
  return SENSITIVITIES.has(label);
}

/** No member of a resource: it leaves in no answer, and copies of the resource keep it. */
const UNTOLD = Symbol('labels untold');

/** The same resource, whose labels count as untold: it was not read from where the source tells them. */
export function withUntoldLabels(resource: FhirResource): FhirResource {
  return Object.assign({ ...resource }, { [UNTOLD]: true });
}

export function hasUntoldLabels(resource: FhirResource): boolean {
  return UNTOLD in resource;
}

/**
 * Whether the resource is tagged as a part of itself (R4 §3.1.1.5.10, v3-ObservationValue `SUBSETTED`), in
 * any spelling: `meta.security` may be among what was left out. What stands in the place of a tag and is none
 * may be this one.
 */
export function isSubset({ meta }: JsonMembers): boolean {
  return isMembers(meta) && listed(meta['tag']).some(maySaySubset);
}

function maySaySubset(tag: unknown): boolean {
  if (!isMembers(tag)) {
    return true;
  }
  const { code } = tag;
  // A tag with a text alone says nothing by which a server marks a subset.
  return (
    code !== undefined && (typeof code !== 'string' || labelCode(labelOf(undefined, code)) === 'SUBSETTED')
  );
}
