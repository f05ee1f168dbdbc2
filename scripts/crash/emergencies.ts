// SPDX-License-Identifier: Apache-2.0
/**
 * How long a break-glass token and its access take together while the hospital's own peer is away, in each
 * way to be away, on a native Fabric network: npm run test:emergencies -- [--tries 20] [--further 3]
 * [--further-ms 1500] [--only hanging,revoked] A try: all is well (an ordinary access was just released), the
 * peer goes away, a person who was not seen before breaks the glass; then further persons; beside the first
 * of every fifth try, an ordinary request. Prints a table. Ends with 1 when one took too long or had another
 * answer than it should. A first may take 5 s, a further one 1.5 s, an ordinary one what the deadline allows.
 * Needs Fabric's programs.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { DemoFileHospital, DemoFilePatient } from '../../gateway/dist/demo/demoFile';
import { HospitalClient, TokenRefused } from '../../gateway/dist/demo/hospitalClient';
import { runMain } from '../load/runMain';
import { binariesIfPresent } from '../network/binaries';
import { usage, wholeNumber } from './commandLine';
import { startDemonstration } from './startDemonstration';
import { type Way, waysAway, type WayGround } from './waysAway';

const MSP_ID = 'NorthHospitalMSP';
const FIRST_LIMIT_MS = 5_000;
/** The recorder's deadline for an ordinary access, and what a token may take before it. */
const ORDINARY_LIMIT_MS = 13_000;
const WELL_WITHIN_MS = 60_000;
/** An ordinary request waits for its whole deadline, so only every so many tries have one. */
const ORDINARY_EVERY = 5;

interface Options {
  readonly tries: number;
  readonly further: number;
  readonly furtherLimitMs: number;
  readonly wanted: readonly Way[];
}

/** A person's token and access together. */
interface Timed {
  /** 0: nobody answered. */
  readonly status: number;
  readonly ms: number;
}

/** What was seen of a way to be away. */
interface Seen {
  readonly first: Timed[];
  readonly further: Timed[];
  readonly ordinary: Timed[];
}

const say = (line: string): void => void process.stdout.write(`${line}\n`);

function readOptions(): Options {
  const { values } = parseArgs({
    options: {
      tries: { type: 'string', default: '20' },
      further: { type: 'string', default: '3' },
      'further-ms': { type: 'string', default: '1500' },
      only: { type: 'string' },
    },
  });
  const only = (values.only ?? '').split(',');
  const all = waysAway();
  const options = {
    tries: wholeNumber('tries', values.tries),
    further: wholeNumber('further', values.further),
    furtherLimitMs: wholeNumber('further-ms', values['further-ms']),
    wanted: all.filter(({ name }) => only.some((part) => name.includes(part))),
  };
  if (options.wanted.length === 0) {
    usage(`--only must be part of one of: ${all.map(({ name }) => name).join(', ')}`);
  }
  return options;
}

/** The hospital's staff: every request is by somebody who was not seen before. */
class Staff {
  readonly #hospital: DemoFileHospital;
  readonly #patientId: string;
  #persons = 0;

  constructor(hospital: DemoFileHospital, { patientId }: DemoFilePatient) {
    this.#hospital = hospital;
    this.#patientId = patientId;
  }

  emergency(): Promise<Timed> {
    return this.#timed('BTG', 'Unconscious on arrival after a fall');
  }

  ordinary(): Promise<Timed> {
    return this.#timed('TREAT');
  }

  /**
   * Until ordinary accesses are released: at once, one after the other, so that nothing is left over from the
   * try before.
   */
  async untilServed(): Promise<void> {
    const until = performance.now() + WELL_WITHIN_MS;
    for (let good = 0; good < 2;) {
      const { status } = await this.ordinary();
      good = status === 200 ? good + 1 : 0;
      if (status === 200) {
        continue;
      }
      if (performance.now() > until) {
        throw new Error(`an ordinary access is answered ${String(status)} for a minute`);
      }
      await wait(200);
    }
  }

  async #timed(purpose: string, reason?: string): Promise<Timed> {
    this.#persons += 1;
    const id = `urn:emergencies:${String(this.#persons)}`;
    const errand = {
      practitioner: { id, name: `Person ${'abcdefghij'.charAt(this.#persons % 10)}`, role: 'doctor' },
      purpose,
      ...(reason === undefined ? {} : { reason }),
    };
    const [credentials] = this.#hospital.clients;
    if (credentials === undefined) {
      throw new Error(`${MSP_ID} runs no client`);
    }
    const client = new HospitalClient(this.#hospital, credentials);
    const began = performance.now();
    const status = await client.get(`Condition?patient=${this.#patientId}`, errand).then(
      (answer) => answer.status,
      (error: unknown) => (error instanceof TokenRefused ? error.status : 0),
    );
    return { status, ms: performance.now() - began };
  }
}

