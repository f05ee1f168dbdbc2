// SPDX-License-Identifier: Apache-2.0
import { Router } from 'express';

/** State of one part that a service needs. `detail` is for operators: no personal data. */
export interface PartHealth {
  readonly ready: boolean;
  readonly detail?: string;
}

export type ReadinessChecks = Readonly<Record<string, () => PartHealth | Promise<PartHealth>>>;

/**
 * `GET /healthz`: the process answers. `GET /readyz`: every named part is ready (200) or not (503), each with its state, so that an
 * operator sees which one is missing.
 */
export function healthRouter(checks: ReadinessChecks): Router {
  const router = Router();
  router.get('/healthz', (_request, response) => {
    response.set('Cache-Control', 'no-store').json({ status: 'ok' });
  });
  router.get('/readyz', async (_request, response) => {
    const parts = Object.fromEntries(
      await Promise.all(
        Object.entries(checks).map(async ([name, check]) => [name, await safely(check)] as const),
      ),
    );
    const ready = Object.values(parts).every((part) => part.ready);
    response
      .status(ready ? 200 : 503)
      .set('Cache-Control', 'no-store')
      .json({ status: ready ? 'ready' : 'notReady', parts });
  });
  return router;
}

/** A check that throws means a part that is not ready; its message is the answer. */
async function safely(check: () => PartHealth | Promise<PartHealth>): Promise<PartHealth> {
  try {
    return await check();
  } catch (error) {
    return { ready: false, detail: error instanceof Error ? error.name : 'failed' };
  }
}
