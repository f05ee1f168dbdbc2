// SPDX-License-Identifier: Apache-2.0
import type { AccessItem } from '@api/schemas';
import fc from 'fast-check';
import { groupVisits, visitSummary } from '../../web/src/features/timeline/groupVisits';
import { coloursOf, COLOURS, countWeeks } from '../../web/src/features/timeline/weekCounts';
import { isAfterHours } from '../../web/src/lib/dates';
import { countKinds, sensitiveLabels } from '../../web/src/lib/itemKinds';
import { DOCTOR, entry, NORTH, SOUTH } from './support/answers';

const at = (day: number, hour: number, minute = 0): string =>
  new Date(2026, 4, day, hour, minute).toISOString();

describe('the list by day and visit', () => {
  it('folds requests of one person for one reason in the same hour', () => {
    const first = entry({ at: at(6, 9, 50) });
    const second = entry({ at: at(6, 9, 5) });
    expect(groupVisits([first, second])).toMatchObject([
      { date: '2026-05-06', visits: [{ entries: [first, second] }] },
    ]);
  });

  it.each([
    ['another hour', entry({ at: at(6, 8, 59) })],
    ['another day', entry({ at: at(5, 9, 5) })],
    [
      'another person',
      entry({
        at: at(6, 9),
        requester: { organisation: NORTH, person: { ...DOCTOR, id: 'x' }, clientId: 'north-ehr' },
      }),
    ],
    [
      'another organisation',
      entry({ at: at(6, 9), requester: { organisation: SOUTH, person: DOCTOR, clientId: 'north-ehr' } }),
    ],
    ['an emergency', entry({ at: at(6, 9), purpose: 'BTG', emergency: { reason: 'Found unconscious' } })],
    ['another record', entry({ at: at(6, 9), holder: SOUTH.mspId })],
  ])('does not fold %s', (_what, other) => {
    const visits = groupVisits([entry({ at: at(6, 9, 50) }), other]).flatMap((day) => day.visits);
    expect(visits).toHaveLength(2);
  });

  it('has every entry exactly once, the days in order', () => {
    const entries = fc.array(
      fc.record({
        day: fc.integer({ min: 1, max: 5 }),
        hour: fc.integer({ min: 0, max: 23 }),
        who: fc.constantFrom('a', 'b', null),
      }),
      { maxLength: 40 },
    );
    fc.assert(
      fc.property(entries, (list) => {
        const all = list
          .map(({ day, hour, who }) =>
            entry({
              at: at(day, hour),
              requester: {
                organisation: NORTH,
                person: who === null ? null : { ...DOCTOR, id: who },
                clientId: 'c',
              },
            }),
          )
          .sort((a, b) => b.at.localeCompare(a.at));
        const days = groupVisits(all);
        const shown = days.flatMap((day) => day.visits.flatMap((visit) => visit.entries.map(({ id }) => id)));
        expect([...shown].sort()).toEqual(all.map(({ id }) => id).sort());
        expect(days.map(({ date }) => date)).toEqual(
          [...new Set(days.map(({ date }) => date))].sort().reverse(),
        );
      }),
    );
  });

  it('shows a visit with different outcomes as partly refused', () => {
    const [day] = groupVisits([entry({ at: at(6, 9, 3), outcome: 'deny' }), entry({ at: at(6, 9, 1) })]);
    expect(day?.visits.map((visit) => visitSummary(visit).outcome)).toEqual(['partial']);
  });
});

describe('the chart', () => {
  const monday = new Date(2026, 3, 27);

  it('counts weeks without a gap, with emergencies and refusals', () => {
    const entries = [
      entry({ at: at(6, 9), purpose: 'BTG', emergency: { reason: 'Found unconscious' } }),
      entry({ at: at(10, 23, 59), outcome: 'deny' }),
      entry({ at: at(3, 12), requester: { organisation: SOUTH, person: DOCTOR, clientId: 'c' } }),
    ];
    const { series, weeks, largest } = countWeeks(entries, monday, 3, 'organisation');
    expect(series).toEqual([NORTH.mspId, SOUTH.mspId]);
    expect(largest).toBe(2);
    expect(weeks).toEqual([
      { start: '2026-04-27', end: '2026-05-03', total: 1, emergencies: 0, refusals: 0, counts: [0, 1] },
      { start: '2026-05-04', end: '2026-05-10', total: 2, emergencies: 1, refusals: 1, counts: [2, 0] },
      { start: '2026-05-11', end: '2026-05-17', total: 0, emergencies: 0, refusals: 0, counts: [0, 0] },
    ]);
  });

  it('collects what is rare, so that the parts still make the whole', () => {
    const entries = ['A', 'B', 'C', 'D', 'E', 'F'].map((purpose) => entry({ at: at(6, 9), purpose }));
    const { series, weeks } = countWeeks(entries, monday, 2, 'reason');
    expect(series).toEqual(['A', 'B', 'C', null]);
    expect(weeks[1]?.counts).toEqual([1, 1, 1, 3]);
  });
});

