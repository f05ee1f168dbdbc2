// SPDX-License-Identifier: Apache-2.0
/**
 * Ends the whole product with SIGKILL at random moments under load and looks at what it left:
 *   node scripts/crash/killRounds.mjs [--rounds 50] [--seed N]
 * After each restart every released answer must have its one record, every acknowledged consent must be in the history, and nothing may
 * be recorded twice; every tenth round, and at the end, the read model must equal what the ledger derives. Needs `npm run build`.
 * Prints the seed; the same seed plays the same moments (the machine's timing still differs).
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { parseArgs } from 'node:util';

const require = createRequire(import.meta.url);
const dist = (path) => require(join('../../gateway/dist', path));
const { HospitalClient } = dist('demo/hospitalClient.js');
const { PatientClient } = dist('demo/patientClient.js');
const { startEmbeddedNetwork } = dist('compose/embeddedNetwork.js');
const { checkReadModel } = dist('projection/maintenance.js');
const { openSqlAccessStore } = dist('readmodel/sqlAccessStore.js');
const { pino } = require('pino');

const WORKERS = 8;
const SHORTEST_MS = 50;
const SPREAD_MS = 1500;
const CHECK_EVERY = 10;
const START_TIMEOUT_MS = 60_000;

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '50' }, seed: { type: 'string' } },
});
const rounds = Number(values.rounds);
if (!Number.isInteger(rounds) || rounds < 1) {
  process.stderr.write(`--rounds must be a whole number from 1, not "${values.rounds}"\n`);
  process.exit(2);
}
const seed = values.seed ?? String(Date.now());
const dataDir = mkdtempSync(join(tmpdir(), 'chartwitness-kill-'));
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

/** A number in [0, 1) that depends on the seed and the round only. */
function chance(round) {
  return createHash('sha256').update(`${seed}/${round}`).digest().readUInt32BE() / 2 ** 32;
}

async function startProduct() {
  const program = new URL('../../gateway/bin/chartwitness.cjs', import.meta.url).pathname;
  const child = spawn(
    process.execPath,
    [program, 'demo', '--no-traffic', '--port', '0', '--data-dir', dataDir],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
      detached: true,
    },
  );
  const exited = new Promise((resolve) => child.once('exit', resolve));
  const ready = new Promise((resolve, reject) => {
    let text = '';
    child.stdout.on('data', (chunk) => {
      text += chunk;
      if (text.includes('Ctrl-C stops it.')) {
        resolve();
      }
    });
    child.once('exit', (code) =>
      reject(new Error(`the product ended with ${code} before it was ready:\n${text}`)),
    );
  });
  await Promise.race([
    ready,
    wait(START_TIMEOUT_MS, undefined, { ref: false }).then(() =>
      Promise.reject(new Error('the product did not start in time')),
    ),
  ]);
  const demo = JSON.parse(readFileSync(join(dataDir, 'demo.json'), 'utf8'));
  return {
    demo,
    kill: async () => {
      process.kill(-child.pid, 'SIGKILL');
      await exited;
    },
  };
}

/** Requests until the product is gone; every person id is used once, so that an entry can be told from every other. */
async function load(demo, round, stopped) {
  const released = new Set();
  const acknowledged = [];
  const [hospital] = demo.hospitals;
  const [client] = hospital.clients;
  const [record] = demo.patients.filter((patient) => patient.hospital === hospital.mspId);
  let next = 0;
  const worker = async () => {
    const system = new HospitalClient(hospital, client);
    while (!stopped.now) {
      const id = `urn:kill:${round}:${next++}`;
      totals.sent += 1;
      try {
        const answer = await system.get(`Condition?patient=${record.patientId}`, {
          practitioner: { id, name: `Person ${id}`, role: 'doctor' },
          purpose: 'TREAT',
        });
        if (answer.status === 200 && answer.body.entry?.length > 0) {
          released.add(id);
        }
      } catch {
        // The product was killed under this request: nothing was released to it.
        return;
      }
    }
  };
  const consenting = async () => {
    const other = demo.patients.find((patient) => patient.username !== record.username);
    try {
      const patient = await PatientClient.signIn(demo.portalUrl, other.username, other.password);
      while (!stopped.now) {
        const { etag } = await patient.get('consent');
        const answer = await patient.put(
          'consent',
          { rules: [{ id: `r${round}`, effect: 'deny' }], default: 'deny' },
          etag,
        );
        if (answer.status === 200) {
          acknowledged.push(answer.body.version);
        }
      }
    } catch {
      // Killed under this change: it was not acknowledged.
    }
  };
  await Promise.all([...Array.from({ length: WORKERS }, worker), consenting()]);
  return { released, acknowledged, record };
}

