// SPDX-License-Identifier: Apache-2.0
import { createContext, Fragment, use, type ReactNode } from 'react';
import type { Key, Words } from './languages/en';
import { chooseForm, fill, formatNumber, splitPlaceholders, type Value } from './message';

/** The words of one language, and how it writes numbers. */
export class Vocabulary {
  /**
   * BCP 47 tag to format by: the reader's own variant of the language (en-GB) where the browser names one.
   */
  readonly tag: string;
  readonly #words: Words;
  readonly #onMissing: () => void;

  /**
   * @param onMissing called when a code without a word is met: its word may be among those that are not
   *   loaded yet.
   */
  constructor(tag: string, words: Words, onMissing: () => void = () => undefined) {
    this.tag = tag;
    this.#words = words;
    this.#onMissing = onMissing;
  }

  /** The text of `key`; `count` chooses the plural form. */
  text(key: Key, values: Readonly<Record<string, Value>> = {}): string {
    return fill(this.form(key, values['count']), this.tag, values);
  }

  /** The text of `key` with its placeholders unfilled. */
  form(key: Key, count?: Value): string {
    return chooseForm(this.#words[key], this.tag, count);
  }

  /** The plain word of a code, e.g. `code('purpose', 'TREAT')`; the code itself where there is no word. */
  code(family: CodeFamily, code: string, values?: Readonly<Record<string, Value>>): string {
    return this.findCode(family, code, values) ?? code;
  }

  findCode(family: CodeFamily, code: string, values?: Readonly<Record<string, Value>>): string | undefined {
    const key = `${family}.${code}`;
    if (Object.hasOwn(this.#words, key)) {
      return this.text(key as Key, values);
    }
    this.#onMissing();
    return undefined;
  }

  /** With a capital at the start, where a word begins a line; unchanged in scripts without capitals. */
  capital(text: string): string {
    return text.charAt(0).toLocaleUpperCase(this.tag) + text.slice(1);
  }

  number(value: number): string {
    return formatNumber(this.tag, value);
  }

  /** "a, b and c" */
  list(parts: readonly string[], type: 'conjunction' | 'disjunction' = 'conjunction'): string {
    return new Intl.ListFormat(this.tag, { type }).format(parts);
  }
}

/** Families of keys that are looked up by a code from the ledger. */
export const CODE_FAMILIES = [
  'type',
  'purpose',
  'role',
  'label',
  'action',
  'refused',
  'problem',
  'note',
] as const;
export type CodeFamily = (typeof CODE_FAMILIES)[number];

const VocabularyContext = createContext<Vocabulary | null>(null);
export const VocabularyProvider = VocabularyContext.Provider;

export function useWords(): Vocabulary {
  const words = use(VocabularyContext);
  if (words === null) {
    throw new Error('useWords needs a VocabularyProvider');
  }
  return words;
}

interface TextProps {
  readonly k: Key;
  readonly count?: number;
  /** Elements for the placeholders. */
  readonly values: Readonly<Record<string, ReactNode>>;
}

/** A text whose placeholders are elements. */
export function Text({ k, count, values }: TextProps): ReactNode {
  const words = useWords();
  const all: Readonly<Record<string, ReactNode>> =
    count === undefined ? values : { count: words.number(count), ...values };
  return splitPlaceholders(words.form(k, count)).map((piece, at) => (
    <Fragment key={at}>{at % 2 === 0 ? piece : (all[piece] ?? `{${piece}}`)}</Fragment>
  ));
}
