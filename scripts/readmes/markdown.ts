// SPDX-License-Identifier: Apache-2.0

/** Documents by their path from the repository's root, with `/`. */
export type Documents = ReadonlyMap<string, string>;

/** A table as it stands: cells are trimmed, with their marks. */
export interface Table {
  readonly header: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

const FENCE = /^\s*(```|~~~)/;
const HEADING = /^#{1,6} +(.+?)(?: +#+)?$/;
const DEFINITION = /^\[([^\]]+)\]: +(\S+)$/;
const ROW = /^\s*\|/;
const ITEM = /^\s*(?:[-*+]|\d+[.)]) /;
const LINK = /!?\[(?:[^\][]|\[[^\]]*\])*\]\(<?([^)>\s]+)>?(?:\s+"[^"]*")?\)/g;
const CODE_SPAN = /(`+)(.+?)\1(?!`)/g;

/**
 * Paragraphs and list items outside fenced code, each with its lines joined by blanks; headings, rows of
 * tables and definitions are one line each. A link or a sentence that wraps is whole again.
 */
function blocksOf(text: string): readonly string[] {
  const blocks: string[] = [];
  let isOpen = false;
  for (const line of proseLines(text)) {
    const isAlone = line.trim() === '' || HEADING.test(line) || ROW.test(line) || DEFINITION.test(line);
    if (isOpen && !isAlone && !ITEM.test(line)) {
      blocks.push(`${blocks.pop() ?? ''} ${line.trim()}`);
    } else if (line.trim() !== '') {
      blocks.push(line);
    }
    isOpen = !isAlone;
  }
  return blocks;
}

/** The lines, with an empty one in the place of each line of fenced code. */
function proseLines(text: string): readonly string[] {
  let isCode = false;
  return text.split('\n').map((line) => {
    const isFence = FENCE.test(line);
    isCode = isFence ? !isCode : isCode;
    return isFence || isCode ? '' : line;
  });
}

/** Paragraphs and list items, each in one line without its mark: what a reader takes in without a pause. */
export function paragraphsOf(text: string): readonly string[] {
  return blocksOf(text)
    .filter((block) => !HEADING.test(block) && !ROW.test(block) && !DEFINITION.test(block))
    .map((block) => block.replace(ITEM, ''));
}

/** Rows of tables as they stand in the file, heads included, with their place. */
export function tableRowsOf(text: string): readonly { readonly line: number; readonly row: string }[] {
  return proseLines(text).flatMap((row, index) => (ROW.test(row) ? [{ line: index + 1, row }] : []));
}

/** What links, images and definitions of links lead to, in order. A link in a code span is none. */
export function linksOf(text: string): readonly string[] {
  const blocks = blocksOf(text).map((block) => block.replaceAll(CODE_SPAN, ''));
  const written = blocks.flatMap((block) => [...block.matchAll(LINK)].map(([, target = '']) => target));
  return [...written, ...definitionsOf(text).values()];
}

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
  return blocksOf(text).flatMap((block) => [...block.matchAll(CODE_SPAN)].map(([, , code = '']) => code));
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
