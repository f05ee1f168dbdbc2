// SPDX-License-Identifier: Apache-2.0
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DIRECTORY_TYPES, PATIENT_TYPES } from '../../gateway/src/fhir/resourceTypes';
import {
  CONFIDENTIALITY_LABELS,
  EVERY_LABEL,
  purposeMatches,
  SENSITIVITY_LABELS,
} from '@chartwitness/chaincode/domain';
import { isAdministrative } from '../../web/src/lib/accessKinds';
import { ROLES } from '../../web/src/lib/policy/ruleForm';
import { entry } from './support/answers';
import { refusalReasons } from './support/refusalReasons';
import { CODE_FAMILIES } from '../../web/src/words/context';
import { words as en, type Words } from '../../web/src/words/languages/en';
import { chooseForm, fill, formatNumber, type Message } from '../../web/src/words/message';
import { preferredLanguage } from '../../web/src/words/languages';
import { LANGUAGE_FILES } from './support/languageFiles';

const LANGUAGES: Readonly<Record<string, Words>> = Object.fromEntries(
  LANGUAGE_FILES.map(({ tag, words }) => [tag, words]),
);
/**
 * HL7 v3 ActReason, PurposeOfUse: every code that a request can name (ledger:
 * `chaincode/src/domain/purposes.ts`).
 */
const PURPOSES = [
  ...['TREAT', 'CLINTRL', 'COC', 'ETREAT', 'BTG', 'ERTREAT', 'POPHLTH', 'HPAYMT', 'CLMATTCH', 'COVAUTH', 'COVERAGE', 'ELIGDTRM'],
  ...['ELIGVER', 'ENROLLM', 'MILDCRG', 'REMITADV', 'HOPERAT', 'CAREMGT', 'DONAT', 'FRAUD', 'GOV', 'HACCRED', 'HCOMPL', 'HDECD'],
  ...['HDIRECT', 'HDM', 'HLEGAL', 'HOUTCOMS', 'HPRGRP', 'HQUALIMP', 'HSYSADMIN', 'LABELING', 'METAMGT', 'MEMADMIN', 'MILCDM'],
  ...['PATADMIN', 'PATSFTY', 'PERFMSR', 'RECORDMGT', 'SYSDEV', 'HTEST', 'TRAIN', 'HRESCH', 'BIORCH', 'CLINTRCH', 'CLINTRCHNPC'],
  ...['CLINTRCHPC', 'PRECLINTRCH', 'DSRCH', 'POARCH', 'TRANSRCH', 'PATRQT', 'FAMRQT', 'PWATRNY', 'SUPNWK', 'PUBHLTH', 'DISASTER'],
  ...['THREAT', 'HMARKT'],
]; // prettier-ignore
/** HL7's two value sets, and what an item carries whose labels could not be told. */
const LABELS = [...SENSITIVITY_LABELS, ...CONFIDENTIALITY_LABELS, EVERY_LABEL];
const codesOf = (words: Words, family: string): readonly string[] =>
  Object.keys(words)
    .filter((key) => key.startsWith(`${family}.`))
    .map((key) => key.slice(family.length + 1))
    .sort();

const SOURCE = join(__dirname, '../../web/src');
/** Keys that are put together from a code of the ledger: their words are looked up, never named. */
const FAMILIES: ReadonlySet<string> = new Set(CODE_FAMILIES);

function sourceText(folder: string): string {
  return readdirSync(folder, { withFileTypes: true })
    .map((item) => {
      const path = join(folder, item.name);
      if (item.isDirectory()) {
        return item.name === 'words' ? '' : sourceText(path);
      }
      return /\.tsx?$/.test(item.name) ? readFileSync(path, 'utf8') : '';
    })
    .join('\n');
}

function formsOf(message: Message): readonly string[] {
  return typeof message === 'string' ? [message] : Object.values(message);
}

function placeholders(message: Message): readonly string[] {
  const found = formsOf(message).flatMap((form) =>
    [...form.matchAll(/\{(\w+)\}/g)].map(([, name]) => name ?? ''),
  );
  return [...new Set(found)].sort();
}

const code = sourceText(SOURCE);
const templates = [...code.matchAll(/`([A-Za-z][\w.]*)\$\{[^}]+\}([\w.]*)`/g)].map(
  ([, start = '', end = '']) =>
    new RegExp(`^${start.replaceAll('.', '\\.')}\\w+${end.replaceAll('.', '\\.')}$`),
);

