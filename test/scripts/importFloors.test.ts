// SPDX-License-Identifier: Apache-2.0
/**
 * Plants every import between two folders of the house in a small copy of its folders, and compares what is
 * refused with the table.
 */
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { promisify } from 'node:util';

const ROOT = resolve(__dirname, '../..');
const { FLOORS } = createRequire(__filename)('../../scripts/imports/floors.cjs') as {
  FLOORS: ReadonlyMap<string, readonly string[]>;
};

interface Violation {
  readonly from: string;
  readonly to: string;
  readonly rule: { readonly name: string };
}

/** The folders that `npm run lint:imports` looks at. */
const LOOKED_AT = (
  JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { scripts: { 'lint:imports': string } }
).scripts['lint:imports']
  .split(' ')
  .filter((word) => (word.startsWith('scripts/') ? !word.endsWith('.cjs') : word.endsWith('/src')));
const rows = [...FLOORS.keys()];
const isFile = (row: string): boolean => /\.tsx?$/.test(row);
/** A file in the row's folder that imports nothing. */
const leafOf = (row: string): string => (isFile(row) ? row : `${row}/leaf.ts`);

const SPELLINGS: readonly (readonly [string, (to: string) => string])[] = [
  ['value', (to) => `import { leaf } from '${to}';\nexport const own = leaf;\n`],
  ['type', (to) => `import type { Leaf } from '${to}';\nexport type Own = Leaf;\n`],
  ['inline', (to) => `export type Own = import('${to}').Leaf;\n`],
  ['dynamic', (to) => `export const own = () => import('${to}');\n`],
  ['again', (to) => `export { leaf } from '${to}';\n`],
  ['required', (to) => `export const own = require('${to}');\n`],
];

/** Rule → what breaks it, in files of its own. */
const PLANTED: readonly (readonly [string, string, Readonly<Record<string, string>>])[] = [
  [
    'no-cycle',
    'a circle',
    { 'gateway/src/fhir/a1.ts': "import './b1';", 'gateway/src/fhir/b1.ts': "import './a1';" },
  ],
  [
    'no-cycle',
    'a circle of types',
    {
      'gateway/src/fhir/a2.ts': "import type { B } from './b2';\nexport type A = B;",
      'gateway/src/fhir/b2.ts': "import type { A } from './a2';\nexport type B = A;",
    },
  ],
  ['resolved', 'a file that is not there', { 'gateway/src/fhir/a3.ts': "import './gone';" }],
  ['has-a-row', 'a new folder', { 'gateway/src/cellar/a.ts': "import '../fhir/leaf';" }],
  ['has-a-row', 'a new room', { 'gateway/src/trustee/cellar/a.ts': "import '../../api/leaf';" }],
  ['fabric', 'Fabric in a service', { 'gateway/src/trustee/a.ts': "import '@hyperledger/fabric-gateway';" }],
  [
    'fabric',
    'gRPC in the portal',
    { 'web/src/lib/a1.ts': "import type { Client } from '@grpc/grpc-js';\nexport type C = Client;" },
  ],
  [
    'packages: chaincode/src/domain',
    'Node in the domain',
    { 'chaincode/src/domain/a1.ts': "import 'node:crypto';" },
  ],
  [
    'packages: chaincode/src/domain',
    'Node by its bare name',
    { 'chaincode/src/domain/a2.ts': "import 'crypto';" },
  ],
  [
    'packages: chaincode/src/domain',
    'a package in the domain',
    { 'chaincode/src/domain/a3.ts': "import 'zod';" },
  ],
  ['packages: gateway/src/api', 'express in the contract', { 'gateway/src/api/a1.ts': "import 'express';" }],
  [
    'floor: gateway/src/recorder',
    'more of the ledger than its port',
    { 'gateway/src/recorder/a1.ts': "import '../ledger/leaf';" },
  ],
  [
    'floor: gateway/src/demo',
    'more of the network than its index',
    {
      'gateway/src/demo/a1.ts':
        "import type { Leaf } from '../../../scripts/network/leaf';\nexport type L = Leaf;",
    },
  ],
  [
    'scripts-by-type',
    'a script in the product',
    { 'gateway/src/demo/a2.ts': "import '../../../scripts/network/index';" },
  ],
  [
    'apart: web/src/features',
    'a page in a page',
    { 'web/src/features/keep/a1.tsx': "import '../entry/b';", 'web/src/features/entry/b.tsx': '' },
  ],
];

