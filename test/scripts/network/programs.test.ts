// SPDX-License-Identifier: Apache-2.0
import { causeIn, commandFailed } from '../../../scripts/network/programs';
import { readDescription } from '../../../scripts/network/description';

const USAGE = `Usage:
  peer lifecycle chaincode commit [flags]

Flags:
${Array.from({ length: 20 }, (_, i) => `      --flag-${String(i)} string   what says error: of nothing`).join('\n')}`;

test('the first error is shown, not the usage that follows it', () => {
  expect(causeIn(`Error: unknown flag: --nonsense\n${USAGE}\n`)).toEqual(['Error: unknown flag: --nonsense']);
});

test('what comes before the error is left out, what explains it stays', () => {
  const output = [
    '2026-01-01T00:00:00.000Z INFO [cli] -> Retrieved channel (chartwitness) orderer endpoint',
    'Error: timed out waiting for txid on all peers',
    'caused by: connection refused',
    USAGE,
  ].join('\n');
  expect(causeIn(output)).toEqual([
    'Error: timed out waiting for txid on all peers',
    'caused by: connection refused',
  ]);
});

test('of several errors the first comes first, without colours', () => {
  const escape = String.fromCharCode(27);
  const output = [
    `${escape}[31m2026-01-01 00:00:00.000 UTC 0001 ERRO${escape}[0m [main] InitCmd -> Config File "core" Not Found`,
    ...Array.from({ length: 30 }, (_, i) => `goroutine ${String(i)}`),
    'Error: exit',
  ].join('\n');
  const shown = causeIn(output);
  expect(shown[0]).toBe(
    '2026-01-01 00:00:00.000 UTC 0001 ERRO [main] InitCmd -> Config File "core" Not Found',
  );
  expect(shown).toHaveLength(6);
});

test.each([
  ['an error after the usage', `${USAGE}\nError: no such channel`, ['Error: no such channel']],
  ['usage alone, after a word', `requires an argument\n${USAGE}`, ['requires an argument']],
  [
    'kingpin’s way',
    'osnadmin: error: parsing arguments: no block',
    ['osnadmin: error: parsing arguments: no block'],
  ],
  ['no error that is known', 'one\ntwo', ['one', 'two']],
])('%s', (_name, output, shown) => {
  expect(causeIn(output)).toEqual(shown);
});

test('nothing is lost where only usage was printed, and no line is endless', () => {
  expect(causeIn(USAGE)).not.toEqual([]);
  expect(causeIn(`Error: ${'x'.repeat(100_000)}`)[0]).toHaveLength(602);
});

test('the refusal names the command, its error and the network’s logs', () => {
  const network = readDescription({ dataDir: '/srv/a' });
  const refused = commandFailed(
    network,
    'peer',
    ['lifecycle', 'chaincode', 'commit', '-C'],
    `Error: no\n${USAGE}`,
  );
  expect(refused.message).toBe('`peer lifecycle chaincode commit` failed:\n  | Error: no');
  expect(refused.remedy).toContain('`npm run network -- logs --data /srv/a`');
});
