'use strict';
// fabric-contract-api logs every refusal as an error and every start as info through winston; the level is
// read when the module loads.
process.env.CORE_CHAINCODE_LOGGING_LEVEL ??= 'critical';
// Packages that ship only ES modules: jest's CommonJS runtime cannot require() them on every supported Node,
// so they are compiled.
const ESM_ONLY = [
  'jose',
  'oidc-provider',
  'openid-client',
  'oauth4webapi',
  'p-limit',
  'yocto-queue',
  '@noble/curves',
  '@noble/hashes',
  'eta',
  'nanoid',
  'quick-lru',
  'koa',
  '@koa/cors',
  '@koa/router',
];
/** @type {import('jest').Config} */
module.exports = {
  rootDir: '..',
  testEnvironment: 'node',
  // A busy machine is no fault of what is tested.
  testTimeout: 30_000,
  modulePathIgnorePatterns: ['<rootDir>/.data/'],
  // Jest leaves one processor to others; on two that halves the speed.
  maxWorkers: '100%',
  testMatch: ['<rootDir>/test/**/*.test.ts', '<rootDir>/test/**/*.test.tsx'],
  // These need a browser or Fabric's programs and have configurations of their own.
  testPathIgnorePatterns: [
    '<rootDir>/test/browser/',
    '<rootDir>/test/fabric/',
    '<rootDir>/test/scripts/network/fabric',
  ],
  moduleNameMapper: {
    '^@chartwitness/chaincode/domain$': '<rootDir>/chaincode/src/domain/index.ts',
    '^virtual:languages$': '<rootDir>/test/web/support/virtualLanguages.ts',
    '\\.css$': '<rootDir>/test/web/support/noStyles.ts',
    '^@api/(.*)$': '<rootDir>/gateway/src/api/$1',
  },
  transformIgnorePatterns: [`/node_modules/(?!(${ESM_ONLY.join('|')})/)`],
  transform: {
    '^.+\\.(ts|tsx|js|mjs)$': [
      '@swc/jest',
      {
        jsc: {
          parser: { syntax: 'typescript', tsx: true, decorators: true },
          target: 'es2022',
          keepClassNames: true,
          transform: {
            legacyDecorator: true,
            decoratorMetadata: true,
            useDefineForClassFields: false,
            react: { runtime: 'automatic' },
          },
        },
        module: { type: 'commonjs' },
      },
    ],
  },
};
