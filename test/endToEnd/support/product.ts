// SPDX-License-Identifier: Apache-2.0
/**
 * The running product for end-to-end tests: the built program, started as `chartwitness demo` or
 * `chartwitness demo --fabric` starts it, on free ports.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { pino } from 'pino';
import { type AccessEntry, accessList, type ConsentPolicy } from '../../../gateway/src/api/schemas';
import type { DemoFilePatient } from '../../../gateway/src/demo/demoFile';
import { PatientClient } from '../../../gateway/src/demo/patientClient';
import { Hospitals } from '../../../gateway/src/demo/story';
import { peerConnection } from '../../../gateway/src/compose/openLedger';
import { type LedgerConfig, parseLedgerConfig } from '../../../gateway/src/config/peerConfig';
import { openConnection } from '../../../gateway/src/ledger/connection';
import { isOnFabric } from '../../support/ledgerUnderTest';
import { startFabricDemo } from '../../../gateway/dist/demo/fabricDemo';
// From the build: the chaincode runs in worker threads, which load built files.
import { type RunningDemo, startDemo } from '../../../gateway/dist/demo/startDemo';

export interface Product {
  readonly demo: Pick<RunningDemo, 'file' | 'ledger'>;
  readonly hospitals: Hospitals;
  /** The record of a person at a hospital. */
  record(mspId: string, username: string): DemoFilePatient;
  patient(username: string): Promise<PatientClient>;
  /** Every block of the channel, as this member pulls it: bytes as Latin-1 text. */
  blocks(mspId: string): Promise<string[]>;
  /** All that the services logged, at the finest level. */
  logs(): string;
  close(): Promise<void>;
}

type Running = Pick<Product, 'demo' | 'logs' | 'close'> & {
  environment(mspId: string): Readonly<Record<string, string>>;
};

/** The product on the ledger under test. */
export async function startProduct(): Promise<Product> {
  const dataDir = mkdtempSync(join(tmpdir(), 'chartwitness-test-'));
  const demoFile = join(dataDir, 'demo.json');
  const running = await (isOnFabric() ? startOnFabric(dataDir, demoFile) : startEmbedded(dataDir, demoFile));
  const { file } = running.demo;
  return {
    demo: running.demo,
    logs: running.logs,
    hospitals: new Hospitals(file),
    record: (mspId, username) => {
      const found = file.patients.find((one) => one.hospital === mspId && one.username === username);
      if (found === undefined) {
        throw new Error(`${username} is not known at ${mspId}`);
      }
      return found;
    },
    patient: (username) => {
      const found = file.patients.find((one) => one.username === username);
      return PatientClient.signIn(file.portalUrl, username, found?.password ?? '');
    },
    blocks: async (mspId) =>
      pullBlocks(
        parseLedgerConfig(running.environment(mspId)),
        Number(await running.demo.ledger(mspId).height()),
      ),
    close: async () => {
      await running.close();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

async function startEmbedded(dataDir: string, demoFile: string): Promise<Running> {
  const lines: string[] = [];
  const log = pino({ level: 'trace' }, { write: (line: string) => void lines.push(line) });
  const demo = await startDemo({ dataDir, demoFile, port: 0, log });
  return {
    demo,
    logs: () => lines.join('\n'),
    environment: (mspId) => {
      const { endpoint, users } = demo.network.embedded.organisation(mspId);
      return {
        FABRIC_PEER_ENDPOINT: endpoint,
        FABRIC_MSP_ID: mspId,
        FABRIC_CERT_FILE: users['gateway']?.certificatePath ?? '',
        FABRIC_KEY_FILE: users['gateway']?.privateKeyPath ?? '',
      };
    },
    close: () => demo.close(),
  };
}

async function startOnFabric(dataDir: string, demoFile: string): Promise<Running> {
  const demo = await startFabricDemo({
    dataDir,
    demoFile,
    port: 0,
    networkPort: 0,
    logLevel: 'trace',
    say: () => undefined,
  });
  return {
    demo,
    logs: () => demo.roles.map(({ logFile }) => readFileSync(logFile, 'utf8')).join('\n'),
    environment: (mspId) => demo.network.environment(mspId),
    close: () => demo.close(),
  };
}

async function pullBlocks(config: LedgerConfig, count: number): Promise<string[]> {
  const { gateway, close } = await openConnection(
    peerConnection(config, config.peer, pino({ level: 'silent' })),
  );
  const found: string[] = [];
  const stream = await gateway.getNetwork(config.channel).getBlockEvents({ startBlock: 0n });
  for await (const block of stream) {
    found.push(Buffer.from(block.serializeBinary()).toString('latin1'));
    if (found.length === count) {
      break;
    }
  }
  stream.close();
  close();
  return found;
}

const LOOKS = 400;
const LOOK_EVERY_MS = 25;

/** What `look` sees once it is `good`; what it sees after ten seconds otherwise. */
export async function until<T>(look: () => Promise<T>, good: (seen: T) => boolean): Promise<T> {
  for (let looks = 0; ; looks += 1) {
    const seen = await look();
    if (good(seen) || looks === LOOKS) {
      return seen;
    }
    await wait(LOOK_EVERY_MS);
  }
}

/**
 * The patient's whole list once it holds `count` entries, newest first; what it holds after ten seconds
 * otherwise.
 */
export function entriesOf(patient: PatientClient, count: number): Promise<readonly AccessEntry[]> {
  return until(
    async () => accessList.parse((await patient.get('accesses?limit=200')).body).items,
    (items) => items.length >= count,
  );
}

/** Replaces the patient's consent, starting from the version on file. */
export async function consent(patient: PatientClient, policy: ConsentPolicy): Promise<void> {
  const { etag } = await patient.get('consent');
  const answer = await patient.put('consent', policy, etag ?? '');
  if (answer.status !== 200) {
    throw new Error(`the consent was refused: ${JSON.stringify(answer)}`);
  }
}
