// SPDX-License-Identifier: Apache-2.0
/*
 * Fills a read model, the embedded one or one on MongoDB, with events and times pages of patients' histories;
 * run.ts starts it.
 */
import { mkdtempSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { AccessEvent, AccessRequest } from '@chartwitness/chaincode/domain';
import { openStore } from '../../gateway/dist/compose/openStore';
import { ownDatabase } from '../../gateway/dist/demo/mongoStore';
import type { AccessStore, EntryPage } from '../../gateway/dist/readmodel/accessStore';
import { runMain } from '../load/runMain';
import { answerQuestions, argument } from './answerQuestions';
import { NORTH } from './network';
import { ownCpuMs } from './processorTime';
import { accessRequest } from './requests';
import { quantile, timeEach } from './statistics';

const BATCH = 500;
const PAGE = 50;
const LANE = `${NORTH}/ward`;

export interface HistoryArgument {
  readonly mongodbUri?: string;
}
export type HistoryQuestions = ReturnType<typeof questionsFor>;

function eventOf(request: AccessRequest): AccessEvent {
  return {
    ...request,
    v: 2,
    kind: 'access',
    holder: NORTH,
    at: request.requestedAt,
    outcome: 'permit',
    items: request.items.map((item) => ({
      ...item,
      decision: 'permit',
      basis: { kind: 'networkDefault', rule: 'own-staff-treatment' },
    })),
  };
}

function questionsFor(store: AccessStore, file: string | undefined) {
  const subjects = new Set<string>();
  const newEvent = (): AccessEvent => {
    const request = accessRequest();
    subjects.add(request.subject);
    return eventOf(request);
  };
  return {
    cpu: () => ({ milliseconds: ownCpuMs() }),
    fill: async ({ events }: { readonly events: number }) => {
      const from = performance.now();
      for (let seq = 0; seq * BATCH < events; seq += 1) {
        const transactionId = seq.toString(16).padStart(64, '0');
        const count = (seq + 1) * BATCH;
        const batch = {
          lane: LANE,
          seq,
          start: seq * BATCH,
          block: seq + 10,
          transactionId,
          firstPosition: seq * BATCH + 1,
          events: Array.from({ length: BATCH }, newEvent),
        };
        await store.apply([batch], {
          events: seq + 1,
          block: seq + 10,
          transactionId,
          entries: count,
          lanes: { [LANE]: { nextSeq: seq + 1, count } },
        });
      }
      return {
        perSecond: events / ((performance.now() - from) / 1000),
        /** On the disk; undefined for a server's. */
        bytes: file === undefined ? undefined : statSync(file).size,
      };
    },
    empty: async () => {
      await store.reset();
      await store.close();
    },
    pages: async ({ count }: { readonly count: number }) => {
      const all = [...subjects];
      const subjectAt = (index: number): string => all[index % all.length] ?? '';
      const pageOf = async (index: number): Promise<EntryPage> => {
        const first = await store.page(subjectAt(index), {}, undefined, PAGE);
        if (first.entries.length !== PAGE) {
          throw new Error('a page is not full');
        }
        return first;
      };
      await timeEach(20, pageOf);
      const newest = await timeEach(count, pageOf);
      const before = ((await store.checkpoint())?.entries ?? 0) / 2;
      const older = await timeEach(count, (index) => store.page(subjectAt(index), {}, before, PAGE));
      const filters = { types: ['Condition'], purposes: ['TREAT'] };
      const filtered = await timeEach(count, (index) => store.page(subjectAt(index), filters, before, PAGE));
      return {
        newest: quantile(newest, 0.5),
        older: quantile(older, 0.5),
        filtered: quantile(filtered, 0.5),
      };
    },
  };
}

if (require.main === module) {
  runMain(async () => {
    const { mongodbUri } = argument() as HistoryArgument;
    const dataDir = mkdtempSync(path.join(tmpdir(), 'chartwitness-bench-history-'));
    const file = path.join(dataDir, 'history.db');
    const store = await openStore({
      mongodbUri: mongodbUri === undefined ? undefined : ownDatabase(mongodbUri),
      file,
      indexes: 'build',
    });
    answerQuestions(questionsFor(store, mongodbUri === undefined ? file : undefined), { dataDir });
    return 0;
  });
}
