// SPDX-License-Identifier: Apache-2.0
import { Router } from 'express';

/** State of one part that a service needs, for operators: no personal data. */
export interface PartHealth {
  readonly ready: boolean;
  /** What state it is in, where there is more than the two. */
  readonly detail?: string;
  /** Why it is not ready, or what may become a reason; absent while nothing is wrong. */
  readonly reason?: string;
  /** What an operator does about the reason. */
  readonly remedy?: string;
}

export type ReadinessChecks = Readonly<Record<string, () => PartHealth | Promise<PartHealth>>>;

/** What was found when the parts were last asked. */
export interface ReadinessReport {
  readonly ready: boolean;
  readonly parts: Readonly<Record<string, PartHealth>>;
}

export type Readiness = () => Promise<ReadinessReport>;

/** A check may ask the hospital's own systems, and anybody may ask `/readyz`: the parts are asked once in this time at most, one after the other. */
const KEEP_MS = 1_000;
/** A look that takes longer than this is given up. */
const LONGEST_MS = 30_000;

/**
 * Asks every part; whoever asks at the same time or soon after gets the same report.
 * @param clock milliseconds since the epoch.
 */
export function createReadiness(checks: ReadinessChecks, clock: () => number): Readiness {
  let kept: { at: number; readonly report: Promise<ReadinessReport>; isUnderWay: boolean } | undefined;
  const ask = async (): Promise<ReadinessReport> => {
    const parts = Object.fromEntries(
      await Promise.all(
        Object.entries(checks).map(async ([name, check]) => [name, await safely(check)] as const),
      ),
    );
    return { ready: Object.values(parts).every((part) => part.ready), parts };
  };
  return () => {
    const age = clock() - (kept?.at ?? 0);
    if (kept === undefined || age >= (kept.isUnderWay ? LONGEST_MS : KEEP_MS) || age < 0) {
      const report = ask();
      const next = { at: clock(), report, isUnderWay: true };
      void report.then(() => {
        next.isUnderWay = false;
        next.at = clock();
      });
      kept = next;
    }
    return kept.report;
  };
}

/** `GET /healthz`: the process answers. `GET /readyz`: every part is ready (200) or not (503), and no word about which. */
export function healthRouter(readiness: Readiness): Router {
  const router = Router();
  router.get('/healthz', (_request, response) => {
    response.set('Cache-Control', 'no-store').json({ status: 'ok' });
  });
  router.get('/readyz', async (_request, response) => {
    const { ready } = await readiness();
    response
      .status(ready ? 200 : 503)
      .set('Cache-Control', 'no-store')
      .json({ status: statusOf(ready) });
  });
  return router;
}

/** `GET /readyz` with the state of each named part, so that an operator sees which one is missing. */
export function detailedReadiness(readiness: Readiness): Router {
  const router = Router();
  router.get('/readyz', async (_request, response) => {
    const { ready, parts } = await readiness();
    response
      .status(ready ? 200 : 503)
      .set('Cache-Control', 'no-store')
      .json({ status: statusOf(ready), parts });
  });
  return router;
}

function statusOf(ready: boolean): string {
  return ready ? 'ready' : 'notReady';
}

/** A check that throws means a part that is not ready; its kind of error is the answer. */
async function safely(check: () => PartHealth | Promise<PartHealth>): Promise<PartHealth> {
  try {
    return await check();
  } catch (error) {
    return { ready: false, detail: error instanceof Error ? error.name : 'failed' };
  }
}
