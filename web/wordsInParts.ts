// SPDX-License-Identifier: Apache-2.0
import type { Plugin } from 'vite';
import { words as en } from './src/words/en';
import { words as zhCN } from './src/words/zhCN';

const LANGUAGES = { en, zhCN } as const;

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

const ID = /words\/(en|zhCN)\?(first|rest)$/;

/** Serves each language file as two modules, `?first` and `?rest`, so that the first page does not download every page's words. */
export function wordsInParts(): Plugin {
  return {
    name: 'words-in-parts',
    enforce: 'pre',
    resolveId: (id, importer) =>
      importer !== undefined &&
      /\/words\/loadWords\.ts$/.test(importer) &&
      ID.test(`words/${id.replace('./', '')}`)
        ? `\0words/${id.replace('./', '')}`
        : undefined,
    load: (id) => {
      const [, language, part] = ID.exec(id) ?? [];
      if (language === undefined) return undefined;
      const words = LANGUAGES[language as keyof typeof LANGUAGES];
      const chosen = Object.entries(words).filter(([key]) => isFirst(key) === (part === 'first'));
      return `export const words = ${JSON.stringify(Object.fromEntries(chosen))};`;
    },
    generateBundle(_options, bundle) {
      for (const chunk of Object.values(bundle)) {
        if (chunk.type === 'chunk' && chunk.isEntry) refuseOtherWords(chunk.code);
      }
    },
  };
}

function isFirst(key: string): boolean {
  return FIRST.has(familyOf(key)) || FIRST_CODES.has(key);
}

function familyOf(key: string): string {
  return key.slice(0, key.indexOf('.'));
}

/** @throws Error when the first page's code names a key whose words it does not bring. */
function refuseOtherWords(code: string): void {
  const other = Object.keys(en).find(
    (key) => !isFirst(key) && ['"', "'", '`'].some((quote) => code.includes(quote + key + quote)),
  );
  if (other !== undefined)
    throw new Error(
      `the first page uses "${other}", whose words come later: move the key to a family of the first page`,
    );
}
