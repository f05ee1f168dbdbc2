// SPDX-License-Identifier: Apache-2.0
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { BlockReader } from '../../gateway/src/embedded/protocol/blockReader';
import { sha256 } from '../../gateway/src/embedded/protocol/sha256';
import { LedgerStore } from '../../gateway/src/embedded/store/ledgerStore';
import { CHAINCODE_DIRECTORY } from './network';

/** `LEDGER_KILL_ROUNDS=1000` for a long run. */
const ROUNDS = Number(process.env['LEDGER_KILL_ROUNDS'] ?? '4');
const MOST_ACKNOWLEDGED = 25;

/**
 * Runs a ledger process and kills it after a random number of acknowledged commits; gives channel and key of
 * those.
 */
function runAndKill(dataDir: string, round: number): Promise<string[]> {
  return new Promise((resolve, reject) => {
    const script = path.join(__dirname, 'ledgerProcess.cjs');
    const child = spawn(process.execPath, [script, dataDir, CHAINCODE_DIRECTORY, `run${round}`], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const acknowledged: string[] = [];
    let errors = '';
    const wanted = Math.floor(Math.random() * MOST_ACKNOWLEDGED);
    const killIfDone = (): void => {
      if (acknowledged.length >= wanted) {
        child.kill('SIGKILL');
      }
    };
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (line !== 'ready') {
        acknowledged.push(line);
      }
      // A moment later than the acknowledgement, so that the kill falls anywhere in the next block's work.
      setTimeout(killIfDone, Math.random() * 15);
    });
    child.stderr.on('data', (chunk: Buffer) => {
      errors += chunk.toString();
    });
    child.on('close', (_code, signal) => {
      if (signal === 'SIGKILL') {
        resolve(acknowledged);
      } else {
        reject(new Error(`the ledger ended by itself: ${errors}`));
      }
    });
  });
}

/** Where each channel's blocks and state lie. */
const FILES = { access: 'blocks.db', second: 'channels/second/blocks.db' };

/**
 * Verifies a channel's whole chain as stored, and that the acknowledged keys have state and
 * both private copies.
 */
function inspect(
  file: string,
  acknowledged: string[],
): { height: number; missing: string[]; incomplete: string[] } {
  const store = LedgerStore.open(file);
  try {
    const { reader } = store;
    const chain = new BlockReader();
    const height = reader.height();
    for (let number = 0; number < height; number += 1) {
      const { transactions } = chain.read(reader.block(number) ?? new Uint8Array());
      for (const { id, code } of transactions) {
        expect(reader.transaction(id)).toMatchObject({ block: number, code });
      }
    }
    const present = (key: string): boolean => reader.publicValue('oracle', `b${key}`) !== undefined;
    const complete = (key: string): boolean =>
      ['Org1MSP', 'Org2MSP'].every((mspId) => {
        const collection = `_implicit_org_${mspId}`;
        const found = reader.privateValueAndHash(mspId, 'oracle', collection, key, sha256(key));
        return found.value !== undefined && found.value.version.block === found.hashVersion?.block;
      });
    const missing = acknowledged.filter((key) => !present(key));
    // Whatever is committed is whole, acknowledged or not.
    const committed = reader.publicRange('oracle', 'brun', 'brun~', 1_000_000).map(({ key }) => key.slice(1));
    return { height, missing, incomplete: committed.filter((key) => !complete(key)) };
  } finally {
    store.close();
  }
}

describe('kill -9 at any moment', () => {
  const dataDir = mkdtempSync(path.join(tmpdir(), 'killed-'));
  afterAll(() => {
    rmSync(dataDir, { recursive: true, force: true });
  });

  test(
    'no acknowledged commit is lost and no half block is left',
    async () => {
      const acknowledged: string[] = [];
      const heights = new Map<string, number>();
      for (let round = 0; round < ROUNDS; round += 1) {
        acknowledged.push(...(await runAndKill(dataDir, round)));
        for (const [channel, file] of Object.entries(FILES)) {
          const own = acknowledged.filter((line) => line.startsWith(`${channel} `));
          const found = inspect(
            path.join(dataDir, file),
            own.map((line) => line.slice(channel.length + 1)),
          );
          expect(found).toMatchObject({ missing: [], incomplete: [] });
          expect(found.height).toBeGreaterThanOrEqual(heights.get(channel) ?? 0);
          heights.set(channel, found.height);
        }
      }
      expect(acknowledged.length).toBeGreaterThan(0);
      expect(Math.max(...heights.values())).toBeGreaterThan(2);
    },
    ROUNDS * 60_000,
  );
});
