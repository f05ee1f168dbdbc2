// SPDX-License-Identifier: Apache-2.0
/*
 * The product in one process, for the benchmark: embedded ledger and gateways (`all`), the embedded ledger
 * alone (`ledger`), or gateways alone on another process's peer (`gateway`). Answers questions over IPC;
 * run.ts starts it.
 */
import { randomBytes } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { JWK } from 'jose';
import { US_IDENTIFIER_SYSTEMS } from '../../gateway/dist/compose/bootstrap';
import type { FhirResource } from '../../gateway/dist/fhir/resource';
import {
  createSampleHospital,
  hospitalOf,
  type SampleHospital,
} from '../../gateway/dist/fhir/sources/sampleHospital';
import { createSubjects } from '../../gateway/dist/fhir/subject';
import type { FabricLedger } from '../../gateway/dist/ledger/fabricLedger';
import type { RecorderLimits } from '../../gateway/dist/recorder/limits';
import { identifierTable } from '../../gateway/dist/subjects/networkTable';
import { createPseudonyms } from '../../gateway/dist/subjects/pseudonyms';
import { runMain } from '../load/runMain';
import { answerQuestions, argument } from './answerQuestions';
import type { Child, Ready } from './child';
import { ONE_EACH, type StartedGateway, startGateway } from './gateways';
import type { Target } from './load';
import { connectPeer, NORTH, type PeerAddress, peerOf, startNetwork } from './network';
import { MemoryPeak, ownCpuMs } from './processorTime';
import { accessRequest } from './requests';
import { quantile, timeEach } from './statistics';
import { type TwinCharts, twinCharts } from './twinCharts';

export interface ProductArgument {
  readonly part: 'all' | 'ledger' | 'gateway';
  readonly publicJwk: JWK;
  /** Of `gateway`. */
  readonly peer?: PeerAddress;
  readonly limits?: Partial<RecorderLimits>;
  /** Whether what is absent waits as long as a record would; default yes. */
  readonly absenceWaits?: boolean;
}
export interface ProductReady extends Ready {
  /** Of the embedded ledger; undefined for `gateway`. */
  readonly peer?: PeerAddress;
  readonly gateways: Readonly<Partial<Record<Variant, Target>>>;
}
export type Product = Child<ReturnType<typeof questionsFor>, ProductReady>;
export type Variant = 'grouped' | 'single' | 'twins';

const TWIN_SIZE = 450;

/** What the questions are asked of. */
interface Parts {
  readonly ledger: FabricLedger;
  /** Undefined for `gateway`, whose ledger is another process's. */
  readonly trustee: FabricLedger | undefined;
  readonly sample: SampleHospital;
  readonly twins: TwinCharts;
  readonly consortiumKey: Uint8Array;
  readonly gateways: Partial<Record<Variant, StartedGateway>>;
}

const idOf = ({ id }: FhirResource): string => id ?? '';

async function startGateways(
  { ledger, sample, twins, consortiumKey }: Omit<Parts, 'gateways'>,
  dataDir: string,
  { limits = {}, absenceWaits = true }: ProductArgument,
): Promise<Record<Variant, StartedGateway>> {
  const common = { ledger, dataDir, consortiumKey };
  const ofSample = {
    ...common,
    upstream: sample,
    patients: sample.patients().map(idOf),
    ...(absenceWaits ? {} : { pause: () => Promise.resolve() }),
  };
  return {
    grouped: await startGateway({ ...ofSample, name: 'grouped', limits }),
    single: await startGateway({ ...ofSample, name: 'single', limits: ONE_EACH }),
    twins: await startGateway({
      ...common,
      name: 'twins',
      limits,
      upstream: hospitalOf(twins.records),
      patients: [],
    }),
  };
}

