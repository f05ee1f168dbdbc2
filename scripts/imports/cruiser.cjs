// SPDX-License-Identifier: Apache-2.0
/** The floors as dependency-cruiser's rules: `npm run lint:imports`. */
const { APART, FABRIC, FLOORS, PACKAGES } = require('./floors.cjs');

const escaped = (path) => path.replace(/[.]/g, '\\.');
const isFile = (path) => /\.tsx?$/.test(path);
/** The rows inside a folder, as seen from it. */
const roomsOf = (folder) =>
  [...FLOORS.keys()]
    .filter((row) => row.startsWith(`${folder}/`))
    .map((row) => escaped(row.slice(folder.length + 1)) + (isFile(row) ? '$' : '/'));
/** Everything in a folder but its rooms, or the file itself. */
const within = (path) => {
  if (isFile(path)) {
    return `^${escaped(path)}$`;
  }
  const rooms = roomsOf(path);
  return `^${escaped(path)}/${rooms.length === 0 ? '' : `(?!${rooms.join('|')})`}`;
};
/** The same, but for folders without a row in a folder that has rooms: a new room needs its own. */
const rowed = (path) =>
  isFile(path) || roomsOf(path).length === 0 ? within(path) : `^${escaped(path)}/[^/]+$`;
const anyOf = (paths) => paths.map(within).join('|');
const OURS = '^((chaincode|gateway|web)/src|scripts/(network|load|crash|bench))/';
const CORE_OR_NPM = ['core', 'npm', 'npm-dev', 'npm-optional', 'npm-peer', 'npm-no-pkg', 'npm-unknown'];

const rule = (name, comment, from, to) => ({ name, comment, severity: 'error', from, to });

module.exports = {
  forbidden: [
    rule('no-cycle', 'Files do not import each other in a circle.', {}, { circular: true }),
    rule(
      'resolved',
      'A wall cannot see what is not found.',
      {},
      { couldNotResolve: true, pathNot: '^virtual:' },
    ),
    rule(
      'has-a-row',
      'A folder needs a row in floors.cjs.',
      { path: OURS, pathNot: [...FLOORS.keys()].map(rowed).join('|') },
      { path: '.' },
    ),
    ...[...FLOORS].map(([folder, imports]) =>
      rule(
        `floor: ${folder}`,
        'The row of this folder in floors.cjs does not name what it imports.',
        { path: within(folder) },
        { path: OURS, pathNot: anyOf([folder, ...imports]) },
      ),
    ),
    ...[...PACKAGES].map(([folder, packages]) =>
      rule(
        `packages: ${folder}`,
        'This folder uses no other package, of npm or of Node.',
        { path: within(folder) },
        {
          dependencyTypes: CORE_OR_NPM,
          ...(packages.length === 0
            ? {}
            : { pathNot: packages.map((name) => `node_modules/${name}/`).join('|') }),
        },
      ),
    ),
    rule(
      'fabric',
      'Fabric is reached through ledger/provenanceLedger.ts alone.',
      { path: OURS, pathNot: anyOf(FABRIC) },
      { path: 'node_modules/@(grpc|hyperledger)/' },
    ),
    rule(
      'scripts-by-type',
      'The product loads what a script is compiled to by its path, and imports nothing but its types.',
      { path: '^(chaincode|gateway|web)/src/' },
      { path: '^scripts/', dependencyTypesNot: ['type-only', 'type-import'] },
    ),
    ...APART.map((folder) =>
      rule(
        `apart: ${folder}`,
        'Folders in here do not import each other.',
        { path: `^${folder}/([^/]+)/` },
        { path: `^${folder}/`, pathNot: `^${folder}/$1/` },
      ),
    ),
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'scripts/imports/tsconfig.json' },
    // Packages must stay in the graph, or no rule could see them.
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^((chaincode|gateway|web)/)?dist/' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['types', 'import', 'require', 'node', 'default'],
      extensions: ['.ts', '.tsx', '.js', '.mjs', '.cjs', '.json', '.d.ts'],
    },
  },
};
