// SPDX-License-Identifier: Apache-2.0

// Names come from other organisations and are shown to patients. Characters that change how the text around
// them is read are taken out: C0 and C1 controls, bidirectional marks, embeddings, overrides and isolates
// (Unicode UAX #9), zero-width characters but the joiner (emoji need it), line and paragraph separators, the
// byte order mark, tag characters.
const INVISIBLE =
  // eslint-disable-next-line no-control-regex -- control characters are what is looked for
  /[\u0000-\u001f\u007f-\u009f\u061c\u200b\u200c\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\u{e0000}-\u{e007f}]/gu;

const FIRST_STRONG_ISOLATE = '\u2068';
const POP_ISOLATE = '\u2069';

/** `name` without characters that could disguise it; never empty. */
export function safeName(name: string): string {
  const cleaned = name.replace(INVISIBLE, ' ').replace(/\s+/g, ' ').trim();
  return cleaned === '' ? '—' : cleaned;
}

const SHORT = 60;

/**
 * {@link safeName}, cut between whole characters as a reader sees them (grapheme clusters) where it is longer
 * than a name should be.
 */
export function shortName(name: string, length = SHORT): string {
  const safe = safeName(name);
  if (safe.length <= length) {
    return safe;
  }
  const parts = [...new Intl.Segmenter(undefined, { granularity: 'grapheme' }).segment(safe)];
  return parts.length <= length
    ? safe
    : `${parts
        .slice(0, length - 1)
        .map(({ segment }) => segment)
        .join('')}…`;
}

/**
 * {@link safeName} for plain text (labels, titles): isolated, so that its direction does not touch its
 * surroundings.
 */
export function isolatedName(name: string): string {
  return FIRST_STRONG_ISOLATE + safeName(name) + POP_ISOLATE;
}
