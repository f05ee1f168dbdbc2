// SPDX-License-Identifier: Apache-2.0
import { type RequestHandler, Router } from 'express';
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import { routeOf } from './requestContext';

export interface Metrics {
  readonly registry: Registry;
  /** Times every request by method, route pattern and status. Mount it first. */
  readonly middleware: RequestHandler;
  /** `GET /metrics` in the Prometheus text format. Labels hold route patterns and codes, never ids. */
  readonly router: Router;
  /** Adds a gauge whose value is read at each scrape. */
  gauge(name: string, help: string, read: () => number): void;
  /** Adds a gauge with a value for each of a closed set of parts, read at each scrape. */
  gauges(name: string, help: string, label: string, read: () => Readonly<Record<string, number>>): void;
  /**
   * Adds a counter by one label, whose values are a closed set: all are there from the start, with 0.
   * @returns what counts one.
   */
  counter<Value extends string>(
    name: string,
    help: string,
    label: string,
    values: readonly Value[],
  ): (value: Value) => void;
  /**
   * Adds a histogram of seconds.
   * @returns what takes one duration in milliseconds, with the label's value where there is a label.
   */
  durations(name: string, help: string, label?: string): (milliseconds: number, value?: string) => void;
}

const SECONDS = [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** Metrics of one service with a registry of its own, so that several services can live in one process. */
export function createMetrics(service: string): Metrics {
  const registry = new Registry();
  registry.setDefaultLabels({ service });
  collectDefaultMetrics({ register: registry });
  const seconds = new Histogram({
    name: 'chartwitness_http_request_seconds',
    help: 'Duration of HTTP requests',
    labelNames: ['method', 'route', 'status'] as const,
    buckets: SECONDS,
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
    gauges: (name, help, label, read) => {
      new Gauge({
        name,
        help,
        labelNames: [label],
        registers: [registry],
        collect() {
          for (const [part, value] of Object.entries(read())) {
            this.set({ [label]: part }, value);
          }
        },
      });
    },
    counter: (name, help, label, values) => {
      const counter = new Counter({ name, help, labelNames: [label], registers: [registry] });
      for (const value of values) {
        counter.inc({ [label]: value }, 0);
      }
      return (value) => {
        counter.inc({ [label]: value });
      };
    },
    durations: (name, help, label) => {
      const histogram = new Histogram({
        name,
        help,
        labelNames: label === undefined ? [] : [label],
        buckets: SECONDS,
        registers: [registry],
      });
      return (milliseconds, value) => {
        histogram.observe(
          label === undefined || value === undefined ? {} : { [label]: value },
          milliseconds / 1000,
        );
      };
    },
  };
}
