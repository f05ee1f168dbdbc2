// SPDX-License-Identifier: Apache-2.0
/**
 * Measures the product on the embedded ledger and prints a table:
 *   node scripts/bench/run.mjs [--events 1000000] [--seconds 15] [--connections 256] [--only ledger,http,single,memory,history,denied] [--pairs 1000] [--kinds read,search] [--absence-waits no] [--limits JSON] [--profile DIR]
 * Needs `npm run build:node`. README.md has what each line means and the last results.
 */
import { readFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { exportJWK, generateKeyPair } from 'jose';
import { startChild } from './child.mjs';
import { measureDenied } from './denied.mjs';
import { loadGateway } from './load.mjs';
import { watchOthers } from './otherLoad.mjs';

if (process.argv.includes('--fabric')) {
  const { benchFabric } = await import('./fabric/run.mjs');
  await benchFabric(process.argv.slice(2));
  process.exit();
}
if (process.argv.includes('--portal')) {
  const { benchPortal } = await import('./portal/run.mjs');
  await benchPortal(process.argv.slice(2));
  process.exit();
}

if (process.argv.includes('--slow-readers')) {
  const { benchSlowReaders } = await import('./slow/run.mjs');
  await benchSlowReaders(process.argv.slice(2));
  process.exit();
}

const { values } = parseArgs({
  options: {
    events: { type: 'string', default: '1000000' },
    seconds: { type: 'string', default: '15' },
    connections: { type: 'string', default: '256' },
    pairs: { type: 'string', default: '1000' },
    kinds: { type: 'string', default: '' },
    'absence-waits': { type: 'string', default: 'yes' },
    only: { type: 'string', default: 'ledger,http,single,memory,history,denied' },
    profile: { type: 'string' },
    limits: { type: 'string', default: '{}' },
  },
});
const seconds = Number(values.seconds);
const connections = Number(values.connections);
const limits = JSON.parse(values.limits);
const wanted = new Set(values.only.split(','));
const pair = await generateKeyPair('ES384', { extractable: true });
const privateJwk = { ...(await exportJWK(pair.privateKey)), kid: 'bench', alg: 'ES384' };
const publicJwk = { ...(await exportJWK(pair.publicKey)), kid: 'bench', alg: 'ES384' };

const rows = [];
function report(what, value, unit, goal, isMet) {
  rows.push({ what, value: value.toFixed(value < 100 ? 1 : 0), unit, goal, isMet });
  const verdict = isMet === undefined ? '' : isMet ? 'met' : 'MISSED';
  process.stdout.write(
    `${what.padEnd(66)} ${rows.at(-1).value.padStart(9)} ${unit.padEnd(5)} ${goal.padEnd(9)} ${verdict}\n`,
  );
}
const atMost = (what, value, unit, goal) => report(what, value, unit, `≤ ${String(goal)}`, value <= goal);
const atLeast = (what, value, unit, goal) => report(what, value, unit, `≥ ${String(goal)}`, value >= goal);
const plain = (what, value, unit) => report(what, value, unit, '', undefined);

/** Runs a part and says how much of the machine was not its own meanwhile. */
async function apart(name, children, measure) {
  const ownMs = async () => {
    const { user, system } = process.cpuUsage();
    const answers = await Promise.all(children.map((child) => child.ask('cpu')));
    return answers.reduce((sum, { milliseconds }) => sum + milliseconds, (user + system) / 1000);
  };
  const others = await watchOthers(ownMs);
  await measure();
  const share = await others();
  if (share !== undefined) {
    plain(`${name}: processor time of other programs meanwhile`, share * 100, '%');
  }
}

/** Loads one gateway and checks that the ledger holds as many accesses as were answered. */
async function measureLoad(product, variant, options) {
  const before = await product.ask('recorded', { variant });
  const cpuBefore = await product.ask('cpu');
  const load = await loadGateway(product.ready.gateways[variant], privateJwk, options);
  const cpuAfter = await product.ask('cpu');
  const after = await product.ask('recorded', { variant });
  const events = after.events - before.events;
  // Closing connections may leave requests unanswered that were recorded; the reverse must never be.
  if (events < load.answers) {
    throw new Error(`${String(load.answers)} answers were released but only ${String(events)} recorded`);
  }
  return {
    ...load,
    perBatch: events / (after.batches - before.batches),
    cpuPerEvent: (cpuAfter.milliseconds - cpuBefore.milliseconds) / events,
  };
}

async function measureProduct() {
  const product = await startChild('./product.mjs', { part: 'all', publicJwk, limits }, values.profile);
  if (wanted.has('ledger')) await apart('ledger', [product], () => measureLedger(product));
  if (wanted.has('http')) await apart('HTTP', [product], () => measureGrouped(product));
  if (wanted.has('single')) await apart('HTTP', [product], () => measureSingle(product));
  await product.stop();
}

async function measureLedger(product) {
  const idle = await product.ask('idle', { count: 300 });
  atMost('ledger: one idle access, p50', idle.p50, 'ms', 5);
  plain('ledger: one idle access, p99', idle.p99, 'ms');
  plain('ledger: CPU for one idle access', idle.cpuPerEvent, 'ms');
  await product.ask('throughput', { events: 10_000, size: 500, inFlight: 3 });
  const bulk = await product.ask('throughput', { events: 50_000, size: 500, inFlight: 3 });
  atLeast('ledger: committed events, batches of 500, 3 in flight', bulk.perSecond, '/s', 5_000);
  plain('ledger: one such batch, p50', bulk.batchP50, 'ms');
  plain('ledger: CPU for 1,000 such events', bulk.cpuPerEvent * 1000, 'ms');
}

async function measureGrouped(product) {
  await measureLoad(product, 'grouped', { connections: 16, seconds: 3 });
  const idle = await measureLoad(product, 'grouped', { connections: 1, amount: 300 });
  atMost('HTTP: one idle access, p50', idle.p50, 'ms', 12);
  await product.ask('forgetPeak');
  const grouped = await measureLoad(product, 'grouped', { connections, seconds });
  atLeast(
    `HTTP: recorded accesses, ${String(connections)} callers, group commit`,
    grouped.perSecond,
    '/s',
    1_000,
  );
  atMost('HTTP: the same, p99', grouped.p99, 'ms', 1_000);
  plain('HTTP: the same, p50', grouped.p50, 'ms');
  plain('HTTP: the same, events in a batch', grouped.perBatch, '');
  plain('HTTP: the same, CPU of gateway and ledger for one access', grouped.cpuPerEvent, 'ms');
  plain(
    'HTTP: the same, memory of gateway and embedded ledger together',
    (await product.ask('memory')).peakMib,
    'MiB',
  );
}

async function measureSingle(product) {
  await measureLoad(product, 'single', { connections: 16, seconds: 2 });
  const single = await measureLoad(product, 'single', { connections, seconds });
  plain('HTTP: one transaction for each access instead, recorded', single.perSecond, '/s');
  plain('HTTP: the same, p99', single.p99, 'ms');
  plain('HTTP: the same, CPU of gateway and ledger for one access', single.cpuPerEvent, 'ms');
}

async function measureMemory() {
  const ledger = await startChild('./product.mjs', { part: 'ledger', publicJwk });
  const gateway = await startChild('./product.mjs', {
    part: 'gateway',
    publicJwk,
    limits,
    peer: ledger.ready.peer,
  });
  await apart('gateway alone', [ledger, gateway], async () => {
    const load = await measureLoad(gateway, 'grouped', { connections, seconds });
    atMost(
      'memory of a gateway under load (ledger in another process)',
      (await gateway.ask('memory')).peakMib,
      'MiB',
      400,
    );
    plain('HTTP: recorded accesses then', load.perSecond, '/s');
    plain('HTTP: CPU of the gateway for one access then', load.cpuPerEvent, 'ms');
  });
  await gateway.stop();
  await ledger.stop();
}

async function measureHistory() {
  const history = await startChild('./history.mjs', {});
  await apart('read model', [history], async () => {
    const fill = await history.ask('fill', { events: Number(values.events) });
    plain(`read model: events stored, up to ${values.events}`, fill.perSecond, '/s');
    plain('read model: bytes on disk for one event', fill.bytes / Number(values.events), 'B');
    const pages = await history.ask('pages', { count: 400 });
    atMost("read model: newest 50 of a patient's history, p50", pages.newest, 'ms', 10);
    atMost('read model: 50 from the middle, p50', pages.older, 'ms', 10);
    plain('read model: 50 from the middle by type and purpose, p50', pages.filtered, 'ms');
  });
  await history.stop();
}

async function measureTelling() {
  const absenceWaits = values['absence-waits'] !== 'no';
  const product = await startChild('./product.mjs', { part: 'all', publicJwk, limits, absenceWaits });
  await apart('denied and absent', [product], () =>
    measureDenied(
      product,
      privateJwk,
      { rounds: Number(values.pairs), kinds: values.kinds.split(',') },
      (name, found) => {
        for (const [what, who] of [
          ['withheld', 'hiding'],
          ['absent', 'plain'],
        ]) {
          plain(`${name}: ${what}, p50`, found[who][0], 'ms');
          plain(`${name}: ${what}, p95`, found[who][1], 'ms');
        }
        plain(`${name}: withheld is slower than absent`, found.told * 100, '%');
        plain(`${name}: absent is slower than absent`, found.chance * 100, '%');
      },
    ),
  );
  await product.stop();
}

const [cpu] = cpus();
process.stdout.write(
  `Node ${process.version}, ${String(cpus().length)} × ${cpu?.model.trim() ?? 'unknown processor'}, load of the machine before: ${loadavg()[0]?.toFixed(1) ?? '?'}\n` +
    `fabric-gateway ${JSON.parse(readFileSync(new URL('../../gateway/package.json', import.meta.url), 'utf8')).dependencies['@hyperledger/fabric-gateway']}\n\n`,
);
if (['ledger', 'http', 'single'].some((part) => wanted.has(part))) await measureProduct();
if (wanted.has('memory')) await measureMemory();
if (wanted.has('history')) await measureHistory();
if (wanted.has('denied')) await measureTelling();
const missed = rows.filter((row) => row.isMet === false).length;
process.stdout.write(
  `\n${String(rows.filter((row) => row.isMet === true).length)} goals met, ${String(missed)} missed\n`,
);
