// SPDX-License-Identifier: Apache-2.0
import { LANGUAGE_FILES } from './languageFiles';

/** The build's module `virtual:languages`, with every word in the first part. */
export const LANGUAGES = LANGUAGE_FILES.map(({ tag, name }) => ({ tag, name }));
export const PARTS = Object.fromEntries(
  LANGUAGE_FILES.map(({ tag, words }) => [
    tag,
    { first: () => Promise.resolve({ words }), rest: () => Promise.resolve({ words: {} }) },
  ]),
);