async function verify(demo, round, { released, acknowledged, record }) {
  const patient = await PatientClient.signIn(demo.portalUrl, record.username, record.password);
  await untilLive(patient);
  const counts = new Map();
  let cursor = '';
  let goOn = true;
  while (goOn) {
    const { body } = await patient.get(`accesses?limit=200${cursor}`);
    for (const { requester } of body.items) {
      counts.set(requester.person.id, (counts.get(requester.person.id) ?? 0) + 1);
    }
    goOn =
      body.next !== null &&
      body.items.every(({ requester }) => requester.person.id.startsWith(`urn:kill:${round}:`));
    cursor = `&cursor=${encodeURIComponent(body.next ?? '')}`;
  }
  const ofRound = [...counts].filter(([id]) => id.startsWith(`urn:kill:${round}:`));
  totals.released += released.size;
  totals.recorded += ofRound.length;
  totals.lost += [...released].filter((id) => !counts.has(id)).length;
  totals.twice += ofRound.filter(([, count]) => count > 1).length;
  totals.consents += acknowledged.length;
  if (acknowledged.length > 0) {
    const other = demo.patients.find((one) => one.username !== record.username);
    const owner = await PatientClient.signIn(demo.portalUrl, other.username, other.password);
    const { body } = await owner.get('consent');
    totals.lostConsents += Math.max(0, Math.max(...acknowledged) - body.version);
  }
}

async function untilLive(patient) {
  for (let look = 0; look < 600; look += 1) {
    const { body } = await patient.get('me');
    if (body.list.state === 'live') {
      return;
    }
    await wait(50);
  }
  throw new Error('the list did not come up to date in 30 s');
}

/** With the product down: the store against a new derivation from the ledger. */
async function compareWithLedger() {
  const log = pino({ level: 'silent' });
  const members = [
    { mspId: 'TrusteeMSP', role: 'trustee' },
    { mspId: 'NorthHospitalMSP', role: 'holder' },
    { mspId: 'SouthClinicMSP', role: 'holder' },
  ];
  const network = await startEmbeddedNetwork({
    dataDir: join(dataDir, 'ledger'),
    channel: 'chartwitness',
    chaincode: 'provenance',
    members,
    log,
  });
  const ledger = await network.connect('TrusteeMSP');
  const store = openSqlAccessStore(join(dataDir, 'trustee', 'accesses.db'));
  const { differences, entries } = await checkReadModel({ ledger, store }, AbortSignal.timeout(120_000));
  await store.close();
  ledger.close();
  await network.close();
  totals.differences += differences.length;
  return entries;
}

console.log(`kill -9 under load: ${rounds} rounds, seed ${seed}`);
let before;
for (let round = 0; round <= rounds; round += 1) {
  const product = await startProduct();
  if (before !== undefined) {
    await verify(product.demo, round - 1, before);
  }
  if (round === rounds) {
    await product.kill();
    break;
  }
  const stopped = { now: false };
  const loading = load(product.demo, round, stopped);
  await wait(SHORTEST_MS + chance(round) * SPREAD_MS);
  await product.kill();
  stopped.now = true;
  before = await loading;
  if ((round + 1) % CHECK_EVERY === 0) {
    await compareWithLedger();
    console.log(`  after ${round + 1} rounds: ${JSON.stringify(totals)}`);
  }
}
const entries = await compareWithLedger();
rmSync(dataDir, { recursive: true, force: true });
const bad = totals.lost + totals.twice + totals.lostConsents + totals.differences;
console.log(
  `${rounds} rounds: ${totals.sent} requests sent, ${totals.released} released, lost ${totals.lost}, twice ${totals.twice}; ` +
    `${totals.consents} consents acknowledged, lost ${totals.lostConsents}; ${entries} entries, differences from the ledger ${totals.differences}`,
);
process.exit(bad === 0 && totals.released > 0 ? 0 : 1);
