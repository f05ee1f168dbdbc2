// SPDX-License-Identifier: Apache-2.0
import { loadGateway } from '../load.mjs';
import { quantile } from '../statistics.mjs';
import { peerPart } from '../../../dist/network/layout.js';
import { ledgerSize } from './ledgerSize.mjs';
import { cpuMsOf } from './processors.mjs';

/**
 * @typedef {object} Figures what one measurement found; `cpu…` in milliseconds for an access, bytes for an access
 * @property {number} perSecond
 * @property {number} p50
 * @property {number} p99
 * @property {number} events committed, by the recorders' own count
 * @property {number} perBatch accesses in a transaction
 * @property {{peers: number, orderer: number, chaincode: number, gateways: number, load: number}} cpu of an access; `load` is the benchmark's own
 * @property {number} cpuShare of all processors that the parts of the product took
 * @property {number} blockBytes of an access in the block files of one peer
 * @property {number} peerBytes growth of everything that the holder's peer keeps, for an access
 */

/**
 * Loads the gateways for a while and says what that took. Throws when fewer accesses are on the ledger than were answered.
 * @param {object} bench the network, see benchNetwork.mjs
 * @param {object[]} gateways children of gateway.mjs
 * @param {{recorder: 'grouped' | 'each', level: 'ledger' | 'http', callers: number, seconds: number, rounds?: number, privateJwk: object}} load
 *   `callers` in all; `rounds`: over HTTP, end after so many requests of each caller instead
 * @returns {Promise<Figures>}
 */
export async function measure(bench, gateways, load) {
  const before = await snapshot(bench, gateways, load.recorder);
  const { seconds, times, perSecond } = await run(gateways, load);
  const after = await snapshot(bench, gateways, load.recorder);
  const events = after.recorded.events - before.recorded.events;
  // Closing connections may leave requests unanswered that were recorded; the reverse must never be.
  if (events < times.count) {
    throw new Error(`${String(times.count)} answers were released but only ${String(events)} recorded`);
  }
  const spent = Object.fromEntries(
    Object.keys(after.cpu).map((kind) => [kind, after.cpu[kind] - before.cpu[kind]]),
  );
  const { load: own, ...product } = spent;
  const elapsedMs = after.at - before.at;
  return {
    perSecond: perSecond ?? times.count / seconds,
    p50: times.p50,
    p99: times.p99,
    events,
    perBatch: events / (after.recorded.batches - before.recorded.batches),
    failed: after.recorded.failed - before.recorded.failed,
    cpu: Object.fromEntries(Object.entries(spent).map(([kind, ms]) => [kind, ms / events])),
    cpuShare: Object.values(product).reduce((sum, ms) => sum + ms, 0) / elapsedMs,
    loadShare: own / elapsedMs,
    blockBytes: (after.size.blocks - before.size.blocks) / events,
    peerBytes: (after.size.all - before.size.all) / events,
  };
}

/** Processor time of an access in all parts of the product together, milliseconds. @param {Figures['cpu']} cpu */
export function productCpu({ peers, orderer, chaincode, gateways }) {
  return peers + orderer + chaincode + gateways;
}

async function run(gateways, { recorder, level, callers, seconds, rounds, privateJwk }) {
  const each = Math.max(1, Math.floor(callers / gateways.length));
  if (level === 'http') {
    const [gateway] = gateways;
    const load = await loadGateway(gateway.ready.services[recorder], privateJwk, {
      connections: callers,
      ...(rounds === undefined ? { seconds } : { amount: callers * rounds }),
    });
    return { perSecond: load.perSecond, times: { count: load.answers, p50: load.p50, p99: load.p99 } };
  }
  const driven = await Promise.all(
    gateways.map((gateway) => gateway.ask('drive', { recorder, callers: each, seconds })),
  );
  const all = driven.flatMap(({ times }) => times);
  return {
    seconds: Math.max(...driven.map((one) => one.seconds)),
    times: { count: all.length, p50: quantile(all, 0.5), p99: quantile(all, 0.99) },
  };
}

async function snapshot(bench, gateways, recorder) {
  const counts = await Promise.all(gateways.map((gateway) => gateway.ask('recorded', { recorder })));
  const total = (name) => counts.reduce((sum, count) => sum + count[name], 0);
  const holder = bench.network.organisations.find(({ role }) => role === 'holder');
  const { user, system } = process.cpuUsage();
  return {
    at: performance.now(),
    recorded: { events: total('events'), batches: total('batches'), failed: total('failed') },
    cpu: {
      ...bench.cpu(),
      gateways: gateways.reduce((sum, { ready }) => sum + cpuMsOf(ready.pid), 0),
      load: (user + system) / 1000,
    },
    size: ledgerSize(bench.network, peerPart(holder)),
  };
}
