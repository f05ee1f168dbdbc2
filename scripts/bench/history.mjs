// SPDX-License-Identifier: Apache-2.0
/* Fills a read model, the embedded one or one on MongoDB, with events and times pages of patients' histories; run.mjs starts it. */
import { mkdtempSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { answerQuestions } from './answerQuestions.mjs';
import { dist } from './dist.mjs';
import { NORTH } from './network.mjs';
import { accessRequest } from './requests.mjs';
import { quantile, timeEach } from './statistics.mjs';

const { openStore } = dist('compose/openStore.js');
const { ownDatabase } = dist('demo/mongoStore.js');
const { mongodbUri } = JSON.parse(process.argv[2] ?? '{}');
const dataDir = mkdtempSync(join(tmpdir(), 'chartwitness-bench-history-'));
const file = join(dataDir, 'history.db');
const store = await openStore({
  mongodbUri: mongodbUri === undefined ? undefined : ownDatabase(mongodbUri),
  file,
  indexes: 'build',
});
const BATCH = 500;
const PAGE = 50;
const lane = `${NORTH}/ward`;
const subjects = new Set();

function eventOf(request) {
  subjects.add(request.subject);
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

const questions = {
  async cpu() {
    const { user, system } = process.cpuUsage();
    return { milliseconds: (user + system) / 1000 };
  },
  async fill({ events }) {
    const from = performance.now();
    for (let seq = 0; seq * BATCH < events; seq += 1) {
      const transactionId = seq.toString(16).padStart(64, '0');
      const count = (seq + 1) * BATCH;
      await store.apply(
        [
          {
            lane,
            seq,
            block: seq + 10,
            transactionId,
            firstPosition: seq * BATCH + 1,
            events: Array.from({ length: BATCH }, () => eventOf(accessRequest())),
          },
        ],
        {
          events: seq + 1,
          block: seq + 10,
          transactionId,
          entries: count,
          lanes: { [lane]: { nextSeq: seq + 1, count } },
        },
      );
    }
    return {
      perSecond: events / ((performance.now() - from) / 1000),
      bytes: mongodbUri === undefined ? statSync(file).size : undefined,
    };
  },
  async empty() {
    await store.reset();
    await store.close();
  },
  async pages({ count }) {
    const all = [...subjects];
    const pageOf = async (index) => {
      const first = await store.page(all[index % all.length], {}, undefined, PAGE);
      if (first.entries.length !== PAGE) {
        throw new Error('a page is not full');
      }
      return first;
    };
    await timeEach(20, pageOf);
    const newest = await timeEach(count, pageOf);
    const before = (await store.checkpoint()).entries / 2;
    const older = await timeEach(count, (index) => store.page(all[index % all.length], {}, before, PAGE));
    const filtered = await timeEach(count, (index) =>
      store.page(all[index % all.length], { types: ['Condition'], purposes: ['TREAT'] }, before, PAGE),
    );
    return { newest: quantile(newest, 0.5), older: quantile(older, 0.5), filtered: quantile(filtered, 0.5) };
  },
};

answerQuestions(questions, { dataDir });
