// SPDX-License-Identifier: Apache-2.0
/** The rule about comments finds each planted fault, and is silent about plain comments. */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

const ROOT = join(__dirname, '..', '..', '..');
const THIRTY = Array.from({ length: 30 }, () => 'word').join(' ');
const wrapped = (words: string): string => words.replaceAll(/((?:word ){12})/g, '$1\n * ').trim();

const FAULTY: Readonly<Record<string, readonly [source: string, messageId: string]>> = {
  'a wide line': [`// ${'x'.repeat(108)}`, 'wide'],
  'a wide line of a block': [`/**\n * ${'x'.repeat(108)}\n */`, 'wide'],
  'a wide comment behind code': [`const a = 1; // ${'x'.repeat(100)}`, 'wide'],
  'a long sentence over several lines': [`/**\n * ${wrapped(`${THIRTY} more.`)}\n */`, 'long'],
  'a long sentence in line comments': [`// ${THIRTY.slice(0, 74)}\n//${THIRTY.slice(74)} more`, 'long'],
  'a long sentence of a tag': [`/**\n * @param a\n * ${wrapped(`${THIRTY} more`)}\n */`, 'long'],
  whoever: ['// Whoever asks waits.', 'unplain'],
  whomever: ['// For whomever it is.', 'unplain'],
  'nothing of, over a line': ['// It keeps nothing\n// of that.', 'unplain'],
  'is told': ['// The caller is told why.', 'unplain'],
  'are told': ['/* The callers are told. */', 'unplain'],
};

const SOUND: Readonly<Record<string, string>> = {
  'as wide as may be': `// ${'x'.repeat(107)}`,
  'thirty words': `/**\n * ${wrapped(`${THIRTY}.`)}\n */`,
  'two sentences': `/**\n * ${wrapped(`${THIRTY}. ${THIRTY}.`)}\n */`,
  'paragraphs and lists': `/**\n * ${wrapped(THIRTY)}\n *\n * ${wrapped(THIRTY)}\n * - ${wrapped(THIRTY)}\n */`,
  'a comment after code, and another': `// ${THIRTY.slice(0, 80)}\nconst b = 1;\n// ${THIRTY}`.slice(0, 180),
  'an address': `// https://example.org/${'x'.repeat(108)}`,
  'words for a tool': `// @ts-expect-error ${'x '.repeat(60)}`,
  'the words in code': "const whoever = 'nothing of'; export { whoever };",
  'numbers and signs': `// ${'12 · '.repeat(20)}`,
};

/** What the rule says of each source, by name. The rule is a module that jest's own loader cannot run. */
function messagesOf(sources: Readonly<Record<string, string>>): Readonly<Record<string, readonly string[]>> {
  const program = `
    import { Linter } from 'eslint';
    import plain from './scripts/lint/plainComments.mjs';
    const linter = new Linter();
    const config = [{ plugins: { comments: plain }, rules: { 'comments/plain': 'error' } }];
    const said = Object.entries(${JSON.stringify(sources)}).map(([name, source]) =>
      [name, linter.verify(source, config).map((message) => message.messageId ?? message.message)]);
    console.log(JSON.stringify(Object.fromEntries(said)));`;
  const output = execFileSync(process.execPath, ['--input-type=module', '-e', program], { cwd: ROOT });
  return JSON.parse(output.toString()) as Record<string, string[]>;
}

test('each planted fault is found, by itself', () => {
  const sources = Object.fromEntries(Object.entries(FAULTY).map(([name, [source]]) => [name, source]));
  const wanted = Object.fromEntries(Object.entries(FAULTY).map(([name, [, id]]) => [name, [id]]));
  expect(messagesOf(sources)).toEqual(wanted);
});

test('plain comments pass', () => {
  expect(messagesOf(SOUND)).toEqual(Object.fromEntries(Object.keys(SOUND).map((name) => [name, []])));
});

test('the rule holds for all our source', () => {
  const program = `
    import config from './scripts/eslint.config.mjs';
    console.log(JSON.stringify(config.filter(({ rules }) => rules?.['comments/plain']).map(({ files }) => files)));`;
  const output = execFileSync(process.execPath, ['--input-type=module', '-e', program], { cwd: ROOT });
  expect(JSON.parse(output.toString())).toEqual([['**/*.ts', '**/*.tsx', '**/*.mjs', '**/*.cjs', '**/*.js']]);
});
