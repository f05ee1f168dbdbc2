// SPDX-License-Identifier: Apache-2.0

/**
 * What a spreadsheet begins a formula with; compared after NFKC, since some take full-width and small forms
 * for the same.
 */
const OPERATORS = new Set(['=', '+', '-', '@', '\u2212']);
/**
 * Where a cell may begin for another reader of the file: behind what it takes for its separator, or a line's
 * end.
 */
const SEPARATOR = /([;|\t\r\n])/;
const UNSEEN = /^[\s\p{C}]+/u;

/**
 * One cell of a CSV file (RFC 4180), quoted where that is needed. Text that a spreadsheet would run as a
 * formula is led by an apostrophe, because names come from outside: also behind a separator of another
 * country's spreadsheet, a line break, white space or characters that cannot be seen.
 */
export function csvCell(value: string): string {
  const calm = value
    .split(SEPARATOR)
    .map((part) => (isFormula(part) ? `'${part}` : part))
    .join('');
  const inert = /^[\t\r\n]/.test(calm) ? `'${calm}` : calm;
  return /[",;|\t\r\n]/.test(inert) ? `"${inert.replaceAll('"', '""')}"` : inert;
}

function isFormula(part: string): boolean {
  const [first = ''] = Array.from(part.replace(UNSEEN, ''));
  return OPERATORS.has(first.normalize('NFKC'));
}
