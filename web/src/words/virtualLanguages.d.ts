// SPDX-License-Identifier: Apache-2.0
/** What `wordsInParts.ts` makes of the files in `languages/`. */
declare module 'virtual:languages' {
  /** Some of the keys of `languages/en.ts`. */
  type PartOfWords = Readonly<Record<string, unknown>>;

  /** A language in two parts: the words of the first page, and all others. */
  export interface Parts {
    readonly first: () => Promise<{ readonly words: PartOfWords }>;
    readonly rest: () => Promise<{ readonly words: PartOfWords }>;
  }
  interface Language {
    /** BCP 47 tag: the page's `lang`, and what `Intl` formats by. */
    readonly tag: string;
    /** Its name in itself. */
    readonly name: string;
  }
  /** English first. */
  export const LANGUAGES: readonly [Language, ...Language[]];
  /** By tag. */
  export const PARTS: Readonly<Record<string, Parts>>;
}
