// SPDX-License-Identifier: Apache-2.0
/**
 * Ends the whole product with SIGKILL at random moments under load and looks at what it left:
 *   npm run test:kill -- [--rounds 50] [--seed N]
 * After each restart every released answer must have its one record, every acknowledged consent must be in
 * the history, and nothing may be recorded twice; every tenth round, and at the end, the read model must
 * equal what the ledger derives. Prints the seed; the same seed plays the same moments (the machine's timing
 * still differs).
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { pino } from 'pino';
import { startEmbeddedNetwork } from '../../gateway/dist/compose/embeddedNetwork';
import type { DemoFile, DemoFilePatient } from '../../gateway/dist/demo/demoFile';
import { checkReadModel } from '../../gateway/dist/projection/maintenance';
import { openSqlAccessStore } from '../../gateway/dist/readmodel/sqlAccessStore';
import { consentVersion, untilAllListed } from '../load/accessList';
import { type LoadedHospital, startLoad } from '../load/accessLoad';
import { startConsents } from '../load/patientStreams';
import { startProduct } from '../load/startProduct';
import { runMain } from '../load/runMain';
import { chance, wholeNumber } from './commandLine';

const WORKERS = 8;
const SHORTEST_MS = 50;
const SPREAD_MS = 1500;
const CHECK_EVERY = 10;
const LIVE_WITHIN_MS = 30_000;
const CHECK_MS = 120_000;

/** What was told to callers before the product ended. */
interface Round {
  readonly prefix: string;
  readonly sent: number;
  readonly released: ReadonlySet<string>;
  /** Versions of the consent that were acknowledged. */
  readonly acknowledged: readonly number[];
}

/** Who is asked about, and who changes her consent. */
interface Cast {
  readonly hospital: LoadedHospital;
  readonly patient: DemoFilePatient;
  readonly writer: DemoFilePatient;
}

const totals = {
  sent: 0,
  released: 0,
  recorded: 0,
  consents: 0,
  lost: 0,
  twice: 0,
  lostConsents: 0,
  differences: 0,
};

const say = (line: string): void => void process.stdout.write(`${line}\n`);

function castOf({ hospitals, patients }: DemoFile): Cast {
  const [hospital] = hospitals;
  const patient = patients.find((each) => each.hospital === hospital?.mspId);
  const writer = patients.find(({ username }) => username !== patient?.username);
  if (hospital === undefined || patient === undefined || writer === undefined) {
    throw new Error('the demonstration lacks a hospital or two patients');
  }
  return { hospital, patient, writer };
}

/**
 * Requests until the product is gone; every person id is used once, so that an entry can be told from every
 * other.
 */
async function playRound(
  dataDir: string,
  number: number,
  before: Round | undefined,
  forMs: number,
): Promise<Round> {
  const product = await startProduct(dataDir);
  const { demo } = product;
  if (before !== undefined) {
    await verify(demo, before);
  }
  const { hospital, patient, writer } = castOf(demo);
  const prefix = `urn:kill:${String(number)}:`;
  const load = startLoad({ hospital, patientId: patient.patientId, prefix, workers: WORKERS });
  const consents = startConsents({
    portalUrl: demo.portalUrl,
    patient: writer,
    rule: `r${String(number)}`,
    betweenMs: 0,
  });
  await wait(forMs);
  await product.kill();
  await Promise.all([load.stop(), consents.stop()]);
  return { prefix, sent: load.sent, released: load.released, acknowledged: consents.acknowledged };
}

async function verify(demo: DemoFile, { prefix, sent, released, acknowledged }: Round): Promise<void> {
  const { patient, writer } = castOf(demo);
  const { portalUrl } = demo;
  const counts = await untilAllListed({
    portalUrl,
    patient,
    prefix,
    ids: released,
    liveWithinMs: LIVE_WITHIN_MS,
    shownWithinMs: 0,
  });
  totals.sent += sent;
  totals.released += released.size;
  totals.recorded += counts.size;
  totals.lost += [...released].filter((id) => !counts.has(id)).length;
  totals.twice += [...counts.values()].filter((count) => count > 1).length;
  totals.consents += acknowledged.length;
  if (acknowledged.length > 0) {
    const version = await consentVersion({ portalUrl, patient: writer });
    totals.lostConsents += Math.max(0, Math.max(...acknowledged) - version);
  }
}

/**
 * With the product down: the store against a new derivation from the ledger.
 * @returns entries in the store
 */
async function compareWithLedger(dataDir: string): Promise<number> {
  const network = await startEmbeddedNetwork({
    dataDir: path.join(dataDir, 'ledger'),
    channel: 'chartwitness',
    chaincode: 'provenance',
    members: [
      { mspId: 'TrusteeMSP', role: 'trustee' },
      { mspId: 'NorthHospitalMSP', role: 'holder' },
      { mspId: 'SouthClinicMSP', role: 'holder' },
    ],
    log: pino({ level: 'silent' }),
  });
  const ledger = await network.connect('TrusteeMSP');
  const store = openSqlAccessStore(path.join(dataDir, 'trustee', 'accesses.db'));
  const { differences, entries } = await checkReadModel({ ledger, store }, AbortSignal.timeout(CHECK_MS));
  await store.close();
  ledger.close();
  await network.close();
  totals.differences += differences.length;
  return entries;
}

/** @returns exit status: 0 nothing was wrong, 1 something was */
async function main(): Promise<number> {
  const { values } = parseArgs({
    options: { rounds: { type: 'string', default: '50' }, seed: { type: 'string' } },
  });
  const rounds = wholeNumber('rounds', values.rounds);
  const seed = values.seed ?? String(Date.now());
  const dataDir = mkdtempSync(path.join(tmpdir(), 'chartwitness-kill-'));
  say(`kill -9 under load: ${String(rounds)} rounds, seed ${seed}`);
  let before: Round | undefined;
  for (let round = 0; round < rounds; round += 1) {
    before = await playRound(dataDir, round, before, SHORTEST_MS + chance(seed, String(round)) * SPREAD_MS);
    if ((round + 1) % CHECK_EVERY === 0) {
      await compareWithLedger(dataDir);
      say(`  after ${String(round + 1)} rounds: ${JSON.stringify(totals)}`);
    }
  }
  const last = await startProduct(dataDir);
  if (before !== undefined) {
    await verify(last.demo, before);
  }
  await last.kill();
  const entries = await compareWithLedger(dataDir);
  rmSync(dataDir, { recursive: true, force: true });
  const { sent, released, lost, twice, consents, lostConsents, differences } = totals;
  say(
    `${String(rounds)} rounds: ${String(sent)} requests sent, ${String(released)} released, lost ${String(lost)}, twice ${String(twice)}; ` +
      `${String(consents)} consents acknowledged, lost ${String(lostConsents)}; ${String(entries)} entries, differences from the ledger ${String(differences)}`,
  );
  return lost + twice + lostConsents + differences === 0 && released > 0 ? 0 : 1;
}

runMain(main);
