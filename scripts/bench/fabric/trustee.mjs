// SPDX-License-Identifier: Apache-2.0
/*
 * The trustee's projection and read model in a process of its own, wired as the trustee's service wires them; notes when each batch could be
 * read. Answers questions over IPC; run.mjs starts it.
 */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { answerQuestions } from '../answerQuestions.mjs';
import { dist } from '../dist.mjs';
import { log } from '../network.mjs';

const { connectToPeer } = dist('compose/openLedger.js');
const { parseLedgerConfig } = dist('config/peerConfig.js');
const { createProjection } = dist('projection/projection.js');
const { openSqlAccessStore } = dist('readmodel/sqlAccessStore.js');

const { environment } = JSON.parse(process.argv[2] ?? '{}');
const dataDir = mkdtempSync(join(tmpdir(), 'chartwitness-bench-trustee-'));
const config = parseLedgerConfig(environment);
const ledger = await connectToPeer(config, config.peer, log);
const store = openSqlAccessStore(join(dataDir, 'accesses.db'));
const now = () => performance.timeOrigin + performance.now();

let applied = [];
const timedStore = new Proxy(store, {
  get(target, name) {
    if (name === 'apply') {
      return async (batches, checkpoint) => {
        await target.apply(batches, checkpoint);
        const at = now();
        for (const { lane, seq, events } of batches) applied.push({ lane, seq, events: events.length, at });
      };
    }
    const member = target[name];
    return typeof member === 'function' ? member.bind(target) : member;
  },
});
const projection = createProjection({
  ledger,
  store: timedStore,
  log,
  clock: Date.now,
  random: Math.random,
  sleep: (ms, signal) => wait(ms, undefined, { signal }).catch(() => undefined),
});
const stop = new AbortController();
const projecting = projection.run(stop.signal);

const questions = {
  status: () => projection.status(),
  /** What became readable since the last such question. */
  applied() {
    const answer = applied;
    applied = [];
    return answer;
  },
  /** Whether a subject's list can be read, and how long it is. */
  count: ({ subject }) => store.count(subject),
};

answerQuestions(questions, { dataDir, pid: process.pid }, () => {
  stop.abort();
  void projecting.then(() => store.close()).then(() => process.exit(0));
});
