// SPDX-License-Identifier: Apache-2.0
import type { AccessEntry, AccessItem, ConsentHistory } from '@api/schemas';
import { versionOf } from './explainEntry';
import type { Preset } from './policy/arrangement';
import { standingRule, type Standing } from './policy/standingRule';
import { hasLeft, leftAgainstRules } from './whatLeft';

/**
 * What became of the patient's rules in an emergency with a person and a reason.
 * - `overridden`: all that stood in the way were; `except`: some were, others held.
 * - `provided`, `providedExcept`: the same, but only the general setting gave way, and its words open the
 *   record in an emergency.
 * - `usual`: that was the network's rule, for want of a consent.
 * - `held`: those in the way all held; `allowedAnyway`: none stood in the way.
 * - `unread`: the rules that gave way are not at hand. `outside`: it was refused for a reason outside the
 *   rules.
 * - `against`: something left that was to stay closed even in an emergency; `nothing`: it was allowed, and
 *   nothing was given.
 */
export type EmergencyCourse =
  | 'overridden'
  | 'except'
  | 'provided'
  | 'providedExcept'
  | 'usual'
  | 'held'
  | 'allowedAnyway'
  | 'unread'
  | 'outside'
  | 'against'
  | 'nothing';

type Versions = ConsentHistory['items'];

/** @param versions the consents in which the rules stand. */
export function emergencyCourse(entry: AccessEntry, versions: Versions): EmergencyCourse {
  if (leftAgainstRules(entry)) {
    return 'against';
  }
  const opened = entry.items.filter((item) => item.basis.kind === 'emergency' && hasLeft(item));
  const withheld = entry.items.find((item) => item.decision === 'deny');
  if (withheld?.basis.kind === 'refused') {
    return 'outside';
  }
  if (withheld !== undefined && opened.length === 0) {
    return 'held';
  }
  if (!entry.items.some(hasLeft)) {
    return 'nothing';
  }
  const wayGiven = whatGaveWay(opened, versions);
  if (withheld === undefined) {
    return wayGiven;
  }
  if (wayGiven === 'overridden') {
    return 'except';
  }
  return wayGiven === 'provided' ? 'providedExcept' : wayGiven;
}

/** The general settings whose own words say that an emergency opens the record. */
const PROVIDING: ReadonlySet<Preset> = new Set<Preset>(['emergency', 'hospital', 'usual']);

/** What holds as long as nothing was decided. */
const USUAL: Standing = { kind: 'preset', preset: 'usual' };

/** What stood in the way of what an emergency opened. */
function whatGaveWay(
  opened: readonly AccessItem[],
  versions: Versions,
): 'allowedAnyway' | 'usual' | 'unread' | 'provided' | 'overridden' {
  if (opened.length === 0) {
    return 'allowedAnyway';
  }
  // Parts of one request may have been decided by different versions.
  if (opened.every(({ basis }) => versionOf(basis) === null)) {
    return 'usual';
  }
  const standing = opened.map(({ basis }) => {
    const version = versionOf(basis);
    if (version === null) {
      return USUAL;
    }
    return standingRule(versions, version, 'rule' in basis ? basis.rule : undefined);
  });
  if (standing.includes(undefined)) {
    return 'unread';
  }
  const isProvided = standing.every((one) => one?.kind === 'preset' && PROVIDING.has(one.preset));
  return isProvided ? 'provided' : 'overridden';
}
