// SPDX-License-Identifier: Apache-2.0
/*
 * The product in one process, for the benchmark: embedded ledger and gateways (`all`), the embedded ledger alone (`ledger`), or gateways
 * alone on another process's peer (`gateway`). Answers questions over IPC; run.mjs starts it.
 */
import { randomBytes } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { answerQuestions } from './answerQuestions.mjs';
import { ONE_EACH, startGateway } from './gateways.mjs';
import { connectPeer, NORTH, peerOf, startNetwork } from './network.mjs';
import { accessRequest } from './requests.mjs';
import { quantile, timeEach } from './statistics.mjs';
import { twinCharts } from './twinCharts.mjs';
import { dist } from './dist.mjs';

const { hospitalOf } = dist('fhir/sampleHospital.js');
const { createSubjects } = dist('fhir/subject.js');
const { US_IDENTIFIER_SYSTEMS } = dist('compose/bootstrap.js');
const { identifierTable } = dist('subjects/networkTable.js');
const { createPseudonyms } = dist('subjects/pseudonyms.js');

const {
  part,
  publicJwk,
  peer,
  limits: groupedLimits = {},
  absenceWaits = true,
} = JSON.parse(process.argv[2] ?? '{}');
const dataDir = mkdtempSync(join(tmpdir(), 'chartwitness-bench-'));
const MIB = 1024 * 1024;

const gateways = {};
const TWINS = twinCharts(450);
let ledger;
let network;
let trustee;
const consortiumKey = randomBytes(32);
if (part === 'gateway') {
  ledger = await connectPeer(peer);
} else {
  ({ network, trustee, north: ledger } = await startNetwork(dataDir, publicJwk));
}
if (part !== 'ledger') {
  for (const [name, limits] of Object.entries({ grouped: groupedLimits, single: ONE_EACH })) {
    gateways[name] = await startGateway({
      ledger,
      dataDir,
      name,
      limits,
      consortiumKey,
      ...(absenceWaits ? {} : { pause: () => Promise.resolve() }),
    });
  }
  gateways.twins = await startGateway({
    ledger,
    dataDir,
    name: 'twins',
    limits: groupedLimits,
    consortiumKey,
    upstream: hospitalOf(TWINS.records),
  });
}

let peakRss = 0;
setInterval(() => {
  peakRss = Math.max(peakRss, process.memoryUsage.rss());
}, 50).unref();

const lane = { seq: 0, start: 0 };
async function recordBatch(size) {
  const { seq, start } = lane;
  lane.seq += 1;
  lane.start += size;
  const requests = Array.from({ length: size }, accessRequest);
  const { permitted } = await ledger.recordBatch(`${NORTH}/bench-ledger`, seq, { start, requests });
  if (!permitted.flat().every(Boolean)) {
    throw new Error('the benchmark measures permitted accesses, and one was refused');
  }
}

function subjectOf(patient) {
  const table = identifierTable(US_IDENTIFIER_SYSTEMS, Date.now);
  const pseudonyms = createPseudonyms({ table, consortiumKey });
  return createSubjects({ pseudonyms, onMalformed: () => undefined }).ofPatient(patient);
}

/** Processor time of this process so far, all threads. */
function cpuMs() {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

const questions = {
  /** Ids of a patient who denies everything, and of an Observation of hers. */
  async closedPatient() {
    const { upstream } = gateways.grouped;
    const [patient] = upstream.patients();
    await trustee.putConsent(subjectOf(patient), { rules: [], default: 'deny' }, 0);
    const { signal } = new AbortController();
    const found = await upstream.search('Observation', new URLSearchParams({ patient: patient.id }), signal);
    return { patient: patient.id, observation: found.entries[0].resource.id };
  },
  /** Ids of a patient who withholds one Observation of each page, and of her twins who do not have it. */
  async twins() {
    const rules = [{ id: 'psy', effect: 'deny', labels: ['PSY'] }];
    await trustee.putConsent(subjectOf(TWINS.records[0]), { rules, default: 'permit' }, 0);
    return { withheld: TWINS.withheld, without: TWINS.without };
  },
  async idle({ count }) {
    await timeEach(50, () => recordBatch(1));
    const before = cpuMs();
    const times = await timeEach(count, () => recordBatch(1));
    return {
      p50: quantile(times, 0.5),
      p99: quantile(times, 0.99),
      cpuPerEvent: (cpuMs() - before) / count,
    };
  },
  async throughput({ events, size, inFlight }) {
    const batches = Math.ceil(events / size);
    let begun = 0;
    const times = [];
    const cpuBefore = cpuMs();
    const from = performance.now();
    await Promise.all(
      Array.from({ length: inFlight }, async () => {
        while (begun < batches) {
          begun += 1;
          times.push(...(await timeEach(1, () => recordBatch(size))));
        }
      }),
    );
    const seconds = (performance.now() - from) / 1000;
    return {
      perSecond: (batches * size) / seconds,
      batchP50: quantile(times, 0.5),
      cpuPerEvent: (cpuMs() - cpuBefore) / (batches * size),
    };
  },
  recorded({ variant }) {
    const { committedEvents, committedBatches } = gateways[variant].recorder.state();
    return { events: committedEvents, batches: committedBatches };
  },
  forgetPeak() {
    peakRss = 0;
    return {};
  },
  memory() {
    return { peakMib: peakRss / MIB };
  },
  cpu() {
    return { milliseconds: cpuMs() };
  },
};

answerQuestions(questions, {
  dataDir,
  peer: network === undefined ? undefined : peerOf(network),
  gateways: Object.fromEntries(
    Object.entries(gateways).map(([name, { baseUrl, paths }]) => [name, { baseUrl, paths }]),
  ),
});
