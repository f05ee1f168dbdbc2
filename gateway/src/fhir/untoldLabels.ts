// SPDX-License-Identifier: Apache-2.0
import { elements, isMembers, type JsonMembers } from './resource';

/** HL7 v3 Confidentiality. As a label it says how confidential data are, not what they are about. */
const CONFIDENTIALITIES: ReadonlySet<string> = new Set(['U', 'L', 'M', 'N', 'R', 'V']);

/** Whether a normalised label is one of those that stand for what data are about. Those of other systems may mean anything. */
export function saysSensitivity(label: string): boolean {
  return !label.includes('|') && !CONFIDENTIALITIES.has(label);
}

/**
 * Whether the resource is tagged as a part of itself (R4 §3.1.1.5.10, v3-ObservationValue `SUBSETTED`), in any spelling: `meta.security`
 * may be among what was left out.
 */
export function isSubset({ meta }: JsonMembers): boolean {
  return (
    isMembers(meta) &&
    elements(meta['tag']).some(
      ({ code }) => typeof code === 'string' && code.trim().toUpperCase() === 'SUBSETTED',
    )
  );
}
