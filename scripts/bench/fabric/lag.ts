// SPDX-License-Identifier: Apache-2.0
import { setTimeout as wait } from 'node:timers/promises';
import type { ProjectionStatus } from '../../../gateway/dist/projection/projectionStatus';
import { startChild } from '../child';
import { TRUSTEE } from '../network';
import type { FabricGateway } from './gateway';
import type { FabricGround } from './ground';
import { lagsOf } from './lagsOf';
import { measure } from './measure';
import type { BenchTrustee, BenchTrusteeArgument } from './trustee';

const CATCH_UP_MS = 120_000;

/**
 * From the commit of an access, as its gateway learns of it, until the trustee's list has it: under the load
 * of `callers` over HTTP, with the trustee's projection running beside everything else.
 */
export async function measureLag(
  { bench, report, privateJwk, options }: FabricGround,
  gateway: FabricGateway,
): Promise<void> {
  const given: BenchTrusteeArgument = { environment: bench.environment(TRUSTEE) };
  const trustee: BenchTrustee = await startChild('fabric/trustee', given);
  try {
    await untilRead(trustee, 0);
    const load = { recorder: 'grouped', level: 'http', privateJwk } as const;
    await measure(bench, [gateway], { ...load, callers: 16, seconds: 2 });
    for (const callers of options.callers) {
      await untilIdle(trustee);
      await gateway.ask('commits');
      await trustee.ask('applied');
      const { entries } = await trustee.ask('status');
      const figures = await measure(bench, [gateway], { ...load, callers, seconds: options.seconds });
      await untilRead(trustee, entries + figures.events);
      const lags = lagsOf(await gateway.ask('commits'), await trustee.ask('applied'));
      if (lags.events !== figures.events) {
        throw new Error(
          `${String(figures.events)} accesses were committed, ${String(lags.events)} became readable`,
        );
      }
      const at = `with the trustee, ${String(callers)} callers over HTTP`;
      report.plain(at, figures.perSecond, '/s');
      report.plain(`${at}: commit to readable, p50`, lags.quantile(0.5), 'ms');
      report.plain(`${at}: commit to readable, p99`, lags.quantile(0.99), 'ms');
      report.plain(`${at}: longest`, lags.quantile(1), 'ms');
    }
  } finally {
    await trustee.stop();
  }
}

async function untilRead(trustee: BenchTrustee, entries: number): Promise<void> {
  await until(trustee, (status) => status.entries >= entries && status.state === 'live');
}

/** Nothing has been applied between two looks. */
async function untilIdle(trustee: BenchTrustee): Promise<void> {
  let last = -1;
  await until(trustee, (status) => {
    const isIdle = status.state === 'live' && status.entries === last;
    last = status.entries;
    return isIdle;
  });
}

async function until(trustee: BenchTrustee, holds: (status: ProjectionStatus) => boolean): Promise<void> {
  const deadline = performance.now() + CATCH_UP_MS;
  for (;;) {
    const status = await trustee.ask('status');
    if (status.state === 'halted') {
      throw new Error(`the projection halted: ${String(status.problem)}`);
    }
    if (holds(status)) {
      return;
    }
    if (performance.now() > deadline) {
      throw new Error(`the trustee did not catch up: ${JSON.stringify(status)}`);
    }
    await wait(100);
  }
}