it('gives an organisation or a reason one colour, whatever is most frequent', () => {
  const order = ['A', 'B', 'C', 'D', 'E', 'F', 'G', 'H', 'I', 'J'];
  const shown = fc.uniqueArray(fc.constantFrom(...order, 'X', 'Y'), { minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(shown, fc.boolean(), (keys, hasRest) => {
      const series = hasRest ? [...keys, null] : keys;
      const colours = coloursOf(series, order);
      expect(new Set(colours).size).toBe(series.length);
      const turned = coloursOf(keys.toReversed(), order).toReversed();
      expect(turned).toEqual(colours.slice(0, keys.length));
      if (keys.every((key) => order.indexOf(key) >= 0 && order.indexOf(key) < COLOURS)) {
        expect(colours.slice(0, keys.length)).toEqual(keys.map((key) => order.indexOf(key)));
      }
    }),
  );
});

it.each([
  [6, 6, 59, true],
  [6, 7, 0, false],
  [6, 19, 59, false],
  [6, 20, 0, true],
  [9, 12, 0, true],
  [10, 12, 0, true],
])('the %ith of May 2026 at %i:%i is out of hours: %s', (day, hour, minute, isOut) => {
  expect(isAfterHours(new Date(2026, 4, day, hour, minute))).toBe(isOut);
});

describe('the data of a line', () => {
  const item = (part: Partial<AccessItem>): AccessItem => ({
    type: 'Observation', labels: [], count: 0, ids: [], decision: 'permit', basis: { kind: 'rule', version: 1, rule: 'care' }, ...part,
  }); // prettier-ignore
  const named = (ids: readonly string[], part: Partial<AccessItem> = {}): AccessItem =>
    item({ ids: [...ids], count: ids.length, ...part });

  it('are counted by type, released and withheld, the largest first', () => {
    const both = [named(['a', 'b']), named(['c', 'd', 'e'], { decision: 'deny' })];
    const claims = named(['1', '2', '3', '4', '5', '6'], { type: 'Claim', decision: 'deny' });
    expect(countKinds([entry({ items: both }), entry({ items: [claims] })])).toEqual([
      { type: 'Claim', withheld: 6 },
      { type: 'Observation', given: 2, withheld: 3 },
    ]);
  });

  it('are counted once when they were read twice', () => {
    const ids = Array.from({ length: 36 }, (_, at) => `o${String(at)}`);
    const twice = [entry({ items: [named(ids)] }), entry({ items: [named(ids)] })];
    expect(countKinds(twice)).toEqual([{ type: 'Observation', given: 36 }]);
    expect(countKinds([...twice, entry({ items: [named(['other'])] })])).toEqual([
      { type: 'Observation', given: 37 },
    ]);
  });

  it('of two holders are different under the same id', () => {
    const south = entry({ holder: 'SouthClinicMSP', items: [named(['o1'])] });
    expect(countKinds([entry({ items: [named(['o1'])] }), south])).toEqual([
      { type: 'Observation', given: 2 },
    ]);
  });

  it('are at least so many where not all were named', () => {
    const many = entry({ items: [item({ count: 500, ids: ['a', 'b'] })] });
    expect(countKinds([many])).toEqual([{ type: 'Observation', given: 500 }]);
    expect(countKinds([many, entry({ items: [named(['c'])] })])).toEqual([
      { type: 'Observation', given: 500, isAtLeast: true },
    ]);
  });

  it('are never more than were asked for, never fewer than the largest request, and exact where all were named', () => {
    const ids = fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'), { maxLength: 8 });
    const request = fc.record({ ids, further: fc.nat(3) });
    fc.assert(
      fc.property(fc.array(request, { minLength: 1, maxLength: 6 }), (requests) => {
        const entries = requests.map(({ ids: some, further }) =>
          entry({ items: [item({ ids: some, count: some.length + further })] }),
        );
        const [kind] = countKinds(entries);
        const counts = requests.map((one) => one.ids.length + one.further);
        const different = new Set(requests.flatMap((one) => one.ids)).size;
        expect(kind?.given).toBeLessThanOrEqual(counts.reduce((sum, count) => sum + count, 0));
        expect(kind?.given).toBeGreaterThanOrEqual(Math.max(...counts, different));
        if (requests.every(({ further }) => further === 0)) {
          expect(kind).toEqual({ type: 'Observation', given: different });
        }
      }),
    );
  });
});

it('tells the subject of a label before the fact that there is one', () => {
  expect(sensitiveLabels(['N', 'PSY', 'R'])).toEqual(['PSY']);
  expect(sensitiveLabels(['R'])).toEqual(['R']);
  expect(sensitiveLabels(['N'])).toEqual([]);
});
