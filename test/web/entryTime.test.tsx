/**
 * @jest-environment ./test/web/support/browserEnvironment.cjs
 */
// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { groupVisits } from '../../web/src/features/timeline/groupVisits';
import { VisitRow } from '../../web/src/features/timeline/VisitRow';
import { dayKey } from '../../web/src/lib/dates';
import { askedBefore, bothTimes, happenedAt } from '../../web/src/lib/entryTime';
import { Vocabulary } from '../../web/src/words/context';
import { words as en } from '../../web/src/words/languages/en';
import { entry } from './support/answers';
import { EMERGENCY, lateRefusal, lateRelease } from './support/recorded';
import { renderPage } from './support/renderPage';

/** What was recorded late: the list is in the order of the record, and each line says when the data left. */

const english = new Vocabulary('en', en);
const RECORDED = '2026-05-06T09:15:00.000Z';

function linesOf(entries: ReturnType<typeof entry>[], language: 'en' | 'zh-CN' = 'en'): string[] {
  return groupVisits(entries)
    .flatMap(({ visits }) => visits)
    .map((visit) => {
      const { container } = renderPage(<VisitRow visit={visit} />, { language });
      return container.textContent;
    });
}

describe('the times of an entry', () => {
  it.each<[string, string | undefined, string | undefined]>([
    ['in time', undefined, undefined],
    ['on another day', '2026-05-05T23:58:00.000Z', 'May 5, 23:58'],
    ['within the day', '2026-05-06T08:12:30.000Z', '08:12'],
    ['within the minute, with seconds', '2026-05-06T09:15:00.000Z', undefined],
  ])('%s', (_what, requestedAt, asked) => {
    const times = { at: RECORDED, ...(requestedAt === undefined ? {} : { requestedAt }) };
    expect(bothTimes(english, times)?.asked).toBe(asked);
  });

  it('have the year where it is another', () => {
    expect(
      bothTimes(english, { at: '2026-01-01T00:05:00.000Z', requestedAt: '2025-12-31T23:58:00.000Z' }),
    ).toEqual({
      asked: 'Dec 31, 2025, 23:58',
      recorded: 'Jan 1, 2026, 00:05',
    });
  });

  it('have seconds where they differ by less than a minute', () => {
    expect(bothTimes(english, { at: '2026-05-06T09:15:41.000Z', requestedAt: RECORDED })).toEqual({
      asked: '09:15:00',
      recorded: '09:15:41',
    });
  });

  it('property: happened no later than recorded, whatever a hospital claims', () => {
    const time = fc.date({ min: new Date('2000-01-01'), max: new Date('2100-01-01'), noInvalidDate: true });
    fc.assert(
      fc.property(time, time, (asked, recorded) => {
        const times = { at: recorded.toISOString(), requestedAt: asked.toISOString() };
        expect(happenedAt(times).getTime()).toBe(Math.min(asked.getTime(), recorded.getTime()));
        expect(askedBefore(times) === undefined).toBe(asked.getTime() >= recorded.getTime());
      }),
    );
  });
});

describe('a line of the list that was recorded late', () => {
  it('stands in the day of its record, and says on which day and when the data left', () => {
    const late = lateRelease({ at: RECORDED, requestedAt: '2026-05-05T23:58:00.000Z' });
    expect(groupVisits([late]).map(({ date }) => date)).toEqual(['2026-05-06']);
    const [line] = linesOf([late]);
    expect(line).toMatch(/^May 5, 23:58Dr/);
    expect(line).toContain('Released: May 5, 23:58, recorded later: May 6, 09:15');
  });

  it('of a refusal says when it was asked for, and not that anything was released', () => {
    const [line] = linesOf([lateRefusal()]);
    expect(line).toContain('Asked for: 09:12, recorded later: 09:15');
    expect(line).not.toContain('Released');
  });

  it('is the same in Chinese', () => {
    expect(linesOf([lateRelease()], 'zh-CN')[0]).toContain('提供：09:12，补记：09:15');
  });

  it('in time has one time', () => {
    expect(linesOf([entry({})])[0]).not.toMatch(/recorded/i);
  });

  it('is folded by when it happened', () => {
    const requests = [
      lateRelease({ id: 'c', at: '2026-05-06T09:15:03.000Z', requestedAt: '2026-05-06T08:05:00.000Z' }),
      lateRelease({ id: 'b', at: '2026-05-06T09:15:02.000Z', requestedAt: '2026-05-06T08:40:00.000Z' }),
      lateRelease({ id: 'a', at: '2026-05-06T09:15:01.000Z', requestedAt: '2026-05-06T07:40:00.000Z' }),
    ];
    const inTime = entry({ ...EMERGENCY, id: 'd' });
    const [day, ...more] = groupVisits([...requests, inTime]);
    expect(more).toEqual([]);
    expect(day?.visits.map(({ entries }) => entries.map(({ id }) => id))).toEqual([['c', 'b'], ['a'], ['d']]);
    // A fold says from when to when its requests happened, though they were recorded in another order.
    expect(linesOf(requests)[0]).toContain('08:05 – 08:40');
    expect(linesOf(requests)[0]).toContain('Released: 08:05 – 08:40, recorded later: 09:15');
    const yesterday = requests.map((request) => ({ ...request, at: '2026-05-07T00:10:00.000Z' }));
    expect(linesOf(yesterday)[0]).toMatch(/^May 6, 08:05 – 08:40/);
  });

  it('property: every day of the list is that of the record', () => {
    const time = fc.date({ min: new Date('2026-01-01'), max: new Date('2026-12-31'), noInvalidDate: true });
    fc.assert(
      fc.property(fc.array(fc.tuple(time, time), { maxLength: 20 }), (pairs) => {
        const entries = pairs.map(([at, asked], index) =>
          lateRelease({ id: String(index), at: at.toISOString(), requestedAt: asked.toISOString() }),
        );
        for (const { date, visits } of groupVisits(entries)) {
          for (const { at } of visits.flatMap((visit) => visit.entries)) {
            expect(dayKey(new Date(at))).toBe(date);
          }
        }
      }),
    );
  });
});
