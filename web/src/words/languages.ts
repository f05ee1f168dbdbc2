// SPDX-License-Identifier: Apache-2.0
import { LANGUAGES } from 'virtual:languages';

export type Language = (typeof LANGUAGES)[number];

/**
 * Every language of the portal, English first. A new one is a file in `languages/`: `wordsInParts.ts` finds
 * it.
 */
export { LANGUAGES };

const CHOICE = 'chartwitness.language';

/**
 * The language chosen on this device, else the first that the browser asks for and the portal has, else the
 * first.
 */
export function preferredLanguage(asked: readonly string[], chosen: string | null): Language {
  for (const tag of [...(chosen === null ? [] : [chosen]), ...asked]) {
    const found = LANGUAGES.find((language) => sameLanguage(language.tag, tag));
    if (found !== undefined) {
      return found;
    }
  }
  return LANGUAGES[0];
}

function sameLanguage(ours: string, asked: string): boolean {
  return ours.split('-')[0] === asked.split('-')[0]?.toLowerCase();
}

/** The first of the reader's languages that is a variant of `tag`: dates and numbers are written as there. */
export function readersVariant(tag: string, asked: readonly string[]): string {
  return asked.find((language) => language === tag || language.startsWith(`${tag}-`)) ?? tag;
}

/** Null where nothing is stored, or where the browser allows no storage. */
export function storedLanguage(): string | null {
  try {
    return localStorage.getItem(CHOICE);
  } catch {
    return null;
  }
}

/** Keeps the choice for the next visit, where the browser allows it. */
export function storeLanguage(tag: string): void {
  try {
    localStorage.setItem(CHOICE, tag);
  } catch {
    // The choice then holds until the page is closed.
  }
}
