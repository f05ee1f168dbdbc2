/**
 * @jest-environment ./test/web/support/browserEnvironment.cjs
 */
// SPDX-License-Identifier: Apache-2.0
import { toCsvFile, toJsonFile } from '../../web/src/features/keep/exportFiles';
import { Vocabulary } from '../../web/src/words/context';
import { words as en } from '../../web/src/words/languages/en';
import { DOCTOR, entry, meAnswer, NORTH } from './support/answers';
import { LANGUAGE_FILES } from './support/languageFiles';
import { corrected, held, HELD, inParts, item, nothingGiven } from './support/recorded';

const english = new Vocabulary('en', en);

const madeAt = new Date('2026-05-06T12:00:00Z');
const named = (name: string) =>
  entry({ requester: { organisation: NORTH, person: { ...DOCTOR, name }, clientId: 'c' } });
const facts = (entries: ReturnType<typeof entry>[]) => ({
  me: meAnswer(),
  filter: { org: 'NorthHospitalMSP' },
  madeAt,
  entries,
});

describe('the JSON file', () => {
  it('has the entries as they came, their number, the filter and the ledger position', () => {
    const entries = [entry({}), entry({})];
    expect(JSON.parse(toJsonFile(facts(entries)))).toEqual({
      format: 'chartwitness-accesses-2',
      madeAt: '2026-05-06T12:00:00.000Z',
      subject: 'subject-1',
      ledger: { completeToBlock: 41, state: 'live', checkedAt: '2026-05-06T10:00:00.000Z' },
      filter: { org: 'NorthHospitalMSP' },
      count: 2,
      entries,
    });
  });
});

describe('the CSV file', () => {
  const lines = (name: string): readonly string[] => toCsvFile(facts([named(name)]), english).split('\r\n');

  it('has a header, a line per kind of data and the position', () => {
    const [header, row, readable, position, end] = lines('Dr Ada Example');
    expect(header).toMatch(
      /^\ufeffWhen \(.+\),Recorded,Who,Role,.+,Released or withheld,.+,at,holder,organisation,/,
    );
    expect(readable).toContain(
      'For: Pat Example · 1 entry. · The entries that fit your filter · Complete up to',
    );
    expect(row?.split(',')).toHaveLength(header?.split(',').length ?? 0);
    expect(position).toContain(
      '1 entries, only entries that fit {""org"":""NorthHospitalMSP""}, complete up to ledger position 41, list live, checked 2026-05-06T10:00:00.000Z',
    );
    expect(end).toBe('');
  });

  it('says in the reader’s words what each code means', () => {
    const zh = LANGUAGE_FILES.find(({ tag }) => tag === 'zh-CN');
    const emergency = entry({ purpose: 'BTG', outcome: 'deny', emergency: { reason: 'Unconscious' } });
    const of = (words: Vocabulary): string => toCsvFile(facts([emergency]), words).split('\r\n')[1] ?? '';
    expect(of(english)).toContain(
      ',Dr Ada Example,doctor,North Hospital,North Hospital,Emergency,Unconscious,"Refused, Emergency',
    );
    expect(of(english)).toContain(
      'Measurements and laboratory results,,12,Released,,2026-05-06T09:15:00.000Z,',
    );
    expect(of(new Vocabulary('zh-CN', zh?.words ?? en))).toMatch(/医生.*紧急.*已拒绝/);
  });

  it.each(['=HYPERLINK("http://evil")', '+1', '-2+3', '@SUM(A1)', '\t=1'])(
    'does not let a spreadsheet run the name %j',
    (name) => {
      const row = lines(name).slice(1).join('\n');
      expect(row).toMatch(/(^|,)"?'/);
      expect(row).not.toMatch(/(^|,)"?[=+\-@\t]/m);
    },
  );

  it('has a line for an entry without data too, and says when nothing was left out', () => {
    const text = toCsvFile({ ...facts([entry({ items: [] })]), filter: {} }, english);
    const [header = '', row = '', , last = ''] = text.split('\r\n');
    expect(row.split(',')).toHaveLength(header.split(',').length);
    expect(last).toContain('1 entries, every entry, complete up');
  });

  it('quotes commas, quotes and line breaks', () => {
    expect(toCsvFile(facts([named('Doe, "Jo"\nMD')]), english)).toContain('"Doe, ""Jo""\nMD"');
  });
});

describe('what left, in the CSV file', () => {
  /** Each line's cells by the name of their column. */
  const rowsOf = (...entries: ReturnType<typeof entry>[]): readonly Record<string, string>[] => {
    const [header = '', ...lines] = toCsvFile(facts(entries), english).slice(1).split('\r\n');
    const columns = header.split(',');
    return lines
      .slice(0, -3)
      .map((line) =>
        Object.fromEntries<string>(
          line.split(/,(?=(?:[^"]*"[^"]*")*[^"]*$)/).map((cell, at) => [columns[at] ?? '', cell] as const),
        ),
      );
  };

  it('is told apart from what the rules say, with when and why it was corrected', () => {
    const [late, refused, never] = rowsOf(corrected(), held(), nothingGiven());
    expect(late).toMatchObject({
      outcome: 'permit', ruled: 'deny', left: 'yes', decision: 'deny', late: 'yes', late_basis: 'ownPeer',
      requested_at: '2026-05-06T09:12:30.000Z', at: '2026-05-06T09:15:00.000Z', Recorded: '2026-05-06 09:15',
      corrected_at: '2026-05-06T09:16:00.000Z', corrected_why: 'releasedLate', outcome_before: 'deny',
      otherwise_decision: 'deny', otherwise_rule: 'block-psy', 'Released or withheld': 'Released',
    }); // prettier-ignore
    expect(late?.['Result']).toBe(
      '"Released, Emergency, Against the rules: measurements and laboratory results, Released: 09:12, recorded later: 09:15, Corrected"',
    );
    expect(refused).toMatchObject({
      outcome: 'deny',
      ruled: 'deny',
      left: 'no',
      late: 'no',
      requested_at: '',
      Recorded: '2026-05-06 09:15',
      corrected_at: '',
      Result: '"Refused, Emergency"',
    });
    expect(never).toMatchObject({
      outcome: 'deny',
      ruled: 'permit',
      left: 'no',
      decision: 'permit',
      corrected_why: 'nothingGiven',
      'Released or withheld': 'Withheld',
    });
  });

  it('is counted as given, and then as decided on and not given', () => {
    const some = { count: 1, ids: ['o-54'], further: 52 };
    const [given, kept] = rowsOf(
      entry({ items: [item(some)] }),
      held({ items: [item({ ...HELD, ...some })] }),
    );
    expect(given).toMatchObject({
      Number: '1',
      'More found but not given': '52',
      count: '1',
      further: '52',
    });
    expect(kept).toMatchObject({
      Number: '53',
      'More found but not given': '',
      count: '1',
      further: '52',
    });
  });

  it('has the place of the part that recorded it', () => {
    const [first, second, ...more] = rowsOf(inParts(2));
    expect(more).toEqual([]);
    expect(first).toMatchObject({ part: '1', parts: '3', parts_recorded: '2', index: '0' });
    expect(second).toMatchObject({ part: '2', parts: '3', parts_recorded: '2', index: '1' });
    expect(second?.['id']).toMatch(/-part-2$/);
    expect(rowsOf(entry({}))[0]).toMatchObject({ part: '', parts: '', parts_recorded: '' });
  });
});
