// SPDX-License-Identifier: Apache-2.0
/**
 * The one table of floors: which folder may import from which. `npm run lint` holds it, however an import is
 * written: nested, type only, `import('…')`, re-export or `require`. A folder may import from itself; what
 * its row does not name is refused, and so is a folder without a row. A row names only rows above it, so no
 * arrow leads upward. A room (a row inside a folder that has a row) is a folder of its own: naming the folder
 * does not name the room, the room has only what its own row gives, and a further folder beside it needs a
 * row too.
 */
const DOMAIN = 'chaincode/src/domain';
const gateway = (...names) => names.map((name) => `gateway/src/${name}`);
const web = (...names) => names.map((name) => `web/src/${name}`);
/** What the product asks of a ledger, whichever it is. */
const LEDGER_PORT = gateway('ledger/provenanceLedger.ts', 'ledger/ledgerError.ts');

/** @type {ReadonlyMap<string, readonly string[]>} */
const FLOORS = new Map([
  // The ledger's rules.
  [DOMAIN, []],
  ['chaincode/src/shim', []],
  ['chaincode/src/ledger', [DOMAIN, 'chaincode/src/shim']],
  ['chaincode/src/contract', [DOMAIN, 'chaincode/src/ledger']],
  ['chaincode/src/index.ts', ['chaincode/src/shim', 'chaincode/src/contract']],

  // The gateway's ground.
  ['gateway/src/errors.ts', []],
  ['gateway/src/api', []],
  ['gateway/src/sqlite', []],
  ['gateway/src/keys', []],
  ['gateway/src/retry', []],
  ['gateway/src/embedded', gateway('sqlite', 'keys')],
  ['gateway/src/ledger', [DOMAIN, ...gateway('retry')]],

  // Its parts. Each knows the ledger by its port alone.
  ['gateway/src/readmodel', [DOMAIN, ...gateway('errors.ts', 'sqlite')]],
  [
    'gateway/src/http',
    [DOMAIN, ...LEDGER_PORT, ...gateway('errors.ts', 'sqlite', 'readmodel/accessStore.ts')],
  ],
  ['gateway/src/registry', [DOMAIN, ...LEDGER_PORT, ...gateway('errors.ts', 'retry')]],
  ['gateway/src/subjects', [DOMAIN, ...LEDGER_PORT, ...gateway('errors.ts', 'http')]],
  ['gateway/src/fhir', [DOMAIN, ...gateway('errors.ts', 'subjects')]],
  ['gateway/src/fhir/sources', [DOMAIN, ...gateway('errors.ts', 'fhir')]],
  ['gateway/src/auth', [DOMAIN, ...LEDGER_PORT, ...gateway('errors.ts', 'sqlite', 'http')]],
  ['gateway/src/recorder', [DOMAIN, ...LEDGER_PORT, ...gateway('errors.ts', 'sqlite', 'retry')]],
  ['gateway/src/projection', [DOMAIN, ...LEDGER_PORT, ...gateway('errors.ts', 'retry', 'readmodel')]],

  // The two services. Neither knows the other.
  [
    'gateway/src/hospital',
    [
      DOMAIN,
      ...LEDGER_PORT,
      ...gateway('errors.ts', 'http', 'subjects', 'fhir', 'fhir/sources', 'auth', 'recorder'),
    ],
  ],
  ['gateway/src/trustee/accounts', gateway('sqlite', 'http/clientAddress.ts', 'auth/accessToken.ts')],
  ['gateway/src/trustee/session', gateway('errors.ts', 'sqlite')],
  [
    'gateway/src/trustee/signIn',
    [
      ...gateway('errors.ts', 'sqlite', 'keys', 'http', 'auth'),
      ...gateway('trustee/accounts', 'trustee/session'),
    ],
  ],
  [
    'gateway/src/trustee/patientApi',
    [
      DOMAIN,
      ...LEDGER_PORT,
      ...gateway('errors.ts', 'api', 'http', 'registry', 'readmodel', 'auth', 'projection'),
      ...gateway('trustee/accounts', 'trustee/session'),
    ],
  ],
  [
    'gateway/src/trustee',
    [
      ...LEDGER_PORT,
      ...gateway('errors.ts', 'api', 'sqlite', 'http', 'registry', 'readmodel', 'auth', 'projection'),
      ...gateway('trustee/accounts', 'trustee/session', 'trustee/signIn', 'trustee/patientApi'),
    ],
  ],

  // A network of Fabric's own programs. The product loads it by its index, for the demonstration alone.
  ['scripts/network', [DOMAIN]],
  // What puts load on the running product and breaks it. The product they use is the compiled one.
  ['scripts/load', []],
  ['scripts/crash', ['scripts/network', 'scripts/load']],
  ['scripts/bench', [DOMAIN, 'scripts/network', 'scripts/load']],

  // What is put together at the start, and what a person types.
  [
    'gateway/src/config',
    [
      DOMAIN,
      ...gateway('registry', 'subjects', 'fhir', 'fhir/sources', 'recorder', 'projection', 'hospital'),
    ],
  ],
  ['gateway/src/cli', gateway('config')],
  [
    'gateway/src/compose',
    [
      DOMAIN,
      ...gateway(
        'api',
        'sqlite',
        'keys',
        'embedded',
        'ledger',
        'http',
        'retry',
        'registry',
        'subjects',
        'readmodel',
        'fhir',
        'fhir/sources',
        'auth',
        'recorder',
      ),
      ...gateway('projection', 'hospital', 'config'),
      ...gateway('trustee', 'trustee/accounts', 'trustee/signIn/trusteeKeys.ts'),
    ],
  ],
  [
    'gateway/src/demo',
    [
      DOMAIN,
      ...gateway('api', 'sqlite', 'keys', 'ledger', 'http', 'subjects', 'readmodel', 'fhir', 'fhir/sources'),
      ...gateway('trustee/accounts', 'trustee/trusteeDatabase.ts'),
      ...gateway('config', 'cli', 'compose'),
      'scripts/network/index.ts',
    ],
  ],
  [
    'gateway/src/commands',
    [
      DOMAIN,
      ...gateway('sqlite', 'keys', 'embedded', 'ledger', 'http', 'subjects', 'readmodel', 'projection'),
      ...gateway('trustee/accounts', 'trustee/trusteeDatabase.ts'),
      ...gateway('config', 'cli', 'compose', 'demo'),
    ],
  ],
  ['gateway/src/main.ts', gateway('commands')],

  // The portal.
  ['web/src/styles', []],
  ['web/src/words', []],
  ['web/src/lib', [DOMAIN, ...gateway('api'), ...web('words')]],
  ['web/src/components', [...gateway('api'), ...web('styles', 'words', 'lib')]],
  ['web/src/features', [DOMAIN, ...gateway('api'), ...web('styles', 'words', 'lib', 'components')]],
  ['web/src/app', [...gateway('api'), ...web('styles', 'words', 'lib', 'components', 'features')]],
  ['web/src/watch.ts', web('lib')],
  ['web/src/early.ts', web('words', 'lib')],
  ['web/src/main.tsx', web('styles', 'words', 'lib', 'app', 'early.ts')],
]);

/**
 * Packages of npm and Node that a folder may use; a folder that is not named here may use any that its
 * package.json declares.
 */
const PACKAGES = new Map([
  [DOMAIN, []],
  ['gateway/src/errors.ts', []],
  // The browser uses it too.
  ['gateway/src/api', ['zod']],
  ['web/src/styles', []],
]);

/** The only folders that speak with Fabric. */
const FABRIC = [
  'chaincode/src',
  ...gateway('ledger', 'embedded'),
  'scripts/network',
  'scripts/crash',
  'scripts/bench',
];

/** Folders whose folders do not import each other: one page of the portal is not built from another. */
const APART = ['web/src/features'];

module.exports = { APART, FABRIC, FLOORS, PACKAGES };