const ALLOWED: Readonly<Record<string, string>> = {
  'gateway/src/api/allowed.ts': "import 'zod';",
  'gateway/src/recorder/allowed.ts':
    "import '../ledger/ledgerError';\nimport '../sqlite/leaf';\nimport 'node:fs';",
  'gateway/src/ledger/allowed.ts': "import '@hyperledger/fabric-gateway';\nimport './ledgerError';",
  'gateway/src/ledger/ledgerError.ts': '',
  'gateway/src/demo/allowed.ts':
    "import type { Network } from '../../../scripts/network';\nexport type N = Network;",
  'scripts/network/index.ts': 'export type Network = string;',
  'web/src/features/keep/allowed.tsx':
    "import './beside';\nimport '../../lib/leaf';\nimport '@api/leaf';\nimport 'react';",
  'web/src/features/keep/beside.tsx': '',
  'web/src/lib/allowed.ts': "import '@chartwitness/chaincode/domain';",
  'chaincode/src/domain/index.ts': '',
};

let house: string;
let found: readonly Violation[];

/** One look at everything: starting the tool takes longer than the look. */
beforeAll(async () => {
  house = mkdtempSync(join(tmpdir(), 'chartwitness-floors-'));
  symlinkSync(join(ROOT, 'node_modules'), join(house, 'node_modules'));
  for (const file of [
    'package.json',
    'tsconfig.json',
    ...['tsconfig.json', 'floors.cjs', 'cruiser.cjs'].map((name) => `scripts/imports/${name}`),
    ...['chaincode', 'gateway', 'web'].map((workspace) => `${workspace}/package.json`),
  ]) {
    put(file, readFileSync(join(ROOT, file), 'utf8'));
  }
  for (const row of rows) {
    put(leafOf(row), 'export const leaf = 1;\nexport type Leaf = number;\n');
  }
  for (const { from, to, text } of pairs()) {
    put(from, text(specifier(from, to)));
  }
  for (const [file, text] of [
    ...PLANTED.flatMap(([, , files]) => Object.entries(files)),
    ...Object.entries(ALLOWED),
  ]) {
    put(file, text);
  }
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [
      join(ROOT, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs'),
      ...['--config', 'scripts/imports/cruiser.cjs', '--output-type', 'json', '--no-cache'],
      ...LOOKED_AT,
    ],
    { cwd: house, maxBuffer: 256 * 1024 * 1024 },
  ).catch((error: unknown) => error as { stdout: string });
  found = (JSON.parse(stdout) as { summary: { violations: readonly Violation[] } }).summary.violations;
}, 120_000);
afterAll(() => {
  rmSync(house, { recursive: true });
});

function put(file: string, text: string): void {
  mkdirSync(dirname(join(house, file)), { recursive: true });
  writeFileSync(join(house, file), text);
}

/** The import of a file as seen from another, without its ending. */
function specifier(from: string, to: string): string {
  return relative(dirname(from), to).replace(/\.tsx?$/, '');
}

/**
 * An import from each folder to each other row in each spelling; deep in the folder, since a wall of one
 * level is none.
 */
function pairs(): readonly {
  readonly spelling: string;
  readonly from: string;
  readonly to: string;
  readonly isNamed: boolean;
  readonly text: (to: string) => string;
}[] {
  return rows
    .filter((row) => !isFile(row))
    .flatMap((row) =>
      rows
        .filter((other) => other !== row)
        .flatMap((other) =>
          SPELLINGS.map(([spelling, text]) => ({
            spelling,
            from: `${row}/deep/er/${spelling}-${other.replaceAll(/\W/g, '-')}.ts`,
            to: leafOf(other),
            isNamed: FLOORS.get(row)?.includes(other) === true,
            text,
          })),
        ),
    );
}

test('a row names only rows above it', () => {
  const upward = [...FLOORS].flatMap(([row, imports], at) =>
    imports
      .filter((one) => !rows.slice(0, at).some((above) => one === above || one.startsWith(`${above}/`)))
      .map((one) => `${row} → ${one}`),
  );
  expect(upward).toEqual([]);
});

test.each(SPELLINGS.map(([spelling]) => spelling))(
  'between every two folders, what the table does not name is refused, and nothing else (%s)',
  (wanted) => {
    const refused = found
      .filter(({ from, rule }) => rule.name.startsWith('floor: ') && from.includes(`/deep/er/${wanted}-`))
      .map(({ from, to }) => `${from} → ${to}`);
    const expected = pairs()
      .filter(({ spelling, isNamed }) => spelling === wanted && !isNamed)
      .map(({ from, to }) => `${from} → ${to}`);
    expect(refused.sort()).toEqual(expected.sort());
    expect(expected.length).toBeGreaterThan(400);
  },
);

test.each(PLANTED)('%s refuses %s', (name, _what, files) => {
  const names = found.filter(({ from }) => from in files).map(({ rule }) => rule.name);
  expect(new Set(names)).toEqual(new Set([name]));
});

test('every row is looked at', () => {
  expect(
    rows.filter((row) => !LOOKED_AT.some((folder) => row.startsWith(`${folder}/`) || row === folder)),
  ).toEqual([]);
});

test('what the table names is let through', () => {
  expect(found.filter(({ from }) => from in ALLOWED)).toEqual([]);
});
