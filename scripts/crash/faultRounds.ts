// SPDX-License-Identifier: Apache-2.0
/**
 * Breaks one part after another of the product on a native Fabric network, under load from two gateways, and
 * looks at what it left: npm run test:faults -- [--rounds 1] [--only orderer] [--seed N] [--shortest-ms 500]
 * [--longest-ms 12000] A round plays every fault once. After each, every released answer has its one record,
 * every acknowledged consent is on file, and nothing is recorded twice. Every refusal meanwhile was a 503
 * with Retry-After. Accesses, consents and lists succeed again within 10 s of the part's return. The list
 * then shows what was released since, and the read model equals what the ledger derives. Needs Fabric's
 * programs. Prints the seed; the same seed plays the same outages.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { type Binaries, binariesIfPresent } from '../network/binaries';
import { runMain } from '../load/runMain';
import { chance, usage, wholeNumber } from './commandLine';
import { type Fault, FAULTS } from './faults';
import { BAD, type Column, type FaultTotals, newTotals, tableOf } from './faultTotals';
import { playFault } from './playFault';
import { startDemonstration } from './startDemonstration';

interface Options {
  readonly rounds: number;
  readonly seed: string;
  readonly shortestMs: number;
  readonly longestMs: number;
  /** Those that were asked for. */
  readonly faults: readonly Fault[];
}

const say = (line: string): void => void process.stdout.write(`${line}\n`);

function readOptions(): Options {
  const { values } = parseArgs({
    options: {
      rounds: { type: 'string', default: '1' },
      only: { type: 'string' },
      seed: { type: 'string' },
      'shortest-ms': { type: 'string', default: '500' },
      'longest-ms': { type: 'string', default: '12000' },
    },
  });
  const { only } = values;
  const faults = FAULTS.filter(({ name }) => only === undefined || name.includes(only));
  const options = {
    rounds: wholeNumber('rounds', values.rounds),
    seed: values.seed ?? String(Date.now()),
    shortestMs: wholeNumber('shortest-ms', values['shortest-ms']),
    longestMs: wholeNumber('longest-ms', values['longest-ms']),
    faults,
  };
  if (faults.length === 0) {
    usage(`--only must be part of one of: ${FAULTS.map(({ name }) => name).join(', ')}`);
  }
  return options;
}

function isPlayable({ name, absent }: Fault): boolean {
  const reason = absent?.();
  if (reason !== undefined) {
    say(`${name}: not run (${reason})`);
  }
  return reason === undefined;
}

/** All rounds of all faults, and what was counted so far. */
class FaultRounds {
  readonly totals: Map<string, FaultTotals>;
  /** Entries in the read model of each network, at its last check. */
  readonly entries = new Map<string, number>();
  readonly #binaries: Binaries;
  readonly #options: Options;
  readonly #dataDir: string;

  constructor(binaries: Binaries, options: Options, dataDir: string) {
    this.#binaries = binaries;
    this.#options = options;
    this.#dataDir = dataDir;
    this.totals = new Map(options.faults.map(({ name }) => [name, newTotals()]));
  }

  async play(): Promise<void> {
    const { rounds, faults } = this.#options;
    await this.#onOneNetwork(
      faults.filter(({ prepare }) => prepare === undefined),
      'embedded-store',
      0,
      rounds,
    );
    const prepared = faults.filter(({ prepare }) => prepare !== undefined);
    // The tests' MongoDB-compatible server reads everything where MongoDB reads an index: each round has a
    // ledger of its own, a short one.
    for (let round = 0; round < rounds; round += 1) {
      await this.#onOneNetwork(prepared, `mongodb-${String(round + 1)}`, round, round + 1);
    }
  }

  sum(column: Column): number {
    return [...this.totals.values()].reduce((all, total) => all + total[column], 0);
  }

  /**
   * Some rounds of some faults, on a network of their own; what was counted is printed, also for a run that
   * is cut short later.
   */
  async #onOneNetwork(own: readonly Fault[], part: string, from: number, to: number): Promise<void> {
    if (own.length === 0) {
      return;
    }
    const dataDir = path.join(this.#dataDir, part);
    const { demo, network } = await startDemonstration(dataDir);
    try {
      const ground = { demo, network, binaries: this.#binaries, dataDir };
      for (let number = from; number < to; number += 1) {
        say(`${part}, round ${String(number + 1)}`);
        for (const fault of own) {
          const total = this.totals.get(fault.name) ?? newTotals();
          const outageMs = (place: string): number => this.#outageMs(place);
          this.entries.set(part, await playFault(ground, fault, total, { number, outageMs, say }));
        }
      }
    } finally {
      await demo.close();
    }
    say(tableOf(this.totals));
  }

  #outageMs(place: string): number {
    const { seed, shortestMs, longestMs } = this.#options;
    return Math.round(shortestMs + chance(seed, place) * Math.max(0, longestMs - shortestMs));
  }
}

/** @returns exit status: 0 nothing was wrong, 1 something was */
async function main(): Promise<number> {
  const asked = readOptions();
  const binaries = binariesIfPresent(process.env);
  if (binaries === undefined) {
    say('Fabric: not run (no binaries): faults');
    return 0;
  }
  const options = { ...asked, faults: asked.faults.filter(isPlayable) };
  const dataDir = mkdtempSync(path.join(tmpdir(), 'chartwitness-faults-'));
  const { rounds, seed, faults } = options;
  say(
    `faults under load from two gateways: ${String(rounds)} rounds, Fabric ${binaries.version}, seed ${seed}`,
  );
  const all = new FaultRounds(binaries, options, dataDir);
  await all.play();
  const text = (column: Column): string => String(all.sum(column));
  const entries = [...all.entries.values()].reduce((sum, count) => sum + count, 0);
  say(
    `${String(rounds)} rounds of ${String(faults.length)} faults: ${text('sent')} requests, ${text('released')} released, lost ${text('lost')}, twice ${text('twice')}; ` +
      `${text('refused')} refused, of these not by 503 with Retry-After ${text('wrong')}; recoveries over 10 s ${text('slow')}; ` +
      `${text('consents')} consents acknowledged, lost ${text('lostConsents')}; ${text('reads')} lists read; ${String(entries)} entries, read models that differ ${text('differences')}`,
  );
  const isGood = BAD.every((column) => all.sum(column) === 0) && all.sum('released') > 0;
  if (isGood) {
    rmSync(dataDir, { recursive: true, force: true });
  } else {
    say(`what it left: ${dataDir}`);
  }
  return isGood ? 0 : 1;
}

runMain(main);
