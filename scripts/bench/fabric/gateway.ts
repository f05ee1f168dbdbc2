// SPDX-License-Identifier: Apache-2.0
/*
 * Gateways of the hospital on the native network in one process: one with the product's recorder, one that
 * makes each access a transaction of its own. Answers questions over IPC; run.ts starts it.
 */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { connectToPeer } from '../../../gateway/dist/compose/openLedger';
import { parseLedgerConfig } from '../../../gateway/dist/config/peerConfig';
import type { RecorderLimits } from '../../../gateway/dist/recorder/limits';
import { runMain } from '../../load/runMain';
import { answerQuestions, argument } from '../answerQuestions';
import type { Child, Ready } from '../child';
import { type CountedRecorder, serveWith, type StartedGateway, startGateway } from '../gateways';
import type { Target } from '../load';
import { log } from '../network';
import { MemoryPeak } from '../processorTime';
import { accessRequest } from '../requests';
import { createEachAlone } from './eachAlone';
import type { BatchMoment } from './lagsOf';
import { manyPatients } from './manyPatients';
import population from './seeding/population.cjs';

export interface FabricGatewayArgument {
  readonly environment: Readonly<Record<string, string>>;
  /** Persons with a consent. */
  readonly people: number;
  /** How many of them can be asked about over HTTP. */
  readonly patients: number;
  readonly limits: Partial<RecorderLimits>;
}
/** Whose recorder: the product's, or what it is compared with. */
export type RecorderKind = 'grouped' | 'each';
export interface FabricGatewayReady extends Ready {
  readonly pid: number;
  readonly services: Readonly<Record<RecorderKind, Target>>;
}
export type FabricGateway = Child<ReturnType<typeof questionsFor>, FabricGatewayReady>;

/** Pseudonyms of so many persons are looked up, not computed, while time is taken. */
const REMEMBERED = 20_000;

type Services = Readonly<Record<RecorderKind, StartedGateway<CountedRecorder>>>;

/** Persons whose accesses are permitted; the first ones are patients of the hospital's source too. */
const permittedAmong = (count: number): readonly number[] =>
  Array.from({ length: count }, (_, n) => n).filter((n) => !population.isDenied(n));

/** A person's pseudonym, anybody's among those who permit. */
function anySubjectOf(people: number): () => string {
  const subjects = permittedAmong(Math.min(people, REMEMBERED)).map(population.subjectOf);
  if (people <= REMEMBERED) {
    return () => subjects[Math.floor(Math.random() * subjects.length)] ?? '';
  }
  return () => {
    for (;;) {
      const n = Math.floor(Math.random() * people);
      if (!population.isDenied(n)) {
        return population.subjectOf(n);
      }
    }
  };
}

function questionsFor(services: Services, people: number, takeCommits: () => readonly BatchMoment[]) {
  const peak = new MemoryPeak();
  const anySubject = anySubjectOf(people);
  return {
    /**
     * Callers ask the recorder one access after the other until `seconds` have passed; each has its last
     * answer when this returns.
     */
    drive: async ({
      recorder: kind,
      callers,
      seconds,
    }: {
      readonly recorder: RecorderKind;
      readonly callers: number;
      readonly seconds: number;
    }) => {
      const { recorder } = services[kind];
      const times: number[] = [];
      const from = performance.now();
      const until = from + seconds * 1000;
      const call = async (): Promise<void> => {
        while (performance.now() < until) {
          const began = performance.now();
          const outcomes = await recorder.record([accessRequest(anySubject())]);
          if (!outcomes.every(({ permitted }) => permitted.every(Boolean))) {
            throw new Error('a person who permits was refused');
          }
          times.push(Math.round((performance.now() - began) * 100) / 100);
        }
      };
      await Promise.all(Array.from({ length: callers }, call));
      return { seconds: (performance.now() - from) / 1000, times };
    },
    /** What the ledger decides for some persons, and what their seeded consents say. */
    decide: ({ people: persons }: { readonly people: readonly number[] }) =>
      Promise.all(
        persons.map(async (person) => {
          const request = accessRequest(population.subjectOf(person));
          const [outcome] = await services.each.recorder.record([request]);
          return { person, isDenied: population.isDenied(person), permitted: outcome?.permitted ?? [] };
        }),
      ),
    /** What is committed, once nothing is under way any more: closing connections leaves requests behind. */
    recorded: async ({ recorder: kind }: { readonly recorder: RecorderKind }) => {
      const { recorder } = services[kind];
      while (recorder.state().queued > 0 || recorder.state().inFlight > 0) {
        await wait(5);
      }
      const { committedEvents, committedBatches, failedAttempts } = recorder.state();
      return { events: committedEvents, batches: committedBatches, failed: failedAttempts };
    },
    /** The commits since the last such question. */
    commits: takeCommits,
    forgetPeak: () => {
      peak.forget();
    },
    memory: () => ({ peakMib: peak.mib }),
  };
}

const targetOf = ({ baseUrl, paths }: Target): Target => ({ baseUrl, paths });

if (require.main === module) {
  runMain(async () => {
    const { environment, people, patients, limits } = argument() as FabricGatewayArgument;
    const dataDir = mkdtempSync(path.join(tmpdir(), 'chartwitness-bench-gateway-'));
    const tag = `${Date.now().toString(36)}-${String(process.pid)}`;
    const config = parseLedgerConfig(environment);
    const ledger = await connectToPeer(config, config.peer, log);
    const upstream = manyPatients(permittedAmong(Math.min(patients, people)));
    const common = {
      ledger,
      dataDir,
      upstream,
      patients: upstream.patients().map(({ id }) => id ?? ''),
      consortiumKey: population.CONSORTIUM_KEY,
    };
    /** When each batch of the product's recorder was known to be committed. */
    let commits: BatchMoment[] = [];
    const services: Services = {
      grouped: await startGateway({
        ...common,
        name: `grouped-${tag}`,
        limits,
        onBatch: ({ lane, seq, events }) => {
          commits.push({ lane, seq, events, at: performance.timeOrigin + performance.now() });
        },
      }),
      each: await serveWith(createEachAlone(ledger, tag), { ...common, name: 'each' }),
    };
    const takeCommits = (): readonly BatchMoment[] => {
      const taken = commits;
      commits = [];
      return taken;
    };
    const ready: FabricGatewayReady = {
      dataDir,
      pid: process.pid,
      services: { grouped: targetOf(services.grouped), each: targetOf(services.each) },
    };
    answerQuestions(questionsFor(services, people, takeCommits), ready);
    return 0;
  });
}
