// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import {
  OUTCOMES,
  filterFragment,
  filterQuery,
  fits,
  isEmptyFilter,
  isNarrowedHere,
  parseFilter,
  type AccessFilter,
} from '../../web/src/lib/accessFilter';
import { countChoices } from '../../web/src/features/timeline/filterChoices';
import { hasLeft, leftAgainstRules } from '../../web/src/lib/whatLeft';
import { DOCTOR, entry, NORTH } from './support/answers';
import { item } from './support/recorded';

const text = (max: number) => fc.string({ minLength: 1, maxLength: max, unit: 'binary' });
const day = fc
  .date({ min: new Date(2000, 0, 1), max: new Date(2090, 0, 1), noInvalidDate: true })
  .map(
    (date) =>
      `${String(date.getFullYear())}-${String(date.getMonth() + 1).padStart(2, '0')}-${String(date.getDate()).padStart(2, '0')}`,
  );
const filters = fc.record(
  {
    org: text(40),
    user: text(40),
    purpose: text(20),
    outcome: fc.constantFrom(...OUTCOMES),
    type: text(20),
    from: day,
    to: day,
    q: text(40),
    automatic: fc.constant('hide' as const),
    administrative: fc.constant('hide' as const),
  },
  { requiredKeys: [] },
);

describe('the filter in the URL', () => {
  it('comes back as it was put in', () => {
    fc.assert(
      fc.property(filters, (filter) => {
        expect(parseFilter(filterFragment(filter))).toEqual(filter);
      }),
    );
  });

  it('has one fragment, whatever the order of its members', () => {
    expect(filterFragment({ q: 'a', org: 'b' })).toBe(filterFragment({ org: 'b', q: 'a' }));
    expect(filterFragment({})).toBe('');
  });

  it.each([
    '#outcome=maybe',
    '#from=2026-02-30',
    '#to=tomorrow',
    '#automatic=show',
    `#q=${'x'.repeat(101)}`,
    '#nothing=1',
    '#org=',
  ])('drops what it does not understand: %s', (fragment) => {
    expect(isEmptyFilter(parseFilter(fragment))).toBe(true);
  });
});

describe('the query for the server', () => {
  it('covers whole days of the reader’s time zone', () => {
    const query = filterQuery({ from: '2026-03-28', to: '2026-03-29' });
    expect(query.get('from')).toBe(new Date(2026, 2, 28).toISOString());
    // The day after, also where that day has 23 hours.
    expect(query.get('to')).toBe(new Date(2026, 2, 30).toISOString());
  });

  it('asks for both emergency codes, and keeps names and hidden kinds to itself', () => {
    expect(
      filterQuery({ purpose: 'emergency', q: 'ada', automatic: 'hide', administrative: 'hide' }).toString(),
    ).toBe('purpose=BTG%2CETREAT');
  });
});

describe('what left against the rules', () => {
  const against: AccessFilter = { outcome: 'against' };

  it('is asked for as far as the server can narrow, and the rest is done here', () => {
    expect(filterQuery(against).get('outcome')).toBe('permit,partial');
    expect(isNarrowedHere(against)).toBe(true);
    expect(isNarrowedHere({ outcome: 'permit' })).toBe(false);
  });

  it('is exactly that: of any items the filter, the server’s part of it and the count agree', () => {
    const items = fc.array(
      fc.record(
        { decision: fc.constantFrom('permit' as const, 'deny' as const), released: fc.boolean() },
        { requiredKeys: ['decision'] },
      ),
      { minLength: 1, maxLength: 5 },
    );
    fc.assert(
      fc.property(items, (some) => {
        const of = some.map((one) => item({ ...one }));
        const left = of.filter(hasLeft).length;
        const outcome = left === 0 ? 'deny' : left === of.length ? 'permit' : 'partial';
        const one = entry({ items: of, outcome });
        const isAsked = filterQuery(against).get('outcome')?.split(',').includes(outcome) === true;
        expect(isAsked && fits(against, one)).toBe(leftAgainstRules(one));
        expect(countChoices([one]).outcomes.get('against') === 1).toBe(leftAgainstRules(one));
      }),
    );
  });
});

describe('what is applied here', () => {
  const fitsNames = (q: string, name: string): boolean =>
    fits({ q }, entry({ requester: { organisation: NORTH, person: { ...DOCTOR, name }, clientId: 'c' } }));

  it.each([
    ['nunez', 'Zoë Núñez', true],
    ['ZOË', 'Zoë Núñez', true],
    ['north', 'Anybody', true],
    ['王', '王小明', true],
    ['smith', 'Zoë Núñez', false],
  ])('finds %j in %j: %s', (q, name, isFound) => {
    expect(fitsNames(q, name)).toBe(isFound);
  });

  it('hides automatic and administrative entries only when asked to', () => {
    const automatic = entry({ requester: { organisation: NORTH, person: null, clientId: 'robot' } });
    const billing = entry({ purpose: 'HPAYMT' });
    const care = entry({});
    const left = (filter: AccessFilter) => [automatic, billing, care].filter((item) => fits(filter, item));
    expect(left({})).toEqual([automatic, billing, care]);
    expect(left({ automatic: 'hide' })).toEqual([billing, care]);
    expect(left({ administrative: 'hide' })).toEqual([automatic, care]);
  });
});
