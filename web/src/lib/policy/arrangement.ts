// SPDX-License-Identifier: Apache-2.0
import type { ConsentPolicy, ConsentRule } from '@api/schemas';

/**
 * The general setting of a consent, in the portal's words. `usual`: what holds in the network as long as
 * nothing was decided, under its default setting; `other`: everything that no exception decides is allowed.
 */
export type Preset = 'care' | 'hospital' | 'usual' | 'emergency' | 'closed' | 'other';

/** The presets that a patient can choose, from the most open to the most closed. */
export const CHOICES = ['care', 'hospital', 'emergency', 'closed'] as const satisfies readonly Preset[];

/** A consent as the portal shows it: exceptions, checked from the top, then the general setting. */
export interface Arrangement {
  readonly exceptions: readonly ConsentRule[];
  readonly preset: Preset;
}

const PRESETS: Readonly<Record<Preset, ConsentPolicy>> = {
  care: {
    rules: [
      { id: 'care', effect: 'permit', purposes: ['TREAT'] },
      { id: 'running', effect: 'permit', org: '@holder', purposes: ['HPAYMT', 'HOPERAT'] },
    ],
    default: 'deny',
  },
  hospital: {
    rules: [
      { id: 'own-hospital', effect: 'permit', org: '@holder', purposes: ['TREAT', 'HPAYMT', 'HOPERAT'] },
    ],
    default: 'deny',
  },
  usual: { rules: [{ id: 'usual', effect: 'permit', org: '@holder', purposes: ['TREAT'] }], default: 'deny' },
  closed: { rules: [{ id: 'closed', effect: 'deny', holdsInEmergency: true }], default: 'deny' },
  emergency: { rules: [], default: 'deny' },
  other: { rules: [], default: 'permit' },
};

// The longest tails first: every policy that refuses by default ends in the empty tail of `emergency`.
const BY_LENGTH: readonly Preset[] = ['care', 'hospital', 'usual', 'closed', 'emergency', 'other'];

/**
 * Reads a policy as exceptions and a general setting: the setting is the one whose rules the policy ends
 * with. Nothing is lost: what is not part of a setting is an exception.
 */
export function readArrangement(policy: ConsentPolicy): Arrangement {
  for (const preset of BY_LENGTH) {
    const tail = PRESETS[preset];
    const split = policy.rules.length - tail.rules.length;
    if (split < 0 || policy.default !== tail.default) {
      continue;
    }
    const end = policy.rules.slice(split);
    if (end.every((rule, at) => sameMeaning(rule, tail.rules[at]))) {
      return { exceptions: policy.rules.slice(0, split), preset };
    }
  }
  throw new Error('every policy ends in an empty tail');
}

/** The policy of an arrangement. Ids of the setting's rules that an exception already has are changed. */
export function toPolicy({ exceptions, preset }: Arrangement): ConsentPolicy {
  const tail = PRESETS[preset];
  const taken = new Set(exceptions.map((rule) => rule.id));
  const rules = [...exceptions];
  for (const rule of tail.rules) {
    const id = freeId(rule.id, taken);
    taken.add(id);
    rules.push({ ...rule, id });
  }
  return { rules, default: tail.default };
}

/** `wanted`, or the first of `wanted-2`, `wanted-3` … that is not taken. */
export function freeId(wanted: string, taken: ReadonlySet<string>): string {
  let id = wanted;
  for (let at = 2; taken.has(id); at += 1) {
    id = `${wanted}-${String(at)}`;
  }
  return id;
}

/** Whether two rules say the same, whatever their ids and the order of their lists. */
export function sameMeaning(a: ConsentRule, b: ConsentRule | undefined): boolean {
  return b !== undefined && meaning(a) === meaning(b);
}

function meaning(rule: ConsentRule): string {
  const sorted = (list: readonly string[] | undefined): readonly string[] => [...(list ?? [])].sort();
  return JSON.stringify([
    rule.effect,
    // A block of a person holds at every organisation.
    rule.effect === 'deny' && rule.user !== undefined ? null : (rule.org ?? null),
    rule.user ?? null,
    rule.role ?? null,
    sorted(rule.purposes),
    sorted(rule.labels),
    sorted(rule.types),
    sorted(rule.actions),
    rule.period?.start ?? null,
    rule.period?.end ?? null,
    rule.holdsInEmergency === true,
  ]);
}
