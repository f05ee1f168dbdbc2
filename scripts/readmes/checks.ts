// SPDX-License-Identifier: Apache-2.0
import { posix } from 'node:path';
import {
  anchorsOf,
  codeSpansOf,
  definitionsOf,
  type Documents,
  linksOf,
  paragraphsOf,
  tableRowsOf,
  tablesAbout,
  targetsOf,
} from './markdown';

/** What does not hold, in words that name the document and the thing. Empty: all is as said. */
export type Findings = readonly string[];

const EXTERNAL = /^(?:[a-z][a-z0-9+.-]*:|\/\/)/i;

/**
 * Relative links lead to something, and their anchors to a heading of it.
 * @param exists whether a file or folder is in the repository
 */
export function brokenLinks(documents: Documents, exists: (path: string) => boolean): Findings {
  const found: string[] = [];
  for (const [path, text] of documents) {
    for (const link of linksOf(text)) {
      if (EXTERNAL.test(link)) {
        continue;
      }
      const [target = '', anchor] = link.split('#');
      const file = target === '' ? path : posix.join(posix.dirname(path), decodeURI(target));
      const isThere = file === path || exists(file.replace(/\/$/, ''));
      const page = documents.get(file);
      if (!isThere) {
        found.push(`${path}: ${link} leads nowhere`);
      } else if (anchor !== undefined && page !== undefined && !anchorsOf(page).has(anchor)) {
        found.push(`${path}: ${link} names no heading`);
      }
    }
  }
  return found;
}

/** Columns of a table's row in the file: what a screen shows without wrapping. */
export const MAX_ROW_COLUMNS = 160;
/** Words of a paragraph or list item. */
export const MAX_PARAGRAPH_WORDS = 120;

/** Rows of tables that are wider than {@link MAX_ROW_COLUMNS}. A longer cell is a list or a section below. */
export function wideRows(documents: Documents): Findings {
  return [...documents].flatMap(([path, text]) =>
    tableRowsOf(text)
      .filter(({ row }) => row.length > MAX_ROW_COLUMNS)
      .map(({ line, row }) => `${path}:${String(line)}: a table row of ${String(row.length)} columns`),
  );
}

/** Paragraphs and list items of more than {@link MAX_PARAGRAPH_WORDS} words. */
export function longParagraphs(documents: Documents): Findings {
  return [...documents].flatMap(([path, text]) =>
    paragraphsOf(text)
      .map((paragraph) => paragraph.trim().split(/\s+/))
      .filter((words) => words.length > MAX_PARAGRAPH_WORDS)
      .map(
        (words) => `${path}: a paragraph of ${String(words.length)} words: ${words.slice(0, 6).join(' ')} …`,
      ),
  );
}

/** Words of a sentence. */
export const MAX_SENTENCE_WORDS = 40;
/** Where one ends: a colon, and the dot between members of a list, give a pause as well. */
const SENTENCE_END = /(?<=[.!?:][)"”*_]*)\s+(?=[("“*_`[]*[\p{Lu}\d`])|\s+·\s+/u;

/** Sentences of more than {@link MAX_SENTENCE_WORDS} words. */
export function longSentences(documents: Documents): Findings {
  return [...documents].flatMap(([path, text]) =>
    paragraphsOf(text)
      .flatMap((paragraph) => paragraph.trim().split(SENTENCE_END))
      .map((sentence) => sentence.split(/\s+/))
      .filter((words) => words.length > MAX_SENTENCE_WORDS)
      .map(
        (words) => `${path}: a sentence of ${String(words.length)} words: ${words.slice(0, 6).join(' ')} …`,
      ),
  );
}

const NPM_RUN = /\bnpm run (?:--silent )?([a-z][\w:-]*)/g;
const NPM_TEST = /\bnpm test\b/;

/** Every command that a document names is a script, and every script is named by a document. */
export function commandDifferences(documents: Documents, scripts: readonly string[]): Findings {
  const named = new Set<string>();
  const found: string[] = [];
  for (const [path, text] of documents) {
    if (NPM_TEST.test(text)) {
      named.add('test');
    }
    for (const [, name = ''] of text.matchAll(NPM_RUN)) {
      named.add(name);
      if (!scripts.includes(name)) {
        found.push(`${path}: there is no command "npm run ${name}"`);
      }
    }
  }
  return [...found, ...missing(scripts, named, 'package.json: no document names the script')];
}

