// SPDX-License-Identifier: Apache-2.0
import js from '@eslint/js';
import tseslint from 'typescript-eslint';
import plainComments from './lint/plainComments.mjs';

export default tseslint.config(
  {
    ignores: [
      '**/dist/**',
      '**/node_modules/**',
      '**/coverage/**',
      '.data/**',
      'test/data/**',
      'test/vectors/**',
      'test/conformance/data/**',
    ],
  },
  {
    files: ['**/*.ts', '**/*.tsx'],
    extends: [js.configs.recommended, tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true } },
    rules: {
      complexity: ['error', 12],
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      '@typescript-eslint/consistent-type-imports': 'error',
    },
  },
  {
    // One dialect: braces always, and what is private is so at run time too.
    files: ['**/*.ts', '**/*.tsx', '**/*.mjs', '**/*.cjs'],
    rules: {
      curly: ['error', 'all'],
      'no-restricted-syntax': [
        'error',
        { selector: '[accessibility="private"]:not([kind="constructor"])', message: 'Write #name.' },
        { selector: 'TSParameterProperty', message: 'Declare the field and assign it.' },
      ],
    },
  },
  {
    files: ['**/*.ts', '**/*.tsx', '**/*.mjs', '**/*.cjs', '**/*.js'],
    plugins: { comments: plainComments },
    rules: { 'comments/plain': 'error' },
  },
  {
    // The contract decorators need `Context` as a value at run time: a type-only import turns it into a
    // ledger parameter.
    files: ['chaincode/src/contract/**/*.ts'],
    rules: { '@typescript-eslint/consistent-type-imports': 'off' },
  },
  {
    files: ['test/**/*.ts', 'test/**/*.tsx'],
    rules: { '@typescript-eslint/unbound-method': 'off' },
  },
  {
    files: ['**/*.mjs', '**/*.cjs', '**/*.js'],
    extends: [js.configs.recommended],
    languageOptions: { globals: nodeGlobals() },
  },
);

function nodeGlobals() {
  return Object.fromEntries(
    [
      'process',
      'console',
      'Buffer',
      'require',
      'module',
      '__dirname',
      'setTimeout',
      'clearTimeout',
      'URL',
      'URLSearchParams',
      'fetch',
      'AbortSignal',
      'structuredClone',
      'performance',
      'setInterval',
      'clearInterval',
      'setImmediate',
      'AbortController',
      'TextEncoder',
      'TextDecoder',
    ].map((name) => [name, 'readonly']),
  );
}