async function play(way: Way, ground: WayGround, staff: Staff, { tries, further }: Options): Promise<Seen> {
  const seen: Seen = { first: [], further: [], ordinary: [] };
  const restore = await way.prepare?.(ground);
  for (let number = 0; number < tries; number += 1) {
    await ground.answers();
    await way.breaks(ground);
    try {
      const beside = number % ORDINARY_EVERY === 0 ? [staff.ordinary()] : [];
      seen.first.push(await staff.emergency());
      for (let one = 0; one < further; one += 1) {
        seen.further.push(await staff.emergency());
      }
      seen.ordinary.push(...(await Promise.all(beside)));
    } finally {
      await way.mends(ground);
    }
  }
  await ground.answers();
  await restore?.();
  return seen;
}

const seconds = (ms: number): string => `${(ms / 1000).toFixed(2)} s`;
const slowest = (list: readonly Timed[]): number => Math.max(...list.map(({ ms }) => ms));
const statuses = (list: readonly Timed[]): string => [...new Set(list.map(({ status }) => status))].join('/');

function median(list: readonly Timed[]): number {
  const sorted = list.map(({ ms }) => ms).sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

function isGood({ first, further, ordinary }: Seen, furtherLimitMs: number): boolean {
  return (
    slowest(first) <= FIRST_LIMIT_MS &&
    slowest(further) <= furtherLimitMs &&
    slowest(ordinary) <= ORDINARY_LIMIT_MS &&
    [...first, ...further].every(({ status }) => status === 200) &&
    ordinary.every(({ status }) => status === 503)
  );
}

const HEAD = [
  ...['way', 'first, median', 'first, slowest', 'further, median', 'further, slowest'],
  ...['ordinary, slowest', 'answers'],
];

function lineOf(name: string, { first, further, ordinary }: Seen): string {
  const cells = [
    name,
    seconds(median(first)),
    seconds(slowest(first)),
    seconds(median(further)),
    seconds(slowest(further)),
    seconds(slowest(ordinary)),
    `${statuses(first)}, ${statuses(further)}; ${statuses(ordinary)}`,
  ];
  return `| ${cells.join(' | ')} |`;
}

/** @returns exit status: 0 every way was in time, 1 one was not */
async function main(): Promise<number> {
  const options = readOptions();
  const { tries, wanted, furtherLimitMs } = options;
  const binaries = binariesIfPresent(process.env);
  if (binaries === undefined) {
    say('Fabric: not run (no binaries): emergencies');
    return 0;
  }
  const dataDir = mkdtempSync(path.join(tmpdir(), 'chartwitness-emergencies-'));
  const { demo, network } = await startDemonstration(dataDir);
  let missed = 0;
  try {
    const organisation = network.organisations.find(({ mspId }) => mspId === MSP_ID);
    const hospital = demo.file.hospitals.find(({ mspId }) => mspId === MSP_ID);
    const patient = demo.file.patients.find((each) => each.hospital === MSP_ID);
    if (organisation === undefined || hospital === undefined || patient === undefined) {
      throw new Error(`the demonstration lacks ${MSP_ID} or its patient`);
    }
    const staff = new Staff(hospital, patient);
    const answers = (): Promise<void> => staff.untilServed();
    const ground = { network, binaries, organisation, role: demo.role(MSP_ID), answers, dataDir };
    say(`Fabric ${binaries.version}, ${new Date().toISOString().slice(0, 10)}, ${String(tries)} tries each`);
    say(`| ${HEAD.join(' | ')} |\n| ${HEAD.map(() => '---').join(' | ')} |`);
    for (const way of wanted) {
      const seen = await play(way, ground, staff, options);
      const isInTime = isGood(seen, furtherLimitMs);
      if (!isInTime) {
        missed += 1;
      }
      say(`${lineOf(way.name, seen)}${isInTime ? '' : ' MISSED'}`);
    }
  } finally {
    await demo.close();
  }
  say(`${String(wanted.length)} ways, ${String(tries)} tries each, missed ${String(missed)}`);
  if (missed === 0) {
    rmSync(dataDir, { recursive: true, force: true });
  } else {
    say(`what it left: ${dataDir}`);
  }
  return missed === 0 ? 0 : 1;
}

runMain(main);
