// SPDX-License-Identifier: Apache-2.0
/*
 * The trustee's projection and read model in a process of its own, wired as the trustee's service wires them;
 * notes when each batch could be read. Answers questions over IPC; run.ts starts it.
 */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { connectToPeer } from '../../../gateway/dist/compose/openLedger';
import { parseLedgerConfig } from '../../../gateway/dist/config/peerConfig';
import { createProjection, type Projection } from '../../../gateway/dist/projection/projection';
import type { AccessStore } from '../../../gateway/dist/readmodel/accessStore';
import { openSqlAccessStore } from '../../../gateway/dist/readmodel/sqlAccessStore';
import { runMain } from '../../load/runMain';
import { answerQuestions, argument } from '../answerQuestions';
import type { Child, Ready } from '../child';
import { log } from '../network';
import type { BatchMoment } from './lagsOf';

export interface BenchTrusteeArgument {
  readonly environment: Readonly<Record<string, string>>;
}
export type BenchTrustee = Child<ReturnType<typeof questionsFor>, Ready>;

/** The store, which tells when each batch has been applied. */
function timed(store: AccessStore, onApplied: (moment: BatchMoment) => void): AccessStore {
  const apply: AccessStore['apply'] = async (batches, checkpoint) => {
    await store.apply(batches, checkpoint);
    const at = performance.timeOrigin + performance.now();
    for (const { lane, seq, events } of batches) {
      onApplied({ lane, seq, events: events.length, at });
    }
  };
  return new Proxy(store, {
    get(target, name): unknown {
      if (name === 'apply') {
        return apply;
      }
      const member: unknown = Reflect.get(target, name);
      // Its private members are the store's own.
      return typeof member === 'function' ? (member.bind(target) as unknown) : member;
    },
  });
}

function questionsFor(projection: Projection, takeApplied: () => readonly BatchMoment[]) {
  return {
    status: () => projection.status(),
    /** What became readable since the last such question. */
    applied: takeApplied,
  };
}

if (require.main === module) {
  runMain(async () => {
    const { environment } = argument() as BenchTrusteeArgument;
    const dataDir = mkdtempSync(path.join(tmpdir(), 'chartwitness-bench-trustee-'));
    const config = parseLedgerConfig(environment);
    const ledger = await connectToPeer(config, config.peer, log);
    const store = openSqlAccessStore(path.join(dataDir, 'accesses.db'));
    let applied: BatchMoment[] = [];
    const projection = createProjection({
      ledger,
      store: timed(store, (moment) => applied.push(moment)),
      log,
      clock: Date.now,
      random: Math.random,
      sleep: (ms, signal) => wait(ms, undefined, { signal }).catch(() => undefined),
    });
    const stop = new AbortController();
    const projecting = projection.run(stop.signal);
    const takeApplied = (): readonly BatchMoment[] => {
      const taken = applied;
      applied = [];
      return taken;
    };
    answerQuestions(questionsFor(projection, takeApplied), { dataDir }, () => {
      stop.abort();
      void projecting.then(() => store.close()).then(() => process.exit(0));
    });
    return 0;
  });
}
