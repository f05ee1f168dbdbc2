// SPDX-License-Identifier: Apache-2.0
import { Vocabulary } from './context';
import type { Key, Words } from './en';
import type { Language } from './languages';

/** A language in two parts: the words of the first page, and all others. `wordsInParts.ts` makes them from the language's one file. */
interface Parts {
  readonly first: () => Promise<{ readonly words: PartOfWords }>;
  readonly rest: () => Promise<{ readonly words: PartOfWords }>;
}
type PartOfWords = Partial<Words>;

const PARTS: Readonly<Record<string, Parts>> = {
  en: { first: () => import('./en?first'), rest: () => import('./en?rest') },
  'zh-CN': { first: () => import('./zhCN?first'), rest: () => import('./zhCN?rest') },
};

let current: { readonly parts: Parts; readonly words: Record<Key, Words[Key]> } | undefined;
let isRestWanted = false;

/** The vocabulary of a language, complete as far as the pages that are open need it. */
export async function openLanguage({ tag }: Language): Promise<Vocabulary> {
  const parts = PARTS[tag];
  if (parts === undefined) throw new Error(`no words for ${tag}`);
  const words = { ...(await parts.first()).words };
  if (isRestWanted) Object.assign(words, (await parts.rest()).words);
  current = { parts, words: words as Words };
  return new Vocabulary(readersVariant(tag, navigator.languages), current.words);
}

/** Resolves when every word is there. Pages other than the first wait for it. */
export async function needAllWords(): Promise<void> {
  isRestWanted = true;
  if (current !== undefined) Object.assign(current.words, (await current.parts.rest()).words);
}

/** The first of the reader's languages that is a variant of `tag`: dates and numbers are written as there. */
export function readersVariant(tag: string, asked: readonly string[]): string {
  return asked.find((language) => language === tag || language.startsWith(`${tag}-`)) ?? tag;
}
