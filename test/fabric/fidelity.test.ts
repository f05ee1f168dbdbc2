// SPDX-License-Identifier: Apache-2.0
/**
 * The same questions put to a real peer and to the embedded ledger. `npm run fidelity` writes the answers side by side into FIDELITY.md;
 * without it the answers are only compared. Nothing may differ but what is listed here with its reason.
 */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { type Answer, comparable } from '../conformance/answers';
import { startEmbeddedNetwork } from '../conformance/embeddedNetwork';
import { joinNativeNetwork } from '../conformance/nativeNetwork';
import { askAll } from '../conformance/questions';
import { describeFabric } from '../scripts/network/testNetwork';

const NO_TIME_CHECK =
  'Fabric 2.5 does not compare a proposal’s time with its own clock, Fabric 3 and the embedded ledger do; the chaincode refuses such a batch on all of them.';

/** Question → why the two answers differ. */
function knownDifferences(version: string): Readonly<Record<string, string>> {
  return {
    'chaincode dies during evaluate':
      'All embedded peers share one chaincode; on this network each has a process of its own, and the client’s call ends one after the other. The same code and class either way.',
    ...(version.startsWith('2.')
      ? {
          'timestamp 20 minutes ahead, evaluate': NO_TIME_CHECK,
          'timestamp 20 minutes ahead, submit': NO_TIME_CHECK,
          'timestamp 20 minutes ago, submit': NO_TIME_CHECK,
        }
      : {}),
  };
}

const TABLE = path.join(__dirname, 'FIDELITY.md');
const LONGEST_CELL = 240;

describeFabric('the embedded ledger answers as the real one', (binaries) => {
  let fabric: readonly Answer[] = [];
  let embedded: readonly Answer[] = [];

  beforeAll(async () => {
    const real = await joinNativeNetwork({ onExit: 'stop' });
    try {
      fabric = await askAll(real);
    } finally {
      await real.close();
    }
    const own = await startEmbeddedNetwork({ onExit: 'stop' });
    try {
      embedded = await askAll(own);
    } finally {
      await own.close();
    }
    if (process.env['WRITE_FIDELITY'] === 'yes') {
      writeFileSync(TABLE, table(binaries.version, fabric, embedded));
    }
  }, 240_000);

  test('each was asked every question', () => {
    expect(fabric.length).toBeGreaterThanOrEqual(85);
    expect(embedded.map(({ name }) => name)).toEqual(fabric.map(({ name }) => name));
  });

  test('the answers differ in nothing but what is listed with its reason', () => {
    const differing = fabric.filter((answer, index) => !isSame(answer, embedded[index]));
    expect(differing.map(({ name }) => name).sort()).toEqual(
      Object.keys(knownDifferences(binaries.version)).sort(),
    );
  });
});

function isSame(one: Answer, other: Answer | undefined): boolean {
  return other !== undefined && compared(one) === compared(other);
}

/** A package's label is the operator's own choice. */
function compared(answer: Answer): string {
  return JSON.stringify(comparable(answer)).replaceAll(/oracle_[\w.]+:/g, 'oracle_<label>:');
}

function table(version: string, fabric: readonly Answer[], embedded: readonly Answer[]): string {
  const reasons = knownDifferences(version);
  const rows = fabric.map((answer, index) => {
    const own = embedded[index];
    const same = isSame(answer, own);
    const cells = [
      answer.name,
      cell(answer),
      same ? 'the same' : cell(own),
      same ? '' : (reasons[answer.name] ?? ''),
    ];
    return `| ${cells.join(' | ')} |\n`;
  });
  const count = fabric.filter((answer, index) => isSame(answer, embedded[index])).length;
  return [
    '# What both ledgers answer\n\n',
    'Made by `npm run fidelity`; do not edit. Each question is one call through the unmodified fabric-gateway client to the chaincode in\n',
    `[\`test/conformance/data\`](../conformance/data/README.md): first to a native Hyperledger Fabric ${version} network, then to the embedded ledger.\n`,
    'What differs from run to run (transaction ids, endpoints, times) is replaced by `<…>`; long texts are cut.\n\n',
    `${String(count)} of ${String(fabric.length)} answers are the same.\n\n`,
    `| question | Fabric ${version} | embedded ledger | why they differ |\n| --- | --- | --- | --- |\n`,
    ...rows,
  ].join('');
}

function cell(answer: Answer | undefined): string {
  if (answer === undefined) return '(not asked)';
  const { ok, result, error, code, message, details = [] } = answer;
  const told = ok
    ? `answer: ${result ?? '(none)'}`
    : [
        `${error ?? 'error'}${code === undefined ? '' : ` ${String(code)}`}: ${message ?? ''}`,
        ...details.map((detail) => `${detail.mspId}: ${detail.message}`),
      ].join('; ');
  const short = told.length > LONGEST_CELL ? `${told.slice(0, LONGEST_CELL)}…` : told;
  // A table's cell is one line, and what a peer says is text, not markup.
  return short
    .replace(/\p{Cc}/gu, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .replace(/[\\|<>*_`[\]]/g, (character) => `\\${character}`);
}
