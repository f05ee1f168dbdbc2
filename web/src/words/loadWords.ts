// SPDX-License-Identifier: Apache-2.0
import { Vocabulary } from './context';
import type { Key, Words } from './languages/en';
import type { Language } from './languages';
import { wordParts, type Parts } from './wordParts';

interface OpenWords {
  readonly parts: Parts;
  readonly words: Record<Key, Words[Key]>;
  isComplete: boolean;
}

let current: OpenWords | undefined;
let isRestWanted = false;

/**
 * The vocabulary of a language, complete as far as the pages that are open need it.
 * @param onMore called with the same vocabulary once more when a code was met whose word came later.
 */
export async function openLanguage(
  { tag }: Language,
  onMore: (complete: Vocabulary) => void,
): Promise<Vocabulary> {
  const parts = wordParts(tag);
  const words = { ...(await parts.first()).words } as OpenWords['words'];
  const opened: OpenWords = { parts, words, isComplete: false };
  if (isRestWanted) await complete(opened);
  current = opened;
  const variant = readersVariant(tag, navigator.languages);
  let isAsked = false;
  return new Vocabulary(variant, words, () => {
    if (isAsked || opened.isComplete) return;
    isAsked = true;
    complete(opened).then(
      () => {
        onMore(new Vocabulary(variant, words));
      },
      // Without the rest the code itself stays, as a code without a word does.
      () => undefined,
    );
  });
}

/** Resolves when every word is there. Pages other than the first wait for it. */
export async function needAllWords(): Promise<void> {
  isRestWanted = true;
  if (current !== undefined) await complete(current);
}

async function complete(opened: OpenWords): Promise<void> {
  Object.assign(opened.words, (await opened.parts.rest()).words);
  opened.isComplete = true;
}

/** The first of the reader's languages that is a variant of `tag`: dates and numbers are written as there. */
export function readersVariant(tag: string, asked: readonly string[]): string {
  return asked.find((language) => language === tag || language.startsWith(`${tag}-`)) ?? tag;
}
