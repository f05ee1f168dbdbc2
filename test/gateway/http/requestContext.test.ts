// SPDX-License-Identifier: Apache-2.0
import express from 'express';
import { pino } from 'pino';
import 'pino-http';
import request from 'supertest';
import { requestContext } from '../../../gateway/src/http/requestContext';

/** An app with a route that succeeds and one that fails, and the log lines that it wrote. */
function appAt(level: string) {
  const lines: Record<string, unknown>[] = [];
  const log = pino(
    { level },
    {
      write: (line: string) => {
        lines.push(JSON.parse(line) as Record<string, unknown>);
      },
    },
  );
  const app = express();
  app.use(requestContext(log));
  app.get('/things/:id', (req, response) => {
    req.log.info('from the handler');
    response.send('ok');
  });
  app.get('/broken/:id', (_request, response) => {
    response.status(500).send('no');
  });
  return { app, lines };
}

const ended = (lines: readonly Record<string, unknown>[]) => lines.filter((line) => 'responseTime' in line);

test('a request’s end is one line with its route pattern and status, and never its URL', async () => {
  const { app, lines } = appAt('debug');
  await request(app).get('/things/patient-7?name=secret').set('X-Request-Id', 'abc');
  expect(ended(lines)).toEqual([
    expect.objectContaining({
      level: 20,
      route: '/things/:id',
      req: { id: 'abc', method: 'GET' },
      res: { statusCode: 200 },
    }),
  ]);
  expect(JSON.stringify(lines)).not.toMatch(/patient-7|secret/);
});

test('at level info success is not told, a failure is, with its route', async () => {
  const { app, lines } = appAt('info');
  await request(app).get('/things/7');
  expect(ended(lines)).toEqual([]);
  await request(app).get('/broken/7');
  expect(ended(lines)).toEqual([
    expect.objectContaining({ level: 40, route: '/broken/:id', res: { statusCode: 500 } }),
  ]);
});

test('readiness is asked every few seconds: its answer is no line, and no line has an error that nobody threw', async () => {
  const { app, lines } = appAt('info');
  app.get('/readyz', (_request, response) => {
    response.status(503).send('no');
  });
  await request(app).get('/readyz');
  await request(app).get('/broken/7');
  expect(ended(lines)).toHaveLength(1);
  expect(ended(lines)[0]).not.toHaveProperty('err');
});

test('what a handler logs carries the request’s id', async () => {
  const { app, lines } = appAt('info');
  await request(app).get('/things/7').set('X-Request-Id', 'abc');
  expect(lines).toEqual([
    expect.objectContaining({ msg: 'from the handler', req: { id: 'abc', method: 'GET' } }),
  ]);
});
