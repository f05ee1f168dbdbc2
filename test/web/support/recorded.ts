// SPDX-License-Identifier: Apache-2.0
import type { AccessEntry, AccessItem } from '@api/schemas';
import { entry } from './answers';

/** Entries in the forms that the patient API gives them (`test/gateway/trustee/corrections.test.ts`). */
export const EMERGENCY = { purpose: 'BTG', emergency: { reason: 'Found unconscious' } } as const;

export function item(part: Partial<AccessItem>): AccessItem {
  return {
    type: 'Observation',
    labels: [],
    count: 2,
    ids: ['o-1', 'o-2'],
    decision: 'permit',
    basis: { kind: 'rule', version: 2, rule: 'care' },
    ...part,
  };
}

/** What "nobody, not even in an emergency" says of an item. */
export const HELD: Partial<AccessItem> = {
  decision: 'deny',
  basis: { kind: 'rule', version: 2, rule: 'block-psy' },
  otherwise: { decision: 'deny', rule: 'block-psy' },
};

/** A late release that the rules refuse: what the ledger ends with when the queue was thought to be gone. */
export function lateRelease(part: Partial<AccessEntry> = {}): AccessEntry {
  return entry({
    ...EMERGENCY,
    outcome: 'permit',
    ruled: 'deny',
    late: true,
    requestedAt: '2026-05-06T09:12:30.000Z',
    lateBasis: 'ownPeer',
    items: [item({ ...HELD, released: true })],
    ...part,
  });
}

/** A refusal that was recorded late: nothing left. */
export function lateRefusal(part: Partial<AccessEntry> = {}): AccessEntry {
  return lateRelease({ outcome: 'deny', items: [item({ ...HELD, released: false })], ...part });
}

/** Its deny twin: the same request in time, refused. */
export function held(part: Partial<AccessEntry> = {}): AccessEntry {
  return entry({ ...EMERGENCY, outcome: 'deny', items: [item(HELD)], ...part });
}

/** {@link held}, corrected by an amendment. */
export function corrected(part: Partial<AccessEntry> = {}): AccessEntry {
  return lateRelease({
    corrected: {
      at: '2026-05-06T09:16:00.000Z',
      why: 'releasedLate',
      id: 'NorthHospitalMSP~main~1',
      before: { outcome: 'deny', late: false, items: [item(HELD)] },
    },
    ...part,
  });
}

/** A permitted release that never took place. */
export function nothingGiven(part: Partial<AccessEntry> = {}): AccessEntry {
  return entry({
    outcome: 'deny',
    ruled: 'permit',
    items: [item({ released: false })],
    corrected: {
      at: '2026-05-06T09:16:00.000Z',
      why: 'nothingGiven',
      id: 'NorthHospitalMSP~main~1',
      before: { outcome: 'permit', late: false, items: [item({})] },
    },
    ...part,
  });
}

/** A request of three parts, of which `recorded` are there. */
export function inParts(recorded: number): AccessEntry {
  const whole = entry({});
  const numbers = Array.from({ length: recorded }, (_, at) => at + 1);
  return {
    ...whole,
    items: numbers.map((part) => item({ ids: [`o-${String(part)}`], count: 1, part })),
    parts: {
      of: 3,
      recorded: numbers.map((number) => ({
        number,
        id: number === 1 ? whole.id : `${whole.id}-part-${String(number)}`,
        ledger: { ...whole.ledger, number: 3 + number, index: number - 1 },
      })),
    },
  };
}