const PROGRAM = /\bchartwitness ([a-z][\w-]*(?: [a-z][\w-]*)*)(?= |`|$|\n)/g;

/**
 * `chartwitness COMMAND` in code is a command of the program.
 * @param commands whole, as in `registry client put`
 */
export function unknownCommands(documents: Documents, commands: readonly string[]): Findings {
  const groups = new Set(commands.map((command) => command.replace(/ ?[\w-]+$/, '')));
  const found: string[] = [];
  for (const [path, text] of documents) {
    for (const code of [...codeSpansOf(text), ...fencedLines(text)]) {
      for (const [, words = ''] of code.matchAll(PROGRAM)) {
        const named = commandOf(words.split(' '), groups);
        if (!commands.includes(named) && !groups.has(named)) {
          found.push(`${path}: there is no command "chartwitness ${named}"`);
        }
      }
    }
  }
  return found;
}

/** The words up to the first that does not only choose among commands. */
function commandOf(words: readonly string[], groups: ReadonlySet<string>): string {
  const last = words.findIndex((_word, index) => !groups.has(words.slice(0, index + 1).join(' ')));
  return words.slice(0, last < 0 ? words.length : last + 1).join(' ');
}

/** A command of ours with what follows it; npm hands on what stands after `--`. */
const OURS = /\b(?:chartwitness [a-z][\w-]*|npm run (?:--silent )?[a-z][\w:-]* --)(?= )(.*)$/;
const OPTION = /(?<![\w-])--([a-z][a-z0-9-]*)/g;
/** Every program has it. */
const HELP = 'help';

/**
 * Options that a document gives to our commands are such in the source: a word with `--`, or a member of a
 * table of options.
 */
export function unknownOptions(documents: Documents, source: string): Findings {
  const options = new Set([...source.matchAll(OPTION)].map(([, name = '']) => name));
  const members = new Set(source.match(/(?<=[{,\s])(?:'[a-z][a-z0-9-]*'|[a-z]+)(?=: \{ type: ')/g));
  const isOption = (name: string): boolean =>
    name === HELP || options.has(name) || members.has(name) || members.has(`'${name}'`);
  return [...documents].flatMap(([path, text]) =>
    [...codeSpansOf(text), ...fencedLines(text.replaceAll(/\\\n\s*/g, ''))].flatMap((code) => {
      const [, after = ''] = OURS.exec(code) ?? [];
      return [...after.matchAll(OPTION)]
        .filter(([, name = '']) => !isOption(name))
        .map(([option]) => `${path}: nothing takes ${option}, as in "${code.trim()}"`);
    }),
  );
}

function fencedLines(text: string): readonly string[] {
  return [...text.matchAll(/^ *```\w*\n([\s\S]*?)^ *```/gm)].flatMap(([, block = '']) => block.split('\n'));
}

/** A setting of the code: its default where it has one that a table can repeat. */
export interface Setting {
  readonly name: string;
  readonly standard?: number | undefined;
}

/** A setting with its default behind it, as running text has them: `NAME` (1,000). */
const WITH_DEFAULT = /`([A-Z][A-Z0-9_]+)`\s+\(([\d,]+)\)/g;

/**
 * Rows of tables about settings, and running text with a default, name settings and repeat their defaults.
 */
export function settingDifferences(documents: Documents, settings: readonly Setting[]): Findings {
  const found: string[] = [];
  const byName = new Map(settings.map((setting) => [setting.name, setting]));
  const look = (path: string, name: string, standard: string | undefined): void => {
    const setting = byName.get(name);
    const said = standard === undefined ? undefined : Number(standard.replaceAll(',', ''));
    if (setting === undefined) {
      found.push(`${path}: there is no setting ${name}`);
    } else if (said !== undefined && said !== setting.standard) {
      found.push(`${path}: the default of ${name} is ${String(setting.standard)}`);
    }
  };
  for (const [path, text] of documents) {
    for (const { header, rows } of [...tablesAbout(text, 'setting'), ...tablesAbout(text, 'variable')]) {
      const column = header.indexOf('default');
      for (const row of rows) {
        look(path, namesIn(row[0])[0] ?? row[0] ?? '', row[column]);
      }
    }
    for (const [, name = '', standard] of text.matchAll(WITH_DEFAULT)) {
      look(path, name, standard);
    }
  }
  return found;
}

/** Every setting is named by a document or by an example of a configuration. */
export function unnamedSettings(texts: readonly string[], settings: readonly Setting[]): Findings {
  const all = texts.join('\n');
  const named = settings.filter(({ name }) => new RegExp(`\\b${name}\\b`).test(all));
  return missing(
    settings.map(({ name }) => name),
    new Set(named.map(({ name }) => name)),
    'no document and no example names the setting',
  );
}

/** Names in code spans of a cell. */
function namesIn(cell = ''): readonly string[] {
  return codeSpansOf(cell);
}

/** The first column of a document's tables with this title names exactly these things. */
export function tableDifferences(
  documents: Documents,
  path: string,
  title: string,
  names: readonly string[],
): Findings {
  const tables = tablesAbout(documents.get(path) ?? '', title);
  const said = tables.flatMap(({ rows }) => rows.flatMap((row) => namesIn(row[0])));
  return [
    ...(tables.length === 0 ? [`${path}: there is no table whose first column is "${title}"`] : []),
    ...missing(names, new Set(said), `${path}: the table of "${title}" lacks`),
    ...missing(said, new Set(names), `${path}: the table of "${title}" names what is not there:`),
  ];
}

/** A column of a table says of each name what the code says. */
export function valueDifferences(
  documents: Documents,
  path: string,
  column: readonly [title: string, value: string],
  values: Readonly<Record<string, string>>,
): Findings {
  const [title, value] = column;
  const found: string[] = [];
  for (const { header, rows } of tablesAbout(documents.get(path) ?? '', title)) {
    const at = header.indexOf(value);
    if (at < 0) {
      found.push(`${path}: the table of "${title}" has no column "${value}"`);
    }
    for (const row of at < 0 ? [] : rows) {
      const name = namesIn(row[0])[0] ?? '';
      if (values[name] !== undefined && row[at] !== values[name]) {
        found.push(`${path}: ${value} of ${name} is ${values[name]}`);
      }
    }
  }
  return found;
}

const METRIC = /\bchartwitness_[a-z_]+\b/g;

/** Metrics that documents name are there. @param documents those in which the prefix means a metric */
export function unknownMetrics(documents: Documents, metrics: readonly string[]): Findings {
  return [...documents].flatMap(([path, text]) =>
    [...text.matchAll(METRIC)]
      .filter(([name]) => !metrics.includes(name))
      .map(([name]) => `${path}: there is no metric ${name}`),
  );
}

const CONSTANT = /^[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+$/;

/** Names in capitals (settings, codes, reasons) occur in the source. */
export function unknownConstants(documents: Documents, source: string): Findings {
  const words = new Set(source.match(/\b[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\b/g));
  return [...documents].flatMap(([path, text]) =>
    codeSpansOf(text)
      .filter((code) => CONSTANT.test(code) && !words.has(code))
      .map((code) => `${path}: nothing in the source is called ${code}`),
  );
}

const REPOSITORY_PATH = /^(?:test|scripts|gateway|chaincode|web|\.ci)\/[\w./@-]*\w$/;
const ENDINGS = ['', '.ts', '.tsx', '.test.ts', '.test.tsx', '.mjs'];

/** Paths in code spans that begin with a top folder exist; the ending may be left out. */
export function unknownPaths(documents: Documents, exists: (path: string) => boolean): Findings {
  return [...documents].flatMap(([path, text]) => {
    const here = posix.dirname(path);
    const isThere = (named: string): boolean =>
      ENDINGS.some((ending) => exists(named + ending) || exists(posix.join(here, named + ending)));
    return codeSpansOf(text)
      .filter((code) => REPOSITORY_PATH.test(code) && !isThere(code))
      .map((code) => `${path}: there is no ${code}`);
  });
}

/** Whether a file is source of the gateway that stands right in a folder of its own README. */
const MODULE = /^(gateway\/src\/.+)\/([\w-]+)\.ts$/;

/** A folder's README names each source file that stands beside it, with or without its ending. */
export function unmappedFiles(documents: Documents, files: readonly string[]): Findings {
  return files.flatMap((file) => {
    const [, folder = '', name = ''] = MODULE.exec(file) ?? [];
    const readme = `${folder}/README.md`;
    const text = documents.get(readme);
    const isNamed =
      text === undefined ||
      codeSpansOf(text).some((code) => posix.basename(code).replace(/\.ts$/, '') === name);
    return isNamed ? [] : [`${readme}: does not name ${name}.ts`];
  });
}

const TEST_FILE = /\.test\.tsx?$/;

/** Where the second column of a table of attacks looks for a file. */
const SOURCE_FOLDERS = ['', 'gateway/src/', 'chaincode/src/'];

/**
 * Each attack of the threat model names where it is stopped and a test, and each test of an attack is named.
 * @param threats the attacks' test files, from the repository's root
 */
export function threatDifferences(
  documents: Documents,
  path: string,
  threats: readonly string[],
  exists: (path: string) => boolean,
): Findings {
  const text = documents.get(path) ?? '';
  const definitions = definitionsOf(text);
  const tables = tablesAbout(text, 'attack');
  const found = tables.length === 0 ? [`${path}: there is no table of attacks`] : [];
  const named = new Set<string>();
  for (const [attack = '', where = '', tests = ''] of tables.flatMap(({ rows }) => rows)) {
    const files = targetsOf(tests, definitions).filter((target) => TEST_FILE.test(target));
    for (const file of files) {
      named.add(posix.join(posix.dirname(path), file));
    }
    if (files.length === 0) {
      found.push(`${path}: no test is named for "${attack}"`);
    }
    const places = codeSpansOf(where);
    if (places.length === 0) {
      found.push(`${path}: nothing is said to stop "${attack}"`);
    }
    for (const place of places) {
      const isThere = SOURCE_FOLDERS.some((folder) => exists(`${folder}${place}.ts`));
      if (!isThere) {
        found.push(`${path}: there is no ${place}, which is to stop "${attack}"`);
      }
    }
  }
  return [...found, ...missing(threats, named, `${path}: does not name`)];
}

function missing(wanted: readonly string[], present: ReadonlySet<string>, what: string): Findings {
  return wanted.filter((name) => !present.has(name)).map((name) => `${what} ${name}`);
}
