// SPDX-License-Identifier: Apache-2.0
/** Two gateways' load, a fault in the middle of it, and what is to be seen afterwards. */
import { execFile } from 'node:child_process';
import { setTimeout as wait } from 'node:timers/promises';
import type { RunningFabricDemo } from '../../gateway/dist/demo/fabricDemo';
import { consentVersion, type PatientAccount, untilAllListed, untilListed } from '../load/accessList';
import { type Load, startLoad } from '../load/accessLoad';
import { type Consents, startConsents, startReads } from '../load/patientStreams';
import { PROGRAM } from '../load/program';
import type { Stream, StreamAnswer } from '../load/stream';
import { atHospital, type Fault, type Ground, type Who } from './faults';
import type { FaultTotals } from './faultTotals';

const WORKERS = 4;
const WARM_UP_MS = 1_000;
const RECOVERY_LIMIT_MS = 10_000;
/** Longer than the limit, so that a slow recovery is measured instead of cut off. */
const GIVE_UP_MS = 60_000;
/** Who changes her consent all the while, by sign-in name. */
const WRITER = 'buster';

export interface Round {
  /** From 0. */
  readonly number: number;
  /** How long the part is away. */
  outageMs(place: string): number;
  readonly say: (line: string) => void;
}

/** A hospital under load, and the patient in whose list its accesses stand. */
interface Side {
  readonly who: Who;
  readonly account: PatientAccount;
  readonly prefix: string;
  readonly load: Load;
}

/**
 * Plays a fault once and adds to `total` what was found.
 * @returns entries in the trustee's read model afterwards
 */
export async function playFault(
  ground: Ground,
  fault: Fault,
  total: FaultTotals,
  round: Round,
): Promise<number> {
  const place = `${String(round.number)}:${fault.name.replace(/[^a-z]+/gi, '-')}`;
  const takeBack = await fault.prepare?.(ground);
  const north = startSide(ground, fault, 'NorthHospitalMSP', place);
  const south = startSide(ground, fault, 'SouthClinicMSP', place);
  const writer = writerOf(ground);
  const consents = startConsents({ ...writer, rule: `r${String(round.number)}` });
  const reads = startReads(north.account);
  const streams: readonly Stream[] = [north.load, south.load, consents, reads];
  const started = performance.now();
  // Nothing is broken before everybody has been served.
  for (const served of streams) {
    if ((await untilAnswered(served, started)) === GIVE_UP_MS) {
      throw new Error('the product does not answer');
    }
  }
  await wait(WARM_UP_MS);
  const brokenAt = performance.now();
  const outageMs = round.outageMs(place);
  const { backAt, extra } = await fault.run(ground, outageMs, place);
  const recoveries = await Promise.all([
    ...streams.map((each) => untilAnswered(each, backAt)),
    ...[north, south].map((side) => untilShown(side, backAt)),
  ]);
  await Promise.all(streams.map((stream) => stream.stop()));

  total.rounds += 1;
  const slowest = Math.max(...recoveries);
  total.slowestMs = Math.max(total.slowestMs, slowest);
  if (slowest > RECOVERY_LIMIT_MS) {
    total.slow += 1;
  }
  const second = extra === undefined ? [] : [{ ...north, load: extra, prefix: `urn:fault:${place}:second:` }];
  for (const side of [north, south, ...second]) {
    await judgeSide(total, side, fault, round.say);
  }
  judgeStream(total, reads, fault, 'reads', round.say);
  total.reads += reads.answers.filter(({ status }) => status === 200).length;
  await judgeConsents(total, consents, writer, fault, round.say);
  const { differs, entries } = await checkReadModel(ground.demo, round.say);
  total.differences += differs ? 1 : 0;
  await takeBack?.();
  const during = streams.map((stream) => tally(stream.answers.filter(({ at }) => at >= brokenAt)));
  round.say(
    `  ${fault.name}: away ${String(outageMs)} ms; back in ${recoveries.map((ms) => Math.round(ms)).join(', ')} ms; ` +
      `answers since ${JSON.stringify(during)}`,
  );
  return entries;
}

function startSide(ground: Ground, fault: Fault, mspId: string, place: string): Side {
  const { hospital, patient } = atHospital(ground, mspId);
  const prefix = `urn:fault:${place}:${mspId}:`;
  return {
    who: ground.demo.role(mspId).name,
    account: { portalUrl: ground.demo.file.portalUrl, patient },
    prefix,
    load: startLoad({
      hospital,
      patientId: patient.patientId,
      prefix,
      workers: WORKERS,
      stock: fault.stock ?? 0,
    }),
  };
}