function isUsed(key: string): boolean {
  const [family = ''] = key.split('.');
  return (
    FAMILIES.has(family) ||
    code.includes(`'${key}'`) ||
    code.includes(`"${key}"`) ||
    templates.some((template) => template.test(key))
  );
}

describe.each(Object.entries(LANGUAGES))('the words of %s', (tag, words) => {
  it('have every key of English and no other', () => {
    expect(Object.keys(words).sort()).toEqual(Object.keys(en).sort());
  });

  it('quote only what is written elsewhere, so that whoever looks for it finds it', () => {
    const all = Object.entries(words).flatMap(([key, message]) =>
      formsOf(message).map((form) => ({ key, form })),
    );
    const quotes = all
      .filter(({ key }) => !key.startsWith('signIn.example'))
      .flatMap(({ key, form }) =>
        [...form.matchAll(/“([^”{]+)”/g)].map(([, quoted = '']) => ({ key, quoted })),
      );
    expect(quotes.length).toBeGreaterThan(1);
    expect(
      quotes.filter(
        ({ key, quoted }) => !all.some((other) => other.key !== key && other.form.includes(quoted)),
      ),
    ).toEqual([]);
  });

  it('are never empty and fill the same placeholders as English', () => {
    for (const [key, message] of Object.entries(words)) {
      for (const form of formsOf(message)) {
        expect({ key, isEmpty: form.trim() === '' }).toEqual({ key, isEmpty: false });
      }
      expect({ key, names: placeholders(message) }).toEqual({
        key,
        names: placeholders(en[key as keyof Words]),
      });
    }
  });

  it('have exactly the plural forms that the language has', () => {
    const categories = new Intl.PluralRules(tag).resolvedOptions().pluralCategories;
    for (const [key, message] of Object.entries(words)) {
      if (typeof message === 'string') {
        continue;
      }
      expect({ key, forms: Object.keys(message).sort() }).toEqual({ key, forms: [...categories].sort() });
    }
  });

  it('have a word for every type of resource that a hospital serves, every purpose and every label, and for nothing else', () => {
    expect(codesOf(words, 'type')).toEqual([...PATIENT_TYPES, ...DIRECTORY_TYPES].sort());
    expect(codesOf(words, 'purpose')).toEqual([...PURPOSES, 'emergency'].sort());
    expect(codesOf(words, 'label')).toEqual([...LABELS].sort());
    expect(codesOf(words, 'role')).toEqual([...ROLES].sort());
  });

  it('have a word for every reason for which the ledger refuses', () => {
    for (const reason of refusalReasons()) {
      expect(words).toHaveProperty([`refused.${reason}`]);
    }
  });
});

it.each(PURPOSES)('%s is labelled as administration exactly where it is payment or operations', (purpose) => {
  const isBelow = ['HPAYMT', 'HOPERAT'].some((rule) => purposeMatches(rule, purpose));
  expect(isAdministrative(entry({ purpose }))).toBe(isBelow);
});

it('no key is left that nothing uses', () => {
  expect(Object.keys(en).filter((key) => !isUsed(key))).toEqual([]);
});

it('a key that is used and missing would be seen', () => {
  expect(isUsed('list.title')).toBe(true);
  expect(isUsed('list.noSuchKey')).toBe(false);
});

it('plurals and numbers follow the language', () => {
  const text = (tag: string, count: number): string =>
    fill(chooseForm(LANGUAGES[tag]?.['list.entries'] ?? '', tag, count), tag, { count });
  expect(text('en', 1)).toBe('1 entry');
  expect(text('en', 1204)).toBe('1,204 entries');
  expect(text('zh-CN', 1)).toBe('1 条记录');
});

it.each(LANGUAGE_FILES.map(({ tag }) => tag))('small numbers are written as %s writes them', (tag) => {
  const format = new Intl.NumberFormat(tag);
  for (let value = 0; value < 1100; value += 1) {
    expect(formatNumber(tag, value)).toBe(format.format(value));
  }
});

it('a placeholder without a value stays visible instead of vanishing', () => {
  expect(fill('{count} of {all}', 'en', { count: 1 })).toBe('1 of {all}');
});

describe('the language', () => {
  it.each([
    [['de-CH', 'zh-TW', 'en'], null, 'zh-CN'],
    [['fr'], null, 'en'],
    [['en-GB'], 'zh-CN', 'zh-CN'],
    [['zh'], 'xx', 'zh-CN'],
    [[], null, 'en'],
  ])('of a browser that asks for %j with the choice %j is %s', (asked, chosen, tag) => {
    expect(preferredLanguage(asked, chosen).tag).toBe(tag);
  });
});
