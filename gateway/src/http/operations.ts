// SPDX-License-Identifier: Apache-2.0
import express, { type Express } from 'express';
import { detailedReadiness, healthRouter, type Readiness } from './health';
import type { Metrics } from './metrics';
import { notFound, problemHandler } from './problem';
import { requestContext } from './requestContext';
import { securityHeaders } from './securityHeaders';
import type { Logger } from 'pino';

export interface OperationsOptions {
  readonly readiness: Readiness;
  readonly metrics?: Metrics | undefined;
  readonly log: Logger;
}

/**
 * What operators and their monitoring read, for a listener of its own that callers of the service cannot
 * reach: `/metrics`, `/readyz` with each part's state, `/healthz`.
 */
export function createOperationsApp({ readiness, metrics, log }: OperationsOptions): Express {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.use(requestContext(log), securityHeaders('api', false));
  app.use(detailedReadiness(readiness), healthRouter(readiness));
  if (metrics !== undefined) {
    app.use(metrics.router);
  }
  app.use(notFound(), problemHandler());
  return app;
}
