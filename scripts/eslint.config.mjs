// SPDX-License-Identifier: Apache-2.0
import js from '@eslint/js';
import tseslint from 'typescript-eslint';

/** Forbids imports of `patterns` in `files`, so that dependencies point one way only. */
const wall = (files, patterns, message) => ({
  files,
  rules: {
    '@typescript-eslint/no-restricted-imports': ['error', { patterns: [{ group: patterns, message }] }],
  },
});

/** Forbids every import in `files` that is not of a file beside the importing one, or one of `packages`. */
const island = (files, packages, message) => ({
  files,
  rules: {
    '@typescript-eslint/no-restricted-imports': [
      'error',
      { patterns: [{ regex: `^(?!\\./|(${packages.join('|')})$)`, message }] },
    ],
  },
});

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
    // The contract decorators need `Context` as a value at run time: a type-only import turns it into a ledger parameter.
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
  island(['chaincode/src/domain/**'], [], 'The domain imports nothing but itself.'),
  island(
    ['gateway/src/api/**'],
    ['zod'],
    'The API contract imports the schema library only: the browser uses it too.',
  ),
  wall(
    ['gateway/src/{hospital,trustee,fhir,recorder,readmodel,auth,http}/**'],
    ['@grpc/*', '@hyperledger/*', '**/embedded', '**/embedded/*'],
    'Fabric is reached through ledger/provenanceLedger only.',
  ),
  wall(
    ['gateway/src/embedded/**'],
    ['../hospital/*', '../trustee/*', '../recorder/*', '../fhir/*', '../readmodel/*'],
    'The embedded ledger serves any chaincode.',
  ),
  wall(
    ['web/src/words/**'],
    ['../app/*', '../features/*', '../components/*', '../lib/*', '@api/*'],
    'Words know nothing of the portal.',
  ),
  wall(
    ['web/src/lib/**'],
    ['**/app/*', '**/features/**', '**/components/*'],
    'The library of the portal shows nothing.',
  ),
  wall(['web/src/components/**'], ['**/app/*', '**/features/**'], 'A component belongs to no page.'),
  wall(
    ['web/src/features/**'],
    ['**/app/*', '../consent/*', '../entry/*', '../keep/*', '../session/*', '../timeline/*'],
    'Features do not import each other, nor what composes them.',
  ),
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
