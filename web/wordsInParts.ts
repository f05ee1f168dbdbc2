// SPDX-License-Identifier: Apache-2.0
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { runnerImport, type Plugin, type Rolldown } from 'vite';
import type { Words } from './src/words/languages/en';

const FOLDER = fileURLToPath(new URL('src/words/languages/', import.meta.url));
/** The language that the others are held to, and the one for a reader whose languages are all missing. */
const FIRST_LANGUAGE = 'en';

interface LanguageFile {
  readonly tag: string;
  readonly name: string;
  readonly words: Words;
}

/** Families of keys that the first page uses. All others come with the page that needs them. */
const FIRST: ReadonlySet<string> = new Set([
  'app', 'nav', 'error', 'trust', 'list', 'mark', 'filter', 'chart', 'warning',
]); // prettier-ignore

/** Codes that most lists show. The others come when one of them is met (`loadWords.ts`). */
const FIRST_CODES: ReadonlySet<string> = new Set(
  Object.entries({
    type: [
      'AllergyIntolerance', 'CarePlan', 'CareTeam', 'Claim', 'Condition', 'DiagnosticReport', 'DocumentReference', 'Encounter',
      'ExplanationOfBenefit', 'ImagingStudy', 'Immunization', 'Location', 'Medication', 'MedicationRequest', 'Observation',
      'Organization', 'Patient', 'Practitioner', 'Procedure',
    ],
    purpose: ['TREAT', 'ETREAT', 'BTG', 'emergency', 'HPAYMT', 'HOPERAT', 'HRESCH', 'PUBHLTH', 'PATRQT'],
    role: ['administrator', 'doctor', 'nurse', 'pharmacist', 'psychologist', 'researcher'],
    problem: ['INTERNAL', 'OVERLOADED', 'STORE_UNAVAILABLE', 'TOO_MANY_REQUESTS'],
  }).flatMap(([family, codes]) => codes.map((code) => `${family}.${code}`)),
); // prettier-ignore

const VIRTUAL = 'virtual:languages';
const PART = /^virtual:languages\/(.+)\?(first|rest)$/;

/**
 * Makes the module `virtual:languages` of the files in `src/words/languages`, each in two parts, `?first` and
 * `?rest`, so that the first page does not download every page's words. A language is one file: its tag, its
 * name and its words.
 */
export function wordsInParts(): Plugin {
  let languages: ReadonlyMap<string, LanguageFile> = new Map();
  return {
    name: 'words-in-parts',
    enforce: 'pre',
    buildStart: async () => {
      languages = await readLanguages();
    },
    resolveId: (id) => (id === VIRTUAL || PART.test(id) ? `\0${id}` : undefined),
    load: (id) => {
      if (id === `\0${VIRTUAL}`) {
        return listOf([...languages.values()]);
      }
      const [, tag = '', part] = PART.exec(id.slice(1)) ?? [];
      const language = languages.get(tag);
      if (language === undefined) {
        return undefined;
      }
      const chosen = Object.entries(language.words).filter(([key]) => isFirst(key) === (part === 'first'));
      return `export const words = ${JSON.stringify(Object.fromEntries(chosen))};`;
    },
    generateBundle(_options, bundle) {
      const keys = Object.keys(languages.get(FIRST_LANGUAGE)?.words ?? {});
      const first = new Set(Object.keys(bundle).filter((name) => isEntry(bundle[name])));
      // A set is walked to its end while it grows.
      for (const name of first) {
        const chunk = bundle[name];
        if (chunk?.type !== 'chunk') {
          continue;
        }
        refuseOtherWords(chunk.code, keys);
        chunk.imports.forEach((imported) => first.add(imported));
      }
    },
  };
}

/** By tag, {@link FIRST_LANGUAGE} before the others. */
async function readLanguages(): Promise<ReadonlyMap<string, LanguageFile>> {
  const files = readdirSync(FOLDER).filter((file) => file.endsWith('.ts'));
  const found = await Promise.all(
    files.map(async (file) => (await runnerImport<LanguageFile>(FOLDER + file)).module),
  );
  const rank = ({ tag }: LanguageFile): string => (tag === FIRST_LANGUAGE ? '' : tag);
  found.sort((a, b) => rank(a).localeCompare(rank(b), 'en'));
  return new Map(found.map((language) => [language.tag, language]));
}

function listOf(languages: readonly LanguageFile[]): string {
  const parts = languages.map(({ tag }) => {
    const load = (part: string): string => `${part}: () => import('${VIRTUAL}/${tag}?${part}')`;
    return `${JSON.stringify(tag)}: { ${load('first')}, ${load('rest')} }`;
  });
  return [
    `export const LANGUAGES = ${JSON.stringify(languages.map(({ tag, name }) => ({ tag, name })))};`,
    `export const PARTS = { ${parts.join(', ')} };`,
  ].join('\n');
}

function isEntry(output: Rolldown.OutputAsset | Rolldown.OutputChunk | undefined): boolean {
  return output?.type === 'chunk' && output.isEntry;
}

function isFirst(key: string): boolean {
  return FIRST.has(familyOf(key)) || FIRST_CODES.has(key);
}

function familyOf(key: string): string {
  return key.slice(0, key.indexOf('.'));
}

/** @throws Error when the first page's code names a key whose words it does not bring. */
function refuseOtherWords(code: string, keys: readonly string[]): void {
  const other = keys.find(
    (key) => !isFirst(key) && ['"', "'", '`'].some((quote) => code.includes(quote + key + quote)),
  );
  if (other !== undefined) {
    throw new Error(
      `the first page uses "${other}", whose words come later: move the key to a family of the first page`,
    );
  }
}
