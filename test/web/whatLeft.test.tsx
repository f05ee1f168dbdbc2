/**
 * @jest-environment ./test/web/support/browserEnvironment.cjs
 */
// SPDX-License-Identifier: Apache-2.0
import type { AccessEntry, AccessItem } from '@api/schemas';
import { hasLeft as ledgerHasLeft, outcomeOf } from '@chartwitness/chaincode/domain';
import { cleanup, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import fc from 'fast-check';
import { markOf, resultWord } from '../../web/src/components/AccessMarks';
import { Summary } from '../../web/src/features/timeline/Summary';
import { groupVisits, visitSummary } from '../../web/src/features/timeline/groupVisits';
import { VisitRow } from '../../web/src/features/timeline/VisitRow';
import { filterQuery, fits, parseFilter } from '../../web/src/lib/accessFilter';
import { countKinds } from '../../web/src/lib/itemKinds';
import { hasLeft, leftAgainstRules, leftByRules, notesOf } from '../../web/src/lib/whatLeft';
import { Vocabulary } from '../../web/src/words/context';
import { words as en } from '../../web/src/words/languages/en';
import { entry } from './support/answers';
import {
  corrected,
  EMERGENCY,
  held,
  inParts,
  item,
  lateRefusal,
  lateRelease,
  nothingGiven,
} from './support/recorded';
import { renderPage } from './support/renderPage';

const WORDS = new Vocabulary('en', en);

const ANY_ITEM = fc.record(
  {
    decision: fc.constantFrom<AccessItem['decision']>('permit', 'deny'),
    released: fc.boolean(),
    count: fc.nat(5),
    further: fc.integer({ min: 1, max: 60 }),
  },
  { requiredKeys: ['decision', 'count'] },
);

type Stated = Pick<AccessItem, 'decision' | 'released'>;

const stated = ({ decision, released }: Stated) =>
  released === undefined ? { decision } : { decision, released };
const leftOnLedger = (some: Stated): boolean => ledgerHasLeft(stated(some));

it('is what the ledger says of any item', () => {
  fc.assert(
    fc.property(ANY_ITEM, (some) => {
      expect(hasLeft(some)).toBe(leftOnLedger(some));
    }),
  );
});

it('of any entry is given or withheld, each resource once, and an entry by the rules has no other result than they', () => {
  fc.assert(
    fc.property(fc.array(ANY_ITEM, { minLength: 1, maxLength: 6 }), (some) => {
      const items = some.map((one) => item({ ...one, ids: [] }));
      const [kind] = countKinds([entry({ items })]);
      const sum = (list: readonly AccessItem[], of: (one: AccessItem) => number): number =>
        list.reduce((total, one) => total + of(one), 0);
      const left = items.filter(leftOnLedger);
      const kept = items.filter((one) => !leftOnLedger(one));
      expect(kind?.given ?? 0).toBe(sum(left, ({ count }) => count));
      expect(kind?.further ?? 0).toBe(sum(left, ({ further = 0 }) => further));
      expect(kind?.withheld ?? 0).toBe(sum(kept, ({ count, further = 0 }) => count + further));
      const byRules = items.map(({ decision }) => ({ decision }));
      if (leftByRules({ items })) {
        expect(leftAgainstRules({ items })).toBe(false);
        expect(outcomeOf(items.map(stated))).toBe(outcomeOf(byRules));
      }
    }),
  );
});

it.each<[string, AccessEntry, readonly string[]]>([
  ['an ordinary entry', entry({}), []],
  ['a refusal', held(), []],
  ['a late release by the rules', lateRelease({ items: [item({ released: true })] }), ['late']],
  ['a late release against them', lateRelease(), ['against', 'late']],
  ['a late refusal', lateRefusal(), ['lateRefusal']],
  ['a corrected refusal', corrected(), ['against', 'late', 'corrected']],
  ['a release that never was', nothingGiven(), ['corrected']],
  ['all parts', inParts(3), []],
  ['not all parts', inParts(2), ['incomplete']],
  [
    'an amendment alone',
    lateRelease({ late: false, amends: { id: 'x', why: 'releasedLate' } }),
    ['against', 'amendment'],
  ],
])('what is to be noticed of %s', (_what, shown, expected) => {
  expect(notesOf(shown)).toEqual(expected);
});

it('two wrongs do not make an entry right: the result alone would say that the rules were followed', () => {
  const items = [item({ decision: 'deny', released: true }), item({ released: false })];
  const crossed = entry({ outcome: 'partial', items, late: true });
  expect(crossed.ruled).toBeUndefined();
  expect(notesOf(crossed)).toContain('against');
});

describe('a line of the list', () => {
  const lineOf = (shown: AccessEntry, language: 'en' | 'zh-CN' = 'en'): string => {
    const [day] = groupVisits([shown]);
    const [visit] = day?.visits ?? [];
    if (visit === undefined) {
      throw new Error('a line was expected');
    }
    const { container } = renderPage(<VisitRow visit={visit} />, { language });
    return container.textContent;
  };

  it('of a late release says what left and never that it was refused', () => {
    const text = lineOf(lateRelease());
    expect(text).toContain('2 measurements and laboratory results');
    expect(text).not.toMatch(/withheld|Refused|Allowed/);
    expect(text).toContain('Against the rules: measurements and laboratory results');
    expect(text).toContain('Released: 09:12, recorded later: 09:15');
  });

  it('of the same request in time says that it was refused', () => {
    const text = lineOf(held());
    expect(text).toContain('2 withheld: measurements and laboratory results');
    expect(text).toContain('Refused');
    expect(text).not.toMatch(/Against|before it was recorded/);
  });

  it('of a release that never was says neither that it was allowed nor that it was refused', () => {
    const text = lineOf(nothingGiven());
    expect(text).toContain('2 withheld');
    expect(text).toContain('Nothing released');
    expect(text).toContain('Corrected');
    expect(text).not.toMatch(/Refused|Allowed/);
  });

  it('says how many more were decided on, and none found only where none was', () => {
    expect(lineOf(entry({ items: [item({ count: 1, ids: ['o-1'], further: 52 })] }))).toContain(
      'Measurements and laboratory results (1), and 52 more found but not given',
    );
    expect(lineOf(entry({ items: [item({ count: 0, ids: [], further: 59 })] }))).toContain(
      'Measurements and laboratory results: 59 found, contents not given',
    );
    expect(lineOf(entry({ items: [item({ count: 0, ids: [] })] }))).toContain('none found');
    expect(
      lineOf(held({ items: [item({ decision: 'deny', count: 1, ids: ['o-1'], further: 52 })] })),
    ).toContain('53 withheld: measurements and laboratory results');
  });

  it('of an incomplete emergency says what was missing, and "emergency" once', () => {
    const incomplete = entry({ purpose: 'BTG', outcome: 'deny', emergency: null });
    const byNobody = { ...incomplete, requester: { ...incomplete.requester, person: null } };
    const seen = (shown: AccessEntry, language?: 'zh-CN'): string => {
      lineOf(shown, language);
      const text = [...document.querySelectorAll('.visit-why')].at(-1)?.textContent ?? '';
      cleanup();
      return text;
    };
    expect(seen(incomplete)).toBe('No reason that countsEmergencyRefused');
    expect(seen(byNobody)).toMatch(/^Without saying who is askingEmergencyRefused/);
    expect(seen({ ...incomplete, purpose: 'ETREAT' })).toBe('No reason that countsEmergencyRefused');
    expect(seen(incomplete, 'zh-CN')).toBe('没有符合要求的原因紧急已拒绝');
    expect(seen(entry({ ...EMERGENCY }))).toBe('“Found unconscious”EmergencyAllowed');
  });

  it.each([
    ['en', /^Dr Ada Example, .+ – .+, 2 requests, Refused, Emergency$/],
    ['zh-CN', /^Dr Ada Example，.+–.+，2 次请求，已拒绝，紧急$/],
  ] as const)('that folds several is named with how many (%s)', (language, name) => {
    const [day] = groupVisits([
      held({ id: 'one', at: '2026-05-06T09:25:00.000Z' }),
      held({ id: 'two', at: '2026-05-06T09:05:00.000Z' }),
    ]);
    const [visit] = day?.visits ?? [];
    if (visit === undefined) {
      throw new Error('a line was expected');
    }
    renderPage(<VisitRow visit={visit} />, { language });
    expect(screen.getByRole('button').textContent).toMatch(name);
  });

  it('says the same in Chinese', () => {
    expect(lineOf(corrected(), 'zh-CN')).toMatch(
      /2 项.*与规则不符：测量与化验结果.*提供：09:12，补记：09:15.*已更正/,
    );
    expect(lineOf(inParts(2), 'zh-CN')).toContain('尚未全部记录');
    expect(lineOf(entry({ items: [item({ count: 1, ids: [], further: 52 })] }), 'zh-CN')).toContain(
      '1 项，另找到 52 项，未提供内容',
    );
  });

  it('that folds several shows what is to be noticed about any of them, and about which once it is open', async () => {
    const twice = [corrected({ id: 'one' }), held({ id: 'two' })];
    const [day] = groupVisits(twice);
    const [visit] = day?.visits ?? [];
    if (visit === undefined) {
      throw new Error('a line was expected');
    }
    expect(notesOf(visitSummary(visit))).toEqual(['against', 'late', 'corrected']);
    renderPage(<VisitRow visit={visit} />);
    await userEvent.click(screen.getByRole('button'));
    const lines = (await screen.findAllByRole('link')).map((one) => one.closest('li'));
    const [first, second] = lines;
    expect(first?.textContent).toContain('Corrected');
    expect(second?.textContent).toMatch(/Refused/);
    expect(second?.textContent).not.toContain('Corrected');
  });

  const ofTypes = (types: readonly string[], part: Partial<AccessItem> = {}): readonly AccessItem[] =>
    types.map((type, at) => item({ type, count: at + 1, ids: [], ...part }));
  const MANY = ['Claim', 'Encounter', 'Condition', 'Procedure', 'Immunization', 'CarePlan'];

  it('counts all that was withheld in one number, however many kinds there are', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.constantFrom(...MANY), { minLength: 1 }),
        fc.uniqueArray(fc.constantFrom(...MANY), { minLength: 1 }),
        (left, kept) => {
          const items = [
            ...ofTypes(left).map((one) => ({ ...one, count: one.count + 5 })),
            ...ofTypes(kept, { decision: 'deny' }),
          ];
          const total = (kept.length * (kept.length + 1)) / 2;
          const text = lineOf(entry({ outcome: 'partial', items }));
          cleanup();
          const more = kept.length > 3 ? /, and \d more kinds? of data/ : /[^·]/;
          expect(text.match(/\d+ withheld/g)).toEqual([`${String(total)} withheld`]);
          expect(text.split('withheld: ')[1]).toMatch(more);
        },
      ),
      { numRuns: 30 },
    );
  });

  it('names the kinds that were withheld, which are mostly few, before it speaks of more kinds', () => {
    const items = [
      ...ofTypes(MANY, { count: 9 }),
      item({ type: 'Claim', decision: 'deny', count: 1, ids: ['c'] }),
    ];
    const shown = entry({ outcome: 'partial', items });
    expect(lineOf(shown)).toContain('3 more kinds of data 1 withheld: bills');
    expect(lineOf(shown, 'zh-CN')).toContain('另有 3 类数据 未提供 1 项：账单');
  });

  it('says in words what became of an ordinary request, and does not count what is one thing', () => {
    const own = entry({ items: [item({ type: 'Patient', count: 1, ids: ['p-1'] })] });
    const text = lineOf(own);
    expect(text).toContain('Name, ID numbers, contact details and date of birth');
    expect(text).not.toContain('birth (1)');
    expect([...document.querySelectorAll('.visit-why')].at(-1)?.textContent).toMatch(/^TreatmentAllowed/);
  });

  it('of a late release that nobody had been asked about says that it was released, not allowed', () => {
    const items = [item({ released: true })];
    const byChoice = lateRelease({ items, lateBasis: 'deployment' });
    expect(resultWord(WORDS, byChoice)).toBe('Released');
    expect(resultWord(WORDS, { ...byChoice, lateBasis: 'ownPeer' })).toBe('Allowed');
    expect(resultWord(WORDS, { ...byChoice, late: false })).toBe('Allowed');
  });

  it('that left against the rules has a shape of its own, before that of the emergency', () => {
    expect(markOf(lateRelease())).toBe('against');
    expect(markOf(lateRelease({ items: [item({ released: true })] }))).toBe('emergency');
    expect(markOf(held())).toBe('deny');
    lineOf(lateRelease());
    expect(document.querySelector('.badge-against .mark-against')).not.toBeNull();
  });

  it('that folds several says of how many what is to be noticed is true, and all its times', () => {
    const late = (id: string, minute: number, part: Partial<AccessEntry> = {}): AccessEntry =>
      lateRelease({
        id,
        at: `2026-05-06T09:${String(minute + 20)}:00.000Z`,
        requestedAt: `2026-05-06T09:${String(minute)}:00.000Z`,
        ...part,
      });
    const byRules = { items: [item({ released: true })] };
    const entries = [late('one', 32), late('two', 31, byRules), late('three', 30, byRules)];
    const [day] = groupVisits(entries);
    const [visit] = day?.visits ?? [];
    if (visit === undefined) {
      throw new Error('a line was expected');
    }
    const texts = (['en', 'zh-CN'] as const).map((language) => {
      const { container } = renderPage(<VisitRow visit={visit} />, { language });
      return container.querySelector('.visit-why')?.textContent;
    });
    expect(texts[0]).toContain('Against the rules: measurements and laboratory results (in 1 of 3 requests)');
    expect(texts[0]).toContain('Released: 09:30 – 09:32, recorded later: 09:50 – 09:52');
    expect(texts[1]).toContain('与规则不符：测量与化验结果（3 次请求中的 1 次）');
    expect(texts[1]).toContain('提供：09:30–09:32，补记：09:50–09:52');
  });

  it('does not add up what several answers held back of one search', () => {
    const page = (id: string): AccessEntry => entry({ items: [item({ count: 1, ids: [id], further: 53 })] });
    expect(countKinds([page('o-1'), page('o-2')])).toEqual([{ type: 'Observation', given: 2 }]);
    const counted = entry({ items: [item({ count: 0, ids: [], further: 54 })] });
    expect(countKinds([counted, counted])).toEqual([{ type: 'Observation', given: 0, further: 54 }]);
  });
});

