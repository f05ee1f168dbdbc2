// SPDX-License-Identifier: Apache-2.0
import { SENSITIVITY_LABELS } from '@chartwitness/chaincode/domain';
import { elements, isMembers, type JsonMembers } from './resource';

const SENSITIVITIES: ReadonlySet<string> = new Set(SENSITIVITY_LABELS);

/** Whether a normalised label says what data are about. A confidentiality, a handling code or an unknown label does not. */
export function saysSensitivity(label: string): boolean {
  return SENSITIVITIES.has(label);
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
