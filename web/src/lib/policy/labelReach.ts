// SPDX-License-Identifier: Apache-2.0
import { CONFIDENTIALITY_LABELS, labelCode, labelGroups } from '@chartwitness/chaincode/domain';

const GRADES: readonly string[] = CONFIDENTIALITY_LABELS;

/** What a block of `labels` withholds besides what it names: what lies below, its group, what is stricter. */
export function alsoBlocked(labels: readonly string[]): readonly string[] {
  const named = new Set(labels.map(labelCode));
  const also = [...named].flatMap((code) => labelGroups[code] ?? []);
  return [...new Set(also)].filter((code) => !named.has(code));
}

/**
 * What a permission that names `labels` opens: `exact`, only data all of whose sensitive subjects it names;
 * `upTo`, data up to a confidentiality.
 */
export function permissionReach(labels: readonly string[]): 'exact' | 'upTo' {
  return labels.map(labelCode).every((code) => GRADES.includes(code)) ? 'upTo' : 'exact';
}