function questionsFor({ ledger, trustee, sample, twins, consortiumKey, gateways }: Parts) {
  const peak = new MemoryPeak();
  const lane = { seq: 0, start: 0 };
  const recordBatch = async (size: number): Promise<void> => {
    const { seq, start } = lane;
    lane.seq += 1;
    lane.start += size;
    const requests = Array.from({ length: size }, () => accessRequest());
    const { permitted } = await ledger.recordBatch(`${NORTH}/bench-ledger`, seq, { start, requests });
    if (!permitted.flat().every(Boolean)) {
      throw new Error('the benchmark measures permitted accesses, and one was refused');
    }
  };
  const decide = async (patient: FhirResource, rules: 'nothing' | 'no psychiatry'): Promise<void> => {
    const pseudonyms = createPseudonyms({
      table: identifierTable(US_IDENTIFIER_SYSTEMS, Date.now),
      consortiumKey,
    });
    const subject = createSubjects({ pseudonyms }).ofPatient(patient);
    if (subject === undefined || trustee === undefined) {
      throw new Error('nobody can decide for this patient');
    }
    await trustee.putConsent(
      subject,
      rules === 'nothing'
        ? { rules: [], default: 'deny' }
        : { rules: [{ id: 'psy', effect: 'deny', labels: ['PSY'] }], default: 'permit' },
      0,
    );
  };
  return {
    /** Ids of a patient who denies everything, and of an Observation of hers. */
    closedPatient: async () => {
      const [patient] = sample.patients();
      if (patient === undefined) {
        throw new Error('the sample hospital has no patient');
      }
      await decide(patient, 'nothing');
      const { signal } = new AbortController();
      const asked = new URLSearchParams({ patient: idOf(patient) });
      const [found] = (await sample.search('Observation', asked, signal)).entries;
      return { patient: idOf(patient), observation: found === undefined ? '' : idOf(found.resource) };
    },
    /** Ids of a patient who withholds one Observation of each page, and of her twins who do not have it. */
    twins: async () => {
      await decide(twins.patient, 'no psychiatry');
      return { withheld: idOf(twins.patient), without: twins.without };
    },
    idle: async ({ count }: { readonly count: number }) => {
      await timeEach(50, () => recordBatch(1));
      const before = ownCpuMs();
      const times = await timeEach(count, () => recordBatch(1));
      return {
        p50: quantile(times, 0.5),
        p99: quantile(times, 0.99),
        cpuPerEvent: (ownCpuMs() - before) / count,
      };
    },
    throughput: async ({ events, size, inFlight }: Record<'events' | 'size' | 'inFlight', number>) => {
      const batches = Math.ceil(events / size);
      let begun = 0;
      const times: number[] = [];
      const cpuBefore = ownCpuMs();
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
        cpuPerEvent: (ownCpuMs() - cpuBefore) / (batches * size),
      };
    },
    recorded: ({ variant }: { readonly variant: Variant }) => {
      const state = gateways[variant]?.recorder.state();
      if (state === undefined) {
        throw new Error(`there is no gateway ${variant}`);
      }
      return { events: state.committedEvents, batches: state.committedBatches };
    },
    forgetPeak: () => {
      peak.forget();
    },
    memory: () => ({ peakMib: peak.mib }),
    cpu: () => ({ milliseconds: ownCpuMs() }),
  };
}

/** Those of the ledger: a network of its own, or another process's peer. */
async function openLedger(dataDir: string, { publicJwk, peer }: ProductArgument) {
  if (peer !== undefined) {
    return { ledger: await connectPeer(peer), trustee: undefined, peer: undefined };
  }
  const { network, trustee, north } = await startNetwork(dataDir, publicJwk);
  return { ledger: north, trustee, peer: peerOf(network) };
}

if (require.main === module) {
  runMain(async () => {
    const given = argument() as ProductArgument;
    const dataDir = mkdtempSync(path.join(tmpdir(), 'chartwitness-bench-'));
    const { ledger, trustee, peer } = await openLedger(dataDir, given);
    const parts = {
      ledger,
      trustee,
      sample: createSampleHospital({ patients: ['alberto', 'liz', 'ned', 'chet'] }),
      twins: twinCharts(TWIN_SIZE),
      consortiumKey: randomBytes(32),
    };
    const gateways: Parts['gateways'] =
      given.part === 'ledger' ? {} : await startGateways(parts, dataDir, given);
    const targets = Object.entries(gateways).map(([name, { baseUrl, paths }]) => [name, { baseUrl, paths }]);
    const ready: ProductReady = {
      dataDir,
      ...(peer === undefined ? {} : { peer }),
      gateways: Object.fromEntries(targets) as ProductReady['gateways'],
    };
    answerQuestions(questionsFor({ ...parts, gateways }), ready);
    return 0;
  });
}
