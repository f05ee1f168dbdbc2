// SPDX-License-Identifier: Apache-2.0
import type { JWK } from 'jose';
import { peerPart } from '../../network/layout';
import { loadGateway } from '../load';
import { ownCpuMs } from '../processorTime';
import { quantile } from '../statistics';
import type { BenchNetwork } from './benchNetwork';
import type { FabricGateway, RecorderKind } from './gateway';
import type { Level } from './ground';
import { ledgerSize } from './ledgerSize';
import { cpuMsOf } from './processors';

const CPU_KINDS = ['peers', 'orderer', 'chaincode', 'gateways', 'load'] as const;
/** Milliseconds; `load` is the benchmark's own. */
export type CpuByKind = Record<(typeof CPU_KINDS)[number], number>;

/** What one measurement found. */
export interface Figures {
  readonly perSecond: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
  /** Committed, by the recorders' own count. */
  readonly events: number;
  /** Accesses in a transaction. */
  readonly perBatch: number;
  readonly failed: number;
  /** Of an access. */
  readonly cpu: CpuByKind;
  /** Of all processors, that the parts of the product took. */
  readonly cpuShare: number;
  readonly loadShare: number;
  /** Of an access in the block files of one peer. */
  readonly blockBytes: number;
  /** Growth of everything that the holder's peer keeps, for an access. */
  readonly peerBytes: number;
}

export interface FabricLoad {
  readonly recorder: RecorderKind;
  readonly level: Level;
  /** In all. */
  readonly callers: number;
  readonly seconds: number;
  /** Over HTTP, end after so many requests of each caller instead. */
  readonly rounds?: number;
  readonly privateJwk: JWK;
}

/** What the callers saw. */
interface Answered {
  readonly count: number;
  readonly perSecond: number;
  readonly p50: number;
  readonly p99: number;
}

/**
 * Loads the gateways for a while and says what that took.
 * @throws Error when fewer accesses are on the ledger than were answered
 */
export async function measure(
  bench: BenchNetwork,
  gateways: readonly FabricGateway[],
  load: FabricLoad,
): Promise<Figures> {
  const before = await snapshot(bench, gateways, load.recorder);
  const { count, perSecond, p50, p99 } = await run(gateways, load);
  const after = await snapshot(bench, gateways, load.recorder);
  const events = after.events - before.events;
  // Closing connections may leave requests unanswered that were recorded; the reverse must never be.
  if (events < count) {
    throw new Error(`${String(count)} answers were released but only ${String(events)} recorded`);
  }
  const spent = byKind((kind) => after.cpu[kind] - before.cpu[kind]);
  const elapsedMs = after.at - before.at;
  return {
    perSecond,
    p50,
    p99,
    events,
    perBatch: events / (after.batches - before.batches),
    failed: after.failed - before.failed,
    cpu: byKind((kind) => spent[kind] / events),
    cpuShare: productCpu(spent) / elapsedMs,
    loadShare: spent.load / elapsedMs,
    blockBytes: (after.size.blocks - before.size.blocks) / events,
    peerBytes: (after.size.all - before.size.all) / events,
  };
}

function byKind(of: (kind: keyof CpuByKind) => number): CpuByKind {
  return Object.fromEntries(CPU_KINDS.map((kind) => [kind, of(kind)])) as CpuByKind;
}

/** Processor time of an access in all parts of the product together, milliseconds. */
export function productCpu({ peers, orderer, chaincode, gateways }: CpuByKind): number {
  return peers + orderer + chaincode + gateways;
}

async function run(gateways: readonly FabricGateway[], load: FabricLoad): Promise<Answered> {
  const { recorder, level, callers, seconds, rounds, privateJwk } = load;
  if (level === 'http') {
    const [gateway] = gateways;
    if (gateway === undefined) {
      throw new Error('there is no gateway to load');
    }
    const figures = await loadGateway(gateway.ready.services[recorder], privateJwk, {
      connections: callers,
      ...(rounds === undefined ? { seconds } : { amount: callers * rounds }),
    });
    return { ...figures, count: figures.answers };
  }
  const each = Math.max(1, Math.floor(callers / gateways.length));
  const driven = await Promise.all(
    gateways.map((gateway) => gateway.ask('drive', { recorder, callers: each, seconds })),
  );
  const all = driven.flatMap(({ times }) => times);
  const longest = Math.max(...driven.map((one) => one.seconds));
  return {
    count: all.length,
    perSecond: all.length / longest,
    p50: quantile(all, 0.5),
    p99: quantile(all, 0.99),
  };
}

async function snapshot(bench: BenchNetwork, gateways: readonly FabricGateway[], recorder: RecorderKind) {
  const counts = await Promise.all(gateways.map((gateway) => gateway.ask('recorded', { recorder })));
  const total = (name: 'events' | 'batches' | 'failed'): number =>
    counts.reduce((sum, count) => sum + count[name], 0);
  const holder = bench.network.organisations.find(({ role }) => role === 'holder');
  if (holder === undefined) {
    throw new Error('the network has no holder');
  }
  const cpu: CpuByKind = {
    ...bench.cpu(),
    gateways: gateways.reduce((sum, { ready }) => sum + cpuMsOf(ready.pid), 0),
    load: ownCpuMs(),
  };
  return {
    at: performance.now(),
    events: total('events'),
    batches: total('batches'),
    failed: total('failed'),
    cpu,
    size: ledgerSize(bench.network, peerPart(holder)),
  };
}
