// SPDX-License-Identifier: Apache-2.0
import { EVERY_LABEL, isConfidentiality, parseLabel, type ParsedLabel } from './labels';
import { CONFIDENTIALITY_LABELS, coveredByDenial, HANDLING_LABELS, HANDLING_SYSTEMS } from './labelTable';

/** The labels of an item, read once for all rules. */
export interface LabelFacts {
  /** The labels cannot be told: it counts as carrying every one. */
  readonly isEvery: boolean;
  readonly labels: readonly ParsedLabel[];
  /** Sensitivity codes of ActCode. */
  readonly sensitivities: readonly string[];
  /**
   * It carries a label that no permission can name: of a system that is not known, of none, or a retired one
   * of Confidentiality.
   */
  readonly hasUnknown: boolean;
  /**
   * The strictest confidentiality, as a place in the order; -1 for none. What is unknown counts as the
   * strictest.
   */
  readonly confidentiality: number;
}

/** Whether the labels that a rule names match those of an item. */
export type LabelTest = (facts: LabelFacts) => boolean;

const STRICTEST = CONFIDENTIALITY_LABELS.length - 1;

export function readLabels(labels: readonly string[]): LabelFacts {
  const parsed = labels.map(parseLabel);
  const sensitivities: string[] = [];
  let hasUnknown = false;
  let confidentiality = -1;
  for (const label of parsed) {
    if (isHandling(label)) {
      continue;
    }
    const { system, code } = label;
    if (system === 'Confidentiality' && isConfidentiality(code)) {
      confidentiality = Math.max(confidentiality, CONFIDENTIALITY_LABELS.indexOf(code));
    } else if (system === 'ActCode') {
      sensitivities.push(code);
    } else {
      hasUnknown = true;
      confidentiality = STRICTEST;
    }
  }
  return {
    isEvery: labels.includes(EVERY_LABEL),
    labels: parsed,
    sensitivities,
    hasUnknown,
    confidentiality,
  };
}

/**
 * A denial matches widely. A label withholds what is below it, its group, and a stricter confidentiality,
 * under any name of a system and under none; an unknown confidentiality counts as the strictest. A code that
 * HL7 does not have matches under every system that may be the same: only two systems that are both unknown,
 * and differ, are two.
 */
export function compileDenial(named: readonly string[]): LabelTest {
  const anywhere = new Set<string>();
  const elsewhere = new Set<string>();
  const elsewhereCodes = new Set<string>();
  let coversUnknown = false;
  for (const { system, systemName, code } of named.map(parseLabel)) {
    const covered = coveredByDenial(code);
    coversUnknown ||= isConfidentiality(code);
    if (covered !== undefined) {
      covered.forEach((each) => anywhere.add(each));
    } else if (system !== 'other') {
      anywhere.add(code);
    } else {
      elsewhere.add(`${systemName}|${code}`);
      elsewhereCodes.add(code);
    }
  }
  const matches = ({ system, systemName, code }: ParsedLabel): boolean =>
    anywhere.has(code) ||
    (coversUnknown && system === 'Confidentiality' && !isConfidentiality(code)) ||
    (system === 'other' ? elsewhere.has(`${systemName}|${code}`) : elsewhereCodes.has(code));
  return ({ isEvery, labels }) => isEvery || labels.some(matches);
}

/**
 * A permission matches narrowly. Where it names sensitivity labels, the item carries one of these, no other,
 * and none that is not known. Where it names confidentialities, the highest bounds the item's, and an item
 * without one is within. A label of a system that is not known can be denied, not permitted.
 */
export function compilePermission(named: readonly string[]): LabelTest {
  const sensitivities = new Set<string>();
  let bound = -1;
  let namesSensitivity = false;
  for (const { system, code } of named.map(parseLabel)) {
    if (system === 'Confidentiality' && isConfidentiality(code)) {
      bound = Math.max(bound, CONFIDENTIALITY_LABELS.indexOf(code));
      continue;
    }
    namesSensitivity = true;
    if (system === 'ActCode') {
      sensitivities.add(code);
    }
  }
  return (facts) => {
    if (facts.isEvery || (bound >= 0 && facts.confidentiality > bound)) {
      return false;
    }
    if (!namesSensitivity) {
      return true;
    }
    const isNamed = (code: string): boolean => sensitivities.has(code);
    return !facts.hasUnknown && facts.sensitivities.length > 0 && facts.sensitivities.every(isNamed);
  };
}

/** Whether whatever a denial of `narrow` withholds, one of `wide` withholds as well. */
export function denialCovers(wide: readonly string[], narrow: readonly string[]): boolean {
  const test = compileDenial(wide);
  return narrow.every((label) => {
    const { system, code } = parseLabel(label);
    const covered = coveredByDenial(code);
    if (covered === undefined && system !== 'other') {
      // It matches its code under every system: only a denial that does so too covers that.
      return wide.some((other) => {
        const parsed = parseLabel(other);
        return parsed.system !== 'other' && parsed.code === code;
      });
    }
    const reached = covered === undefined ? [label] : [...covered];
    return reached.every((each) => test(readLabels([each]))) && coversUnknownToo(wide, code);
  });
}

function coversUnknownToo(wide: readonly string[], code: string): boolean {
  return !isConfidentiality(code) || wide.some((label) => isConfidentiality(parseLabel(label).code));
}

function isHandling({ system, systemName, code }: ParsedLabel): boolean {
  return (system === 'ActCode' && HANDLING_LABELS.has(code)) || HANDLING_SYSTEMS.has(systemName);
}
