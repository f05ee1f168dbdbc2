// SPDX-License-Identifier: Apache-2.0
import { Router } from 'express';
import type { Logger } from 'pino';

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
  /** The process has begun to end; no part was asked. */
  readonly isStopping: boolean;
  readonly parts: Readonly<Record<string, PartHealth>>;
}

export type Readiness = () => Promise<ReadinessReport>;

/**
 * A check may ask the hospital's own systems, and anybody may ask `/readyz`: the parts are asked once in this
 * time at most, one after the other.
 */
const KEEP_MS = 1_000;
/** A look that takes longer than this is given up. */
const LONGEST_MS = 30_000;

export interface ReadinessOptions {
  readonly checks: ReadinessChecks;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  /** Told why the service is not ready, when that begins, becomes something else, and ends. */
  readonly log: Pick<Logger, 'warn' | 'info'>;
  /** Asked first and each time, so that a load balancer learns at once; default never. */
  readonly isStopping?: (() => boolean) | undefined;
}

/** Asks every part; callers that ask at the same time or soon after get the same report. */
export function createReadiness({ checks, clock, log, isStopping }: ReadinessOptions): Readiness {
  const say = tellingChanges(log);
  let kept: { at: number; readonly report: Promise<ReadinessReport>; isUnderWay: boolean } | undefined;
  const ask = async (): Promise<ReadinessReport> => {
    const parts = Object.fromEntries(
      await Promise.all(
        Object.entries(checks).map(async ([name, check]) => [name, await safely(check)] as const),
      ),
    );
    say(parts);
    return { ready: Object.values(parts).every((part) => part.ready), isStopping: false, parts };
  };
  return () => {
    if (isStopping?.() === true) {
      return Promise.resolve({ ready: false, isStopping: true, parts: {} });
    }
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

/**
 * Says which parts are not ready and why, once: what is asked every few seconds must not fill the log. A
 * number that grows is no change.
 */
function tellingChanges(log: ReadinessOptions['log']): (parts: ReadinessReport['parts']) => void {
  let said = '';
  return (parts) => {
    const unready = Object.entries(parts).filter(([, { ready }]) => !ready);
    const text = JSON.stringify(unready).replaceAll(/\d+/g, '#');
    if (unready.length > 0 && text !== said) {
      log.warn({ parts: Object.fromEntries(unready) }, 'the service is not ready');
    } else if (unready.length === 0 && said !== '') {
      log.info('the service is ready again');
    }
    said = unready.length === 0 ? '' : text;
  };
}

/**
 * `GET /healthz`: the process answers. `GET /readyz`: every part is ready (200) or not (503), and no word
 * about which.
 */
export function healthRouter(readiness: Readiness): Router {
  const router = Router();
  router.get('/healthz', (_request, response) => {
    response.set('Cache-Control', 'no-store').json({ status: 'ok' });
  });
  router.get('/readyz', async (_request, response) => {
    const report = await readiness();
    response
      .status(report.ready ? 200 : 503)
      .set('Cache-Control', 'no-store')
      .json({ status: statusOf(report) });
  });
  return router;
}

/** `GET /readyz` with the state of each named part, so that an operator sees which one is missing. */
export function detailedReadiness(readiness: Readiness): Router {
  const router = Router();
  router.get('/readyz', async (_request, response) => {
    const report = await readiness();
    response
      .status(report.ready ? 200 : 503)
      .set('Cache-Control', 'no-store')
      .json({ status: statusOf(report), parts: report.parts });
  });
  return router;
}

function statusOf({ ready, isStopping }: ReadinessReport): string {
  if (isStopping) {
    return 'stopping';
  }
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
