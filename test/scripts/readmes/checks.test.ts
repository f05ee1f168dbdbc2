// SPDX-License-Identifier: Apache-2.0
/** Each check finds a planted mistake, and is silent about what is right. */
import {
  brokenLinks,
  commandDifferences,
  longParagraphs,
  longSentences,
  MAX_PARAGRAPH_WORDS,
  MAX_ROW_COLUMNS,
  MAX_SENTENCE_WORDS,
  settingDifferences,
  tableDifferences,
  threatDifferences,
  unknownCommands,
  unknownConstants,
  unknownMetrics,
  unknownOptions,
  unknownPaths,
  unmappedFiles,
  unnamedSettings,
  valueDifferences,
  wideRows,
} from '../../../scripts/readmes/checks';

const documents = (text: string, path = 'folder/README.md'): ReadonlyMap<string, string> =>
  new Map([[path, text]]);
const files = new Set(['LICENSE', 'folder', 'folder/part.ts', 'test/a.test.ts', 'folder/README.md']);
const exists = (path: string): boolean => files.has(path);

describe('links', () => {
  const check = (text: string): readonly string[] => brokenLinks(documents(`# A title\n\n${text}`), exists);

  test.each([
    ['a file that is not there', '[part](gone.ts)', /gone\.ts leads nowhere/],
    ['a picture that is not there', '![list](list.png)', /list\.png leads nowhere/],
    ['a file of another folder', '[licence](LICENSE)', /leads nowhere/],
    ['an anchor of this page', '[here](#a-titel)', /#a-titel names no heading/],
    ['an anchor of another page', '[there](README.md#nothing)', /names no heading/],
    ['a link behind code', '`x` and [part](gone.ts)', /gone\.ts/],
    ['a definition', '[gone]: gone.ts', /gone\.ts/],
    ['a link that wraps', 'the [part of\nthe folder](gone.ts)', /gone\.ts/],
    ['a link that wraps in an item', '- the [part of\n  the folder](gone.ts)', /gone\.ts/],
    ['one of two in a line', '[part](part.ts) [part](gone.ts)', /gone\.ts/],
  ])('%s', (_what, text, found) => {
    expect(check(text)).toEqual([expect.stringMatching(found)]);
  });

  test.each([
    '[part](part.ts)',
    '[licence](../LICENSE)',
    '[folder](../folder/)',
    '[here](#a-title)',
    '[page](README.md#a-title)',
    '[web](https://example.org/gone.ts)',
    '[mail](mailto:a@example.org)',
    '`[part](gone.ts)`',
    '```\n[part](gone.ts)\n```',
    '1. An item:\n\n   ```\n   [part](gone.ts)\n   ```',
  ])('nothing of %p', (text) => {
    expect(check(text)).toEqual([]);
  });

  test('headings become anchors as on GitHub: marks go, blanks are hyphens, the second is numbered', () => {
    const page = '# `a` & b: C_d!\n# Twice\n# Twice\n# [Linked](part.ts) é\n```\n# no heading\n```\n';
    const anchors = ['a--b-c_d', 'twice', 'twice-1', 'linked-é'];
    expect(
      brokenLinks(documents(page + anchors.map((anchor) => `[x](#${anchor})`).join(' ')), exists),
    ).toEqual([]);
    expect(brokenLinks(documents(`${page}[x](#no-heading)`), exists)).toHaveLength(1);
  });
});

test('commands: one that is not there, one that nobody names', () => {
  const check = (text: string): readonly string[] =>
    commandDifferences(documents(text), ['test', 'demo', 'test:kill']);
  const all = 'npm test, `npm run demo -- --check`, npm run --silent test:kill';
  expect(check(all)).toEqual([]);
  expect(check(`${all}, npm run dmeo`)).toEqual(['folder/README.md: there is no command "npm run dmeo"']);
  expect(check('npm test, npm run demo')).toEqual([expect.stringContaining('test:kill')]);
});

describe('commands of the program, in code alone', () => {
  const check = (text: string): readonly string[] =>
    unknownCommands(documents(text), ['demo', 'registry list', 'registry client put', 'registry suspend']);

  test.each([
    '`chartwitness demo --fresh` and the chartwitness ledger',
    '`chartwitness registry --help`',
    '`npx chartwitness registry client put --client-id ehr`',
    '`chartwitness registry suspend mymsp`',
    '`chartwitness registry client`',
  ])('nothing of %p', (text) => {
    expect(check(text)).toEqual([]);
  });

  test.each([
    ['`npx chartwitness dmeo`', 'dmeo'],
    ['```sh\nchartwitness dmeo --fresh\n```', 'dmeo'],
    ['`chartwitness registry lsit`', 'registry lsit'],
    ['`chartwitness registry client remove x`', 'registry client remove'],
  ])('one that is none: %p', (text, named) => {
    expect(check(text)).toEqual([`folder/README.md: there is no command "chartwitness ${named}"`]);
  });
});

describe('options of our commands', () => {
  const source =
    ".option('--fresh', 'anew') parseArgs({ rounds: { type: 'string' }, 'longest-ms': { type: 'string' } })";
  const check = (text: string): readonly string[] => unknownOptions(documents(text), source);

  test.each([
    '`chartwitness demo --fresh`',
    '`npm run test:faults -- --rounds 1 [--longest-ms N]`',
    '`npm run --silent demo -- --help`',
    '`git log --oneline` and --anything',
    '```sh\nchartwitness demo \\\n  --fresh\n```',
  ])('nothing of %p', (text) => {
    expect(check(text)).toEqual([]);
  });

  test.each([
    '`chartwitness demo --frehs`',
    '`npm run test:faults -- --rounds 1 [--longest N]`',
    '```sh\nchartwitness demo \\\n  --type\n```',
    '1. An item:\n\n   ```sh\n   npx chartwitness demo --frehs\n   ```',
  ])('one that nothing takes in %p', (text) => {
    expect(check(text)).toEqual([expect.stringMatching(/nothing takes --(?:frehs|longest|type), as in/)]);
  });
});

describe('settings', () => {
  const settings = [{ name: 'MAX_COUNT', standard: 5_000 }, { name: 'KEY_FILE' }];
  const table = (row: string): string => `| setting | default | what |\n| --- | --- | --- |\n| ${row} |`;
  const check = (text: string): readonly string[] => settingDifferences(documents(text), settings);

  test('as they are', () => {
    expect(check(table('`MAX_COUNT` | 5,000 | matches'))).toEqual([]);
    expect(check('| variable | what |\n| --- | --- |\n| `KEY_FILE` | key |')).toEqual([]);
    expect(check('`MAX_COUNT` (5,000), `KEY_FILE`')).toEqual([]);
  });

  test.each([
    ['a name that is none', table('`MAX_CUONT` | 5,000 | matches')],
    ['another default', table('`MAX_COUNT` | 500 | matches')],
    ['a default where there is none', table('`KEY_FILE` | 1 | key')],
    ['a name that is none, among variables', '| variable | what |\n| --- | --- |\n| `KEY_FIEL` | key |'],
    ['another default in running text', '`MAX_COUNT` (500)'],
    ['another default in running text that wraps', '`MAX_COUNT`\n(500)'],
  ])('%s', (_what, text) => {
    expect(check(text)).toHaveLength(1);
  });

  test('one that nobody names; a longer name does not name it', () => {
    expect(unnamedSettings(['`MAX_COUNT`', 'KEY_FILE=x'], settings)).toEqual([]);
    expect(unnamedSettings(['MAX_COUNT KEY_FILES'], settings)).toEqual([expect.stringContaining('KEY_FILE')]);
  });
});

test('a table: a row too many, a row too few, two names in a row, no table', () => {
  const check = (text: string): readonly string[] =>
    tableDifferences(documents(text), 'folder/README.md', 'code', ['A', 'B', 'C']);
  const table = (...rows: string[]): string => ['| code | when |', '| --- | --- |', ...rows].join('\n');
  expect(check(table('| `A`, `B` | `D` |', '| `C` | x \\| y |'))).toEqual([]);
  expect(check(table('| `A` | |', '| `C` | |'))).toEqual([expect.stringMatching(/lacks B$/)]);
  expect(check(table('| `A`, `B` | |', '| `C` | |', '| `D` | |'))).toEqual([expect.stringMatching(/D$/)]);
  expect(check('')[0]).toMatch(/there is no table/);
});

test('a value of a table', () => {
  const check = (status: string): readonly string[] =>
    valueDifferences(
      documents(`| code | status |\n| --- | --- |\n| \`A\` | ${status} |`),
      'folder/README.md',
      ['code', 'status'],
      { A: '404' },
    );
  expect(check('404')).toEqual([]);
  expect(check('400')).toEqual(['folder/README.md: status of A is 404']);
});

test('a metric', () => {
  const check = (text: string): readonly string[] => unknownMetrics(documents(text), ['chartwitness_owed']);
  expect(check('`chartwitness_owed` above 0')).toEqual([]);
  expect(check('`chartwitness_owned` above 0')).toHaveLength(1);
});

test('a name in capitals', () => {
  const check = (text: string): readonly string[] =>
    unknownConstants(documents(text), "throw new AppError('LANE_FENCED')");
  expect(check('`LANE_FENCED`, `OK`, LANE_FENCDE')).toEqual([]);
  expect(check('`LANE_FENCDE`')).toHaveLength(1);
});

describe('what is easy to read', () => {
  const words = (count: number): string => Array<string>(count).fill('word').join(' ');
  const row = (columns: number): string => `| ${'x'.repeat(columns - 4)} |`;

  test('a row of a table is no wider than a screen', () => {
    const table = (columns: number): string => `| x |\n| --- |\n${row(columns)}\n`;
    expect(wideRows(documents(table(MAX_ROW_COLUMNS)))).toEqual([]);
    expect(wideRows(documents(table(MAX_ROW_COLUMNS + 1)))).toEqual([
      'folder/README.md:3: a table row of 161 columns',
    ]);
    expect(wideRows(documents(`- An item:\n\n  ${row(MAX_ROW_COLUMNS)}`))).toHaveLength(1);
    expect(wideRows(documents(`\`\`\`\n${row(MAX_ROW_COLUMNS + 1)}\n\`\`\``))).toEqual([]);
  });

  test.each([
    ['a paragraph', ''],
    ['an item', '- '],
    ['a step', '1. '],
  ])('%s has no more words than one takes in', (_what, mark) => {
    const check = (text: string): readonly string[] => longParagraphs(documents(text));
    const long = `${mark}${words(MAX_PARAGRAPH_WORDS)}\nword`;
    expect(check(`# ${words(200)}\n\n${mark}${words(60)}\n\n${mark}${words(61)}\n- ${words(61)}`)).toEqual(
      [],
    );
    expect(check(long)).toEqual([expect.stringContaining('a paragraph of 121 words: word')]);
    expect(check(`\`\`\`\n${long}\n\`\`\``)).toEqual([]);
  });
});

test('a path', () => {
  const check = (text: string): readonly string[] => unknownPaths(documents(text), exists);
  expect(check('`test/a`, `test/a.test.ts`, `other/gone.ts`, `npm run test/b`')).toEqual([]);
  expect(check('`test/b.test.ts`')).toHaveLength(1);
});

test('a sentence is no longer than a breath', () => {
  const words = (count: number): string => Array<string>(count).fill('word').join(' ');
  const check = (text: string): readonly string[] => longSentences(documents(text));
  const most = words(MAX_SENTENCE_WORDS);
  for (const pause of ['. Word ', '.** Word ', ': Word ', '. `word` ', '.) _Word_ ', ' · ', '\n\n', '\n- ']) {
    expect(check(`${most}${pause}${words(39)}.`)).toEqual([]);
  }
  for (const rest of [' word', '\nword', ', word', '; word', '. word', ' e.g. word']) {
    expect(check(`Short. ${most}${rest}.`)).toEqual([expect.stringContaining('a sentence of 4')]);
  }
});

test('a file beside a README', () => {
  const check = (text: string): readonly string[] =>
    unmappedFiles(documents(text, 'gateway/src/part/README.md'), [
      'gateway/src/part/one.ts',
      'gateway/src/part/two.ts',
      'gateway/src/part/deeper/three.ts',
      'gateway/src/other/four.ts',
    ]);
  expect(check('`one.ts` does; [`two`](two.ts) asks')).toEqual([]);
  expect(check('`one.ts`, and two others, `twofold`')).toEqual([
    'gateway/src/part/README.md: does not name two.ts',
  ]);
});

describe('the threat model', () => {
  const check = (row: string, rest = ''): readonly string[] =>
    threatDifferences(
      documents(`| attack | stopped in | test |\n| --- | --- | --- |\n| ${row} |\n\n${rest}`, 'SECURITY.md'),
      'SECURITY.md',
      ['test/a.test.ts'],
      exists,
    );
  const DEFINITION = '[a]: test/a.test.ts';

  test('an attack with its place and its test', () => {
    expect(check('guesses | `folder/part` | [a](test/a.test.ts)')).toEqual([]);
    expect(check('guesses | `folder/part` | [a]', DEFINITION)).toEqual([]);
  });

  test.each([
    ['no test', 'guesses | `folder/part` | later', ''],
    ['a test that nothing defines', 'guesses | `folder/part` | [a]', ''],
    ['something else than a test', 'guesses | `folder/part` | [a](folder/part.ts)', ''],
  ])('%s: the attack has none, and the test is not named', (_what, row, rest) => {
    expect(check(row, rest)).toEqual([
      expect.stringContaining('no test is named for "guesses"'),
      expect.stringContaining('does not name test/a.test.ts'),
    ]);
  });

  test.each([
    ['a place that is not there', '`folder/gone`', /there is no folder\/gone/],
    ['no place', 'somewhere', /nothing is said to stop/],
  ])('%s', (_what, where, found) => {
    expect(check(`guesses | ${where} | [a]`, DEFINITION)).toEqual([expect.stringMatching(found)]);
  });

  test('no table', () => {
    expect(threatDifferences(documents('', 'SECURITY.md'), 'SECURITY.md', [], exists)).toEqual([
      'SECURITY.md: there is no table of attacks',
    ]);
  });
});
