// SPDX-License-Identifier: Apache-2.0

/** Documents by their path from the repository's root, with `/`. */
export type Documents = ReadonlyMap<string, string>;

/** A table as it stands: cells are trimmed, with their marks. */
export interface Table {
  readonly header: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

const FENCE = /^ {0,3}(```|~~~)/;
const HEADING = /^#{1,6} +(.+?)(?: +#+)?$/;
const LINK = /!?\[(?:[^\][]|\[[^\]]*\])*\]\(<?([^)>\s]+)>?(?:\s+"[^"]*")?\)/g;
const CODE_SPAN = /(`+)(.+?)\1(?!`)/g;

/** The lines outside fenced code. */
function proseLines(text: string): readonly string[] {
  let isCode = false;
  return text.split('\n').filter((line) => {
    if (!FENCE.test(line)) {
      return !isCode;
    }
    isCode = !isCode;
    return false;
  });
}

/** What links, images and definitions of links lead to, in order. A link in a code span is none. */
export function linksOf(text: string): readonly string[] {
  const lines = proseLines(text).map((line) => line.replaceAll(CODE_SPAN, ''));
  const written = lines.flatMap((line) => [...line.matchAll(LINK)].map(([, target = '']) => target));
  return [...written, ...definitionsOf(text).values()];
}

const DEFINITION = /^\[([^\]]+)\]: +(\S+)$/;

/** `[label]: target` by label. */
export function definitionsOf(text: string): ReadonlyMap<string, string> {
  const found = proseLines(text).map((line) => DEFINITION.exec(line));
  return new Map(found.flatMap((match) => (match === null ? [] : [[match[1] ?? '', match[2] ?? '']])));
}

/** What the links of one cell or line lead to, `[label]` included, where a document defines it. */
export function targetsOf(cell: string, definitions: ReadonlyMap<string, string>): readonly string[] {
  const labels = [...cell.matchAll(/\[([^\]]+)\](?!\()/g)].map(([, label = '']) => definitions.get(label));
  return [...linksOf(cell), ...labels.filter((target) => target !== undefined)];
}

/** The anchors that GitHub gives to the headings. */
export function anchorsOf(text: string): ReadonlySet<string> {
  const seen = new Map<string, number>();
  const anchors = new Set<string>();
  for (const line of proseLines(text)) {
    const [, title] = HEADING.exec(line) ?? [];
    if (title === undefined) {
      continue;
    }
    const slug = slugOf(title);
    const before = seen.get(slug) ?? 0;
    seen.set(slug, before + 1);
    anchors.add(before === 0 ? slug : `${slug}-${String(before)}`);
  }
  return anchors;
}

function slugOf(title: string): string {
  const plain = title.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1');
  return plain
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\p{M}_\- ]/gu, '')
    .replaceAll(' ', '-');
}

/** The texts of code spans outside fenced code. */
export function codeSpansOf(text: string): readonly string[] {
  return proseLines(text).flatMap((line) => [...line.matchAll(CODE_SPAN)].map(([, , code = '']) => code));
}

/** Every table, wherever it stands. */
export function tablesOf(text: string): readonly Table[] {
  const tables: Table[] = [];
  let rows: (readonly string[])[] = [];
  const end = (): void => {
    const [header, , ...rest] = rows;
    if (header !== undefined && rest.length > 0) {
      tables.push({ header, rows: rest });
    }
    rows = [];
  };
  for (const line of proseLines(text)) {
    if (line.trimStart().startsWith('|')) {
      rows.push(cellsOf(line));
    } else {
      end();
    }
  }
  end();
  return tables;
}

function cellsOf(line: string): readonly string[] {
  const inner = line.trim().replace(/^\|/, '').replace(/\|$/, '');
  return inner.split(/(?<!\\)\|/).map((cell) => cell.trim());
}

/** The tables of a document whose first column has this title. */
export function tablesAbout(text: string, title: string): readonly Table[] {
  return tablesOf(text).filter(({ header }) => header[0] === title);
}
