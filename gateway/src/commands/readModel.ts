// SPDX-License-Identifier: Apache-2.0
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { Command } from 'commander';
import { pino } from 'pino';
import { openLedger, type OpenedLedger } from '../compose/openLedger';
import { openStore } from '../compose/openStore';
import { parseTrusteeConfig } from '../config/trusteeConfig';
import { LedgerError } from '../ledger/ledgerError';
import { checkReadModel, describeCheck, rebuildReadModel, RebuildRefused } from '../projection/maintenance';
import { problemOf } from '../projection/problems';
import type { ProjectionDeps } from '../projection/projection';
import { isAtEnd, type ProjectionStatus } from '../projection/projectionStatus';
import { ProjectionHalted } from '../projection/projectionHalted';
import type { AccessStore } from '../readmodel/accessStore';

/** `chartwitness readmodel indexes|rebuild|check`: the trustee's list of accesses against the ledger. */
export function readModelCommand(): Command {
  const command = new Command('readmodel').description(
    "The trustee's read model; configured like serve --role trustee, which must not run during a rebuild.",
  );
  command
    .command('indexes')
    .description('build the indexes that MongoDB needs; may take long on a large collection')
    .action(async () => {
      const { mongodbUri, dataDir } = parseTrusteeConfig(process.env);
      const store = await openStore({ mongodbUri, file: storeFile(dataDir), indexes: 'build' });
      await store.close();
      process.stdout.write('The declared indexes are there.\n');
    });
  command
    .command('rebuild')
    .description('drop it and project the ledger anew, once the ledger is known to be readable')
    .action(async () => {
      await withTrustee(async (deps, signal) => {
        const status = await rebuildReadModel(deps, signal);
        process.stdout.write(`${describeStatus(status)}\n`);
        return isAtEnd(status);
      });
    });
  command
    .command('check')
    .description('derive it from the ledger again and report every difference')
    .action(async () => {
      await withTrustee(async (deps, signal) => {
        const report = await checkReadModel(deps, signal);
        process.stdout.write(`${describeCheck(report)}\n`);
        return report.differences.length === 0 && report.openPlaces.length === 0;
      });
    });
  return command;
}

function describeStatus({ entries, state, problem, remedy }: ProjectionStatus): string {
  return [`${String(entries)} entries, ${state}`, problem, remedy]
    .filter((part) => part !== undefined)
    .join('\n  ');
}

/** What stopped a command, with its remedy; anything else is a mistake of this program and stays an error. */
export function describeRefusal(error: unknown): string | undefined {
  if (error instanceof RebuildRefused) {
    return `Nothing was changed: ${error.message}.`;
  }
  if (error instanceof LedgerError || error instanceof ProjectionHalted) {
    const { kind, remedy } = problemOf(error);
    return `Nothing was changed. ${kind}: ${error.message}\n  ${remedy}`;
  }
  return undefined;
}

function storeFile(dataDir: string): string {
  return join(dataDir, 'accesses.db');
}

type Work = (deps: ProjectionDeps, signal: AbortSignal) => Promise<boolean>;

async function withTrustee(work: Work): Promise<void> {
  const config = parseTrusteeConfig(process.env);
  const log = pino({ level: config.logLevel }, pino.destination(2));
  const opened = await openLedger(config, 'trustee', log);
  try {
    const store = await openStore({
      mongodbUri: config.mongodbUri,
      file: storeFile(config.dataDir),
    });
    const isDone = await interruptible(opened, store, { log, openPlaceMs: config.openPlaceMs }, work);
    process.exitCode = isDone ? 0 : 1;
  } catch (error) {
    const refusal = describeRefusal(error);
    if (refusal === undefined) {
      throw error;
    }
    process.stderr.write(`${refusal}\n`);
    process.exitCode = 1;
  } finally {
    await opened.close();
  }
}

async function interruptible(
  opened: OpenedLedger,
  store: AccessStore,
  settings: Pick<ProjectionDeps, 'log' | 'openPlaceMs'>,
  work: Work,
): Promise<boolean> {
  const stop = new AbortController();
  const abort = (): void => {
    stop.abort();
  };
  process.once('SIGINT', abort);
  process.once('SIGTERM', abort);
  try {
    return await work(
      {
        ledger: opened.ledger,
        store,
        ...settings,
        clock: Date.now,
        random: Math.random,
        sleep: (ms, signal) => wait(ms, undefined, { signal }).catch(() => undefined),
      },
      stop.signal,
    );
  } finally {
    process.removeListener('SIGINT', abort);
    process.removeListener('SIGTERM', abort);
    await store.close();
  }
}
