// SPDX-License-Identifier: Apache-2.0
/**
 * What the documents name is there, and what is there is named (`chaincode/README.md`:
 * `test/chaincode/readme.test.ts`). What the checks find in planted mistakes: `checks.test.ts`.
 */
import { demoCommand } from '../../../gateway/src/commands/demo';
import { ledgerCommand } from '../../../gateway/src/commands/ledger';
import { patientCommand } from '../../../gateway/src/commands/patient';
import { readModelCommand } from '../../../gateway/src/commands/readModel';
import { registryCommand } from '../../../gateway/src/commands/registry';
import { serveCommand } from '../../../gateway/src/commands/serve';
import { addProjectionMetrics } from '../../../gateway/src/compose/projectionMetrics';
import { addRecorderMetrics } from '../../../gateway/src/compose/recorderMetrics';
import { VARIABLES } from '../../../gateway/src/config/variables';
import { APP_ERRORS } from '../../../gateway/src/errors';
import { DEFAULT_SOURCE_TIMEOUT_MS } from '../../../gateway/src/fhir/sources/sourceConnection';
import { REMEDIES } from '../../../gateway/src/projection/problems';
import {
  brokenLinks,
  commandDifferences,
  longParagraphs,
  longSentences,
  type Setting,
  settingDifferences,
  tableDifferences,
  threatDifferences,
  unknownCommands,
  unknownConstants,
  unknownMetrics,
  unknownOptions,
  unknownPaths,
  unmappedFiles,
  unnamedSettings,
  valueDifferences,
  wideRows,
} from '../../../scripts/readmes/checks';
import {
  isThere,
  read,
  repositoryDocuments,
  repositoryFiles,
  repositorySource,
} from '../../../scripts/readmes/repository';

const REFERENCE = 'gateway/REFERENCE.md';
const files = repositoryFiles();
const documents = repositoryDocuments(files);
const gatewaySource = files.filter((path) => path.startsWith('gateway/src/') && path.endsWith('.ts'));

/** Defaults that the part has which the setting is for. */
const DEFAULTS_ELSEWHERE: Readonly<Record<string, number>> = {
  UPSTREAM_TIMEOUT_MS: DEFAULT_SOURCE_TIMEOUT_MS,
};

/** The default that a variable's form gives when it is absent, as far as it is a number. */
const settings: readonly Setting[] = Object.entries(VARIABLES).map(([name, { form }]) => {
  const { data } = form.safeParse(undefined);
  return { name, standard: typeof data === 'number' ? data : DEFAULTS_ELSEWHERE[name] };
});

/** Names that are written whole, and those that two tables make with a prefix. */
function metricNames(): readonly string[] {
  const names = gatewaySource.flatMap((path) =>
    [...read(path).matchAll(/'(chartwitness_[a-z_]+)'/g)].map(([, name = '']) => name),
  );
  const metrics = { gauge: (name: string) => void names.push(name) };
  addRecorderMetrics(metrics, { state: unread });
  addProjectionMetrics(metrics, { status: unread });
  return [...new Set(names)].sort();
}

function unread(): never {
  throw new Error('only the names are wanted');
}

test('links and their anchors lead somewhere', () => {
  expect(brokenLinks(documents, isThere)).toEqual([]);
});

test('commands are scripts, and every script is named', () => {
  const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
  expect(commandDifferences(documents, Object.keys(scripts))).toEqual([]);
});

type Command = ReturnType<typeof demoCommand>;

/** Every command that does something, whole: `registry client put`. */
function commandsOf(commands: readonly Command[], before = ''): readonly string[] {
  return commands.flatMap((command) => {
    const name = `${before}${command.name()}`;
    return command.commands.length === 0 ? [name] : commandsOf(command.commands, `${name} `);
  });
}

test('commands of the program exist, and the table has each', () => {
  const commands = commandsOf([
    demoCommand(),
    ledgerCommand(),
    patientCommand(),
    readModelCommand(),
    registryCommand(),
    serveCommand(),
  ]);
  expect(unknownCommands(documents, commands)).toEqual([]);
  expect(tableDifferences(documents, REFERENCE, 'command', commands)).toEqual([]);
});

test('options of our commands are options of the source', () => {
  const source = files.filter((path) => !path.startsWith('test/'));
  expect(unknownOptions(documents, repositorySource(source))).toEqual([]);
});

test('tables of settings name settings with their defaults; every setting is named', () => {
  expect(settingDifferences(documents, settings)).toEqual([]);
  const examples = files.filter((path) => path.endsWith('.env')).map(read);
  expect(unnamedSettings([...documents.values(), ...examples], settings)).toEqual([]);
});

test('tables of error codes are those of the code', () => {
  const statuses = Object.fromEntries(
    Object.entries(APP_ERRORS).map(([code, { status }]) => [code, String(status)]),
  );
  const [, networkCodes = ''] =
    /export type NetworkErrorCode =([^;]*);/.exec(read('scripts/network/networkError.ts')) ?? [];
  expect(tableDifferences(documents, REFERENCE, 'code', Object.keys(APP_ERRORS))).toEqual([]);
  expect(valueDifferences(documents, REFERENCE, ['code', 'status'], statuses)).toEqual([]);
  expect(
    tableDifferences(
      documents,
      'scripts/README.md',
      'code',
      [...networkCodes.matchAll(/'(\w+)'/g)].map(([, code = '']) => code),
    ),
  ).toEqual([]);
  expect(
    tableDifferences(documents, 'gateway/src/projection/README.md', 'kind', Object.keys(REMEDIES)),
  ).toEqual([]);
});

test('the table of metrics is that of the code, and every metric that a document names is in it', () => {
  const metrics = metricNames();
  const prefixed = gatewaySource.filter((path) => /`chartwitness_(?!check_)\w*\$\{/.test(read(path)));
  expect(prefixed.map((path) => path.replace(/^.*\//, '')).sort()).toEqual([
    'projectionMetrics.ts',
    'recorderMetrics.ts',
  ]);
  expect(tableDifferences(documents, REFERENCE, 'metric', metrics)).toEqual([]);
  const aboutTheGateway = new Map([...documents].filter(([path]) => path.startsWith('gateway/')));
  expect(unknownMetrics(aboutTheGateway, metrics)).toEqual([]);
});

test('names in capitals occur in the source', () => {
  expect(unknownConstants(documents, repositorySource(files))).toEqual([]);
});

test('paths that are named exist', () => {
  expect(unknownPaths(documents, isThere)).toEqual([]);
});

test('a README of the gateway names every source file beside it', () => {
  expect(unmappedFiles(documents, gatewaySource)).toEqual([]);
});

test('rows of tables are no wider than a screen', () => {
  expect(wideRows(documents)).toEqual([]);
});

test('no paragraph is longer than one takes in at a time', () => {
  expect(longParagraphs(documents)).toEqual([]);
});

test('no sentence is longer than a breath', () => {
  expect(longSentences(documents)).toEqual([]);
});

test('every attack of the threat model names its test, and every test of an attack is named', () => {
  const threats = files.filter((path) => /^test\/threats\/.+\.test\.ts$/.test(path));
  expect(threatDifferences(documents, 'SECURITY.md', threats, isThere)).toEqual([]);
});