describe('the headline', () => {
  const now = (): string => new Date().toISOString();
  const headlineOf = (entries: readonly AccessEntry[], language: 'en' | 'zh-CN' = 'en'): string => {
    const overview = { since: new Date(0), isCapped: false, entries };
    return renderPage(<Summary overview={overview} isUnread={false} />, { language }).container.textContent;
  };

  it('counts what left against the rules, and what left nothing, as the filters behind it do', () => {
    const text = headlineOf([corrected({ at: now() }), held({ at: now() }), nothingGiven({ at: now() })]);
    expect(text).toContain('2 emergencies');
    expect(text).toContain('1 released against the rules');
    expect(text).toContain('2 requests were given nothing');
  });

  it('leads from each count to exactly the entries that it counts', () => {
    const entries = [corrected({ at: now() }), held({ at: now() }), nothingGiven({ at: now() })];
    headlineOf(entries);
    const links = screen.getAllByRole('link');
    expect(links.map(({ textContent }) => textContent)).toContain('1 released against the rules');
    for (const link of links) {
      const filter = parseFilter(new URL((link as HTMLAnchorElement).href).hash);
      const query = filterQuery(filter);
      const found = entries.filter(
        (one) =>
          fits(filter, one) &&
          (query.get('outcome')?.split(',').includes(one.outcome) ?? true) &&
          (query.get('purpose')?.split(',').includes(one.purpose) ?? true),
      );
      expect(String(found.length)).toBe(/^\d+/.exec(link.textContent)?.[0]);
    }
  });

  it('says of ordinary entries that all was released, and nothing of rules', () => {
    expect(headlineOf([entry({ at: now() })])).toContain(
      'No emergencies, and everything asked for was released.',
    );
    expect(headlineOf([held({ at: now() })])).not.toContain('against the rules');
  });

  it('says it in Chinese', () => {
    expect(headlineOf([corrected({ at: now() })], 'zh-CN')).toContain('1 次提供与规则不符');
  });
});
