// SPDX-License-Identifier: Apache-2.0
import type { ConsentHistory, ConsentRule } from '@api/schemas';
import { readArrangement, sameMeaning, type Preset } from './arrangement';
import { isForAll } from './ruleScope';

type Versions = ConsentHistory['items'];

/** What a decision rested on, in the portal's words: an exception, or the general setting. */
export type Standing =
  | {
      readonly kind: 'rule';
      readonly rule: ConsentRule;
      /**
       * Rules before it that let one person or organisation see what it refuses to everybody: "nobody but …".
       */
      readonly but: readonly ConsentRule[];
    }
  | { readonly kind: 'preset'; readonly preset: Preset };

/**
 * What `ruleId` was in `version` of the consent; without an id, that version's general setting. Undefined
 * when the version or the rule is not among `versions`.
 */
export function standingRule(
  versions: Versions,
  version: number,
  ruleId: string | undefined,
): Standing | undefined {
  const consent = versions.find((saved) => saved.consent.version === version)?.consent;
  if (consent === undefined) {
    return undefined;
  }
  const { exceptions, preset } = readArrangement(consent);
  if (ruleId === undefined) {
    return { kind: 'preset', preset };
  }
  const at = exceptions.findIndex((rule) => rule.id === ruleId);
  const exception = exceptions[at];
  if (exception !== undefined) {
    return { kind: 'rule', rule: exception, but: letIn(exception, exceptions.slice(0, at)) };
  }
  return consent.rules.some((rule) => rule.id === ruleId) ? { kind: 'preset', preset } : undefined;
}

/**
 * When what decided in `version` came into force: the oldest of the versions without a gap before it that say
 * the same.
 */
export function inForceSince(
  versions: Versions,
  version: number,
  ruleId: string | undefined,
): string | undefined {
  const standing = standingRule(versions, version, ruleId);
  if (standing === undefined) {
    return undefined;
  }
  const older = versions
    .filter(({ consent }) => consent.version <= version)
    .sort((a, b) => b.consent.version - a.consent.version);
  let since: string | undefined;
  for (const { at, consent } of older) {
    if (!saysSame(standing, standingRule(versions, consent.version, ruleId))) {
      break;
    }
    since = at;
  }
  return since;
}

/**
 * The permissions of `before` that let one person or organisation see just what `refusing` refuses to
 * everybody.
 */
export function letIn(refusing: ConsentRule, before: readonly ConsentRule[]): readonly ConsentRule[] {
  if (refusing.effect !== 'deny' || !isForAll(refusing)) {
    return [];
  }
  return before.filter(({ org, user, ...rest }) => {
    const isOne = (org !== undefined || user !== undefined) && rest.role === undefined;
    return (
      isOne &&
      rest.effect === 'permit' &&
      sameMeaning(
        { ...refusing, effect: 'permit', holdsInEmergency: false },
        { ...rest, holdsInEmergency: false },
      )
    );
  });
}

function saysSame(a: Standing, b: Standing | undefined): boolean {
  if (a.kind === 'rule') {
    return b?.kind === 'rule' && sameMeaning(a.rule, b.rule);
  }
  return b?.kind === 'preset' && a.preset === b.preset;
}
