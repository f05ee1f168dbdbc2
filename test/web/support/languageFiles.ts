// SPDX-License-Identifier: Apache-2.0
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Words } from '../../../web/src/words/languages/en';

export interface LanguageFile {
  readonly tag: string;
  readonly name: string;
  readonly words: Words;
}

const FOLDER = join(__dirname, '../../../web/src/words/languages');

/** Every language of the portal, English first, as the build finds them. */
export const LANGUAGE_FILES: readonly LanguageFile[] = readdirSync(FOLDER)
  .map((file) => jest.requireActual<LanguageFile>(join(FOLDER, file)))
  .sort((a, b) => Number(b.tag === 'en') - Number(a.tag === 'en'));
