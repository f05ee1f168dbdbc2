// SPDX-License-Identifier: Apache-2.0
/**
 * The same questions put to a real peer and to the embedded ledger: to the chaincode of the recording, on
 * several channels and across them, and to our own. `npm run fidelity` writes the answers side by side into
 * FIDELITY.md, and on Fabric 3.1.5 the recording of those about several channels; without it they are only
 * compared. Nothing may differ but what is listed here with its reason.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { askAcross, LIFE_CYCLE, MANY_KEYS } from '../conformance/acrossQuestions';
import { type Answer, comparable } from '../conformance/answers';
import { startEmbeddedNetwork } from '../conformance/embeddedNetwork';
import { joinNativeNetwork } from '../conformance/nativeNetwork';
import { askAll } from '../conformance/questions';
import { startEmbeddedTestNetwork, startTestNetwork } from '../gateway/ledger/network';
import { describeFabric } from '../scripts/network/testNetwork';
import { type Comparison, isSame, writeTables } from './fidelityTable';
import { askProduct } from './productQuestions';

const NO_TIME_CHECK =
  'The gateway of a Fabric 2.5 peer does not compare a proposal’s time with its clock; Fabric 3 and the embedded ledger do. Our chaincode refuses such a batch on all of them.';

const NO_MANY_KEYS = 'Fabric 2.5 does not offer it.';
const NO_LIFE_CYCLE =
  'The embedded ledger has no chaincode for the life cycle: definitions come from its options.';

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

const RECORDED = path.join(__dirname, '..', 'conformance', 'data', 'answers-3.1.5.json');
const RECORDED_ACROSS = path.join(__dirname, '..', 'conformance', 'data', 'across-3.1.5.json');
const TABLE = path.join(__dirname, 'FIDELITY.md');

/** Asks, then closes whatever was asked. */
async function asking<N extends { close(): Promise<void> }, A>(
  start: () => Promise<N>,
  ask: (network: N) => Promise<A>,
): Promise<A> {
  const network = await start();
  try {
    return await ask(network);
  } finally {
    await network.close();
  }
}

describeFabric('the embedded ledger answers as the real one', ({ version }) => {
  let recorded: Comparison;
  let product: Comparison;
  let across: Comparison;

  beforeAll(async () => {
    recorded = {
      fabric: await asking(() => joinNativeNetwork({ onExit: 'stop' }), askAll),
      embedded: await asking(() => startEmbeddedNetwork({ onExit: 'stop' }), askAll),
      reasons: knownDifferences(version),
    };
    product = {
      fabric: await asking(() => startTestNetwork(false), askProduct),
      embedded: await asking(() => startEmbeddedTestNetwork(false), askProduct),
      reasons: {},
    };
    const fabric = await asking(() => joinNativeNetwork({ channels: true }), askAcross);
    const manyKeys = fabric.filter(({ name }) => version.startsWith('2.') && name.startsWith(MANY_KEYS));
    across = {
      fabric,
      embedded: await asking(() => startEmbeddedNetwork({ channels: true }), askAcross),
      reasons: {
        [LIFE_CYCLE]: NO_LIFE_CYCLE,
        ...Object.fromEntries(manyKeys.map(({ name }) => [name, NO_MANY_KEYS])),
      },
    };
    if (process.env['WRITE_FIDELITY'] === 'yes') {
      writeFileSync(TABLE, writeTables(version, { recorded, product, across }));
      if (version === '3.1.5') {
        writeFileSync(RECORDED_ACROSS, `${JSON.stringify(across.fabric, null, 2)}\n`);
      }
    }
  }, 360_000);

  test('each was asked every question, of the recording, of several channels and of our own chaincode', () => {
    for (const [comparison, atLeast] of [
      [recorded, 85],
      [product, 76],
      [across, 157],
    ] as const) {
      const names = comparison.fabric.map(({ name }) => name);
      expect(names.length).toBeGreaterThanOrEqual(atLeast);
      expect(new Set(names).size).toBe(names.length);
      expect(comparison.embedded.map(({ name }) => name)).toEqual(names);
    }
  });

  test('the answers differ in nothing but what is listed with its reason', () => {
    for (const { fabric, embedded, reasons } of [recorded, product, across]) {
      const differing = fabric.flatMap((answer, index) =>
        isSame(answer, embedded[index]) ? [] : [[answer, embedded[index]] as const],
      );
      const unexplained = differing.filter(([{ name }]) => reasons[name] === undefined);
      expect(unexplained).toEqual([]);
      expect(differing.map(([{ name }]) => name).sort()).toEqual(Object.keys(reasons).sort());
    }
  });

  test('our chaincode’s questions have good answers, and failures of each kind', () => {
    const meanings = new Set(product.fabric.map(({ meaning = 'good' }) => meaning));
    expect([...meanings]).toEqual(
      expect.arrayContaining([
        'good',
        'retryable',
        'unavailable',
        ...['NOT_INITIALISED', 'NOT_ALLOWED', 'INVALID_INPUT', 'CONFLICT', 'NOT_FOUND', 'SUSPENDED'].map(
          (code) => `rejected ${code}`,
        ),
        ...['BATCH_EXISTS', 'VERSION_CONFLICT', 'TIME_OUT_OF_RANGE'].map((code) => `rejected ${code}`),
      ]),
    );
  });

  if (version === '3.1.5') {
    test('this Fabric still answers what the recording says', () => {
      const expected = JSON.parse(readFileSync(RECORDED, 'utf8')) as Answer[];
      const byName = new Map(recorded.fabric.map((answer) => [answer.name, comparable(answer)]));
      // A peer that was asked in the recording had chaincode of another label, and all three processes died
      // with one call.
      const told = expected.filter(({ name }) => !name.includes('gone') && !name.includes('dies'));
      for (const answer of told) {
        expect(byName.get(answer.name)).toEqual(comparable(answer));
      }
    });
  }
});
