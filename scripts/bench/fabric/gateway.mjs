// SPDX-License-Identifier: Apache-2.0
/*
 * One gateway process for the benchmark on Fabric: two services with the product's own parts over one connection to the hospital's peer, one with
 * the product's recorder, one that makes every access a transaction of its own. Answers questions over IPC; run.mjs starts it.
 */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { answerQuestions } from '../answerQuestions.mjs';
import { dist } from '../dist.mjs';
import { startGateway } from '../gateways.mjs';
import { log, NORTH } from '../network.mjs';
import { accessRequest } from '../requests.mjs';
import { createEachAlone } from './eachAlone.mjs';
import { manyPatients } from './manyPatients.mjs';
import population from './seeding/population.cjs';

const { connectToPeer } = dist('compose/openLedger.js');
const { parseLedgerConfig } = dist('config/peerConfig.js');

/** @type {{environment: object, people: number, patients: number, limits: object}} `people`: persons with a consent; `patients` of them over HTTP */
const { environment, people, patients, limits } = JSON.parse(process.argv[2] ?? '{}');
const dataDir = mkdtempSync(join(tmpdir(), 'chartwitness-bench-gateway-'));
const tag = Date.now().toString(36);
const config = parseLedgerConfig(environment);
const ledger = await connectToPeer(config, config.peer, log);

/** Persons whose accesses are permitted; the first ones are patients of the hospital's source too. */
const permitted = (count) =>
  Array.from({ length: count }, (_, n) => n).filter((n) => !population.isDenied(n));
const upstream = manyPatients(permitted(Math.min(patients, people)));
const consortiumKey = population.CONSORTIUM_KEY;

/** When each batch of the product's recorder was known to be committed. */
let commits = [];
const now = () => performance.timeOrigin + performance.now();
const services = {
  grouped: await startGateway({
    ledger,
    dataDir,
    name: `grouped-${tag}-${String(process.pid)}`,
    limits,
    upstream,
    consortiumKey,
    onBatch: ({ lane, seq, events }) => commits.push({ lane, seq, events, at: now() }),
  }),
  each: await startGateway({
    ledger,
    dataDir,
    name: 'each',
    upstream,
    consortiumKey,
    recorder: createEachAlone({ ledger, mspId: NORTH, tag: `${tag}-${String(process.pid)}` }),
  }),
};

let peakRss = 0;
setInterval(() => {
  peakRss = Math.max(peakRss, process.memoryUsage.rss());
}, 50).unref();

/** Pseudonyms are looked up, not computed, while time is taken. */
const subjects = permitted(Math.min(people, 20_000)).map(population.subjectOf);
/** Beyond that, a person anywhere among all of them. */
function anySubject() {
  if (people <= 20_000) return subjects[Math.floor(Math.random() * subjects.length)];
  let n;
  do n = Math.floor(Math.random() * people);
  while (population.isDenied(n));
  return population.subjectOf(n);
}

const questions = {
  /** `callers` ask the recorder one access after the other until `seconds` have passed; each has its last answer when this returns. */
  async drive({ recorder, callers, seconds }) {
    const { record } = bound(services[recorder].recorder);
    const times = [];
    const from = performance.now();
    const until = from + seconds * 1000;
    await Promise.all(
      Array.from({ length: callers }, async () => {
        while (performance.now() < until) {
          const began = performance.now();
          const outcome = await record(accessRequest(anySubject()));
          if (!outcome.permitted.every(Boolean)) throw new Error('a person who permits was refused');
          times.push(performance.now() - began);
        }
      }),
    );
    return {
      seconds: (performance.now() - from) / 1000,
      times: times.map((ms) => Math.round(ms * 100) / 100),
    };
  },
  /** What the ledger decides for some persons, and what their seeded consents say. */
  decide: ({ people: persons }) =>
    Promise.all(
      persons.map(async (person) => {
        const request = accessRequest(population.subjectOf(person));
        const [{ permitted: items }] = await services.each.recorder.record([request]);
        return { person, isDenied: population.isDenied(person), permitted: items };
      }),
    ),
  /** What is committed, once nothing is under way any more: closing connections leaves requests behind. */
  async recorded({ recorder }) {
    for (;;) {
      const { queued, inFlight } = services[recorder].recorder.state();
      if (queued === 0 && inFlight === 0) break;
      await wait(5);
    }
    const { committedEvents, committedBatches, failedAttempts } = services[recorder].recorder.state();
    return { events: committedEvents, batches: committedBatches, failed: failedAttempts };
  },
  /** The commits since the last such question. */
  commits() {
    const answer = commits;
    commits = [];
    return answer;
  },
  forgetPeak() {
    peakRss = 0;
    return {};
  },
  memory: () => ({ peakMib: peakRss / 1024 / 1024 }),
};

function bound(recorder) {
  return { record: async (request) => (await recorder.record([request]))[0] };
}

answerQuestions(questions, {
  dataDir,
  pid: process.pid,
  services: Object.fromEntries(
    Object.entries(services).map(([name, { baseUrl, paths }]) => [name, { baseUrl, paths }]),
  ),
});
