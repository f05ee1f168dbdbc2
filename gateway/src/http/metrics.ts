// SPDX-License-Identifier: Apache-2.0
import { type RequestHandler, Router } from 'express';
import { collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { routeOf } from './requestContext';

export interface Metrics {
  readonly registry: Registry;
  /** Times every request by method, route pattern and status. Mount it first. */
  readonly middleware: RequestHandler;
  /** `GET /metrics` in the Prometheus text format. Labels hold route patterns and codes, never ids. */
  readonly router: Router;
  /** Adds a gauge whose value is read at each scrape. */
  gauge(name: string, help: string, read: () => number): void;
}

/** Metrics of one service with a registry of its own, so that several services can live in one process. */
export function createMetrics(service: string): Metrics {
  const registry = new Registry();
  registry.setDefaultLabels({ service });
  collectDefaultMetrics({ register: registry });
  const seconds = new Histogram({
    name: 'chartwitness_http_request_seconds',
    help: 'Duration of HTTP requests',
    labelNames: ['method', 'route', 'status'] as const,
    buckets: [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers: [registry],
  });
  const router = Router();
  router.get('/metrics', async (_request, response) => {
    response.type(registry.contentType).send(await registry.metrics());
  });
  return {
    registry,
    router,
    middleware: (request, response, next) => {
      const end = seconds.startTimer();
      response.once('finish', () => {
        end({ method: request.method, route: routeOf(request), status: String(response.statusCode) });
      });
      next();
    },
    gauge: (name, help, read) => {
      new Gauge({
        name,
        help,
        registers: [registry],
        collect() {
          this.set(read());
        },
      });
    },
  };
}
