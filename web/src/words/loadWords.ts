// SPDX-License-Identifier: Apache-2.0
import { Vocabulary } from './context';
import type { Key, Words } from './languages/en';
import { readersVariant, type Language } from './languages';
import { wordParts, type Parts } from './wordParts';

interface OpenWords {
  readonly parts: Parts;
  readonly words: Record<Key, Words[Key]>;
  isComplete: boolean;
}

let current: OpenWords | undefined;
let isRestWanted = false;
const listeners = new Set<(complete: Vocabulary) => void>();

/** The vocabulary of a language, complete as far as the pages that are open need it. */
export async function openLanguage({ tag }: Language): Promise<Vocabulary> {
  const parts = wordParts(tag);
  const words = { ...(await parts.first()).words } as OpenWords['words'];
  const opened: OpenWords = { parts, words, isComplete: false };
  if (isRestWanted) {
    await complete(opened);
  }
  current = opened;
  const variant = readersVariant(tag, navigator.languages);
  let isAsked = false;
  return new Vocabulary(variant, words, () => {
    if (isAsked || opened.isComplete) {
      return;
    }
    isAsked = true;
    complete(opened).then(
      () => {
        if (opened === current) {
          for (const listener of listeners) {
            listener(new Vocabulary(variant, words));
          }
        }
      },
      // Without the rest the code itself stays, as a code without a word does.
      () => undefined,
    );
  });
}

/**
 * Calls `listener` with the vocabulary once more when a code was met whose word came later.
 * @returns what ends that.
 */
export function hearMoreWords(listener: (complete: Vocabulary) => void): () => void {
  listeners.add(listener);
  return () => {
    listeners.delete(listener);
  };
}

/** Resolves when every word is there. Pages other than the first wait for it. */
export async function needAllWords(): Promise<void> {
  isRestWanted = true;
  if (current !== undefined) {
    await complete(current);
  }
}

async function complete(opened: OpenWords): Promise<void> {
  Object.assign(opened.words, (await opened.parts.rest()).words);
  opened.isComplete = true;
}