function writerOf({ demo }: Ground): PatientAccount {
  const patient = demo.file.patients.find(({ username }) => username === WRITER);
  if (patient === undefined) {
    throw new Error(`the demonstration has no patient ${WRITER}`);
  }
  return { portalUrl: demo.file.portalUrl, patient };
}

/** Milliseconds from `backAt` to the first success after it; 0 when requests went on succeeding. */
async function untilAnswered(stream: Stream, backAt: number): Promise<number> {
  for (;;) {
    const good = stream.answers.find(({ at, status }) => at >= backAt && status === 200);
    if (good !== undefined) {
      return good.at - backAt;
    }
    if (performance.now() - backAt > GIVE_UP_MS) {
      return GIVE_UP_MS;
    }
    await wait(20);
  }
}

/** Milliseconds from `backAt` until the patient's list shows an access that was released after it. */
async function untilShown({ load, account }: Side, backAt: number): Promise<number> {
  await untilAnswered(load, backAt);
  const id = load.answers.find((answer) => answer.at >= backAt && answer.id !== undefined)?.id;
  if (id === undefined) {
    return GIVE_UP_MS;
  }
  const isShown = await untilListed({ ...account, id, withinMs: GIVE_UP_MS });
  return isShown ? performance.now() - backAt : GIVE_UP_MS;
}

/** A hospital's answers, and that what it released stands in the list once. */
async function judgeSide(
  total: FaultTotals,
  { who, account, prefix, load }: Side,
  fault: Fault,
  say: (line: string) => void,
): Promise<void> {
  total.sent += load.sent;
  total.released += load.released.size;
  judgeStream(total, load, fault, who, say);
  const counts = await untilAllListed({
    ...account,
    prefix,
    ids: load.released,
    liveWithinMs: GIVE_UP_MS,
    shownWithinMs: RECOVERY_LIMIT_MS,
  });
  total.lost += [...load.released].filter((id) => !counts.has(id)).length;
  total.twice += [...counts.values()].filter((count) => count > 1).length;
}

async function judgeConsents(
  total: FaultTotals,
  consents: Consents,
  writer: PatientAccount,
  fault: Fault,
  say: (line: string) => void,
): Promise<void> {
  judgeStream(total, consents, fault, 'consents', say);
  total.consents += consents.acknowledged.length;
  const version = await consentVersion(writer);
  total.lostConsents += Math.max(0, Math.max(0, ...consents.acknowledged) - version);
}

/** Meanwhile everybody answers 200, or, if the fault concerns it, 503 with the time to come back. */
function judgeStream(
  total: FaultTotals,
  { answers }: Stream,
  fault: Fault,
  who: Who,
  say: (line: string) => void,
): void {
  for (const answer of answers) {
    if (answer.status === 200) {
      continue;
    }
    total.refused += 1;
    if (isRight(answer, fault, who)) {
      continue;
    }
    total.wrong += 1;
    say(`  wrong: ${who} answered ${String(answer.status)}${answer.retryAfter ? ' with Retry-After' : ''}`);
  }
}

function isRight({ status, retryAfter }: StreamAnswer, { refuses, cuts }: Fault, who: Who): boolean {
  return (
    (status === 503 && retryAfter && refuses.includes(who)) ||
    (status === 'unreachable' && cuts.includes(who)) ||
    // A change whose acknowledgement was lost is on file when the next one names the version before.
    (status === 412 && who === 'consents')
  );
}

/** How often each status. */
function tally(answers: readonly StreamAnswer[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const { status } of answers) {
    counts[status] = (counts[status] ?? 0) + 1;
  }
  return counts;
}

/**
 * With the trustee's process down: its read model against a new derivation from the ledger, by the operator's
 * own command.
 */
async function checkReadModel(
  demo: RunningFabricDemo,
  say: (line: string) => void,
): Promise<{ readonly differs: boolean; readonly entries: number }> {
  const role = demo.role('TrusteeMSP');
  await role.stop();
  const { isGood, output } = await run([`--env-file=${role.configFile}`, PROGRAM, 'readmodel', 'check']);
  await role.start();
  if (!isGood) {
    say(output);
  }
  return { differs: !isGood, entries: Number(/(\d+) entries/.exec(output)?.[1] ?? 0) };
}

function run(args: readonly string[]): Promise<{ readonly isGood: boolean; readonly output: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, args, (error, stdout, stderr) => {
      resolve({ isGood: error === null, output: error === null ? stdout : stdout + stderr });
    });
  });
}
