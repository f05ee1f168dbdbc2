// SPDX-License-Identifier: Apache-2.0
import express from 'express';
import { pino } from 'pino';
import request from 'supertest';
import { AppError, type AppErrorCode } from '../../../gateway/src/errors';
import { problemHandler } from '../../../gateway/src/http/problem';
import { logOf, noteFailure, requestContext } from '../../../gateway/src/http/requestContext';

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
    logOf(req).info('from the handler');
    response.send('ok');
  });
  app.get('/broken/:id', (_request, response) => {
    response.status(500).send('no');
  });
  return { app, lines };
}

const RANDOM_ID = '5f0c6b9e-6a1d-4c39-9c52-0d8f6a3b1e77';

const ended = (lines: readonly Record<string, unknown>[]) => lines.filter((line) => 'responseTime' in line);

test('a request’s end is one line with its route pattern and status, and never its URL', async () => {
  const { app, lines } = appAt('debug');
  await request(app).get('/things/patient-7?name=secret').set('X-Request-Id', RANDOM_ID);
  expect(ended(lines)).toEqual([
    expect.objectContaining({
      level: 20,
      route: '/things/:id',
      req: { id: RANDOM_ID, method: 'GET' },
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

test('a caller’s id that is no random one comes back, and is not in the log', async () => {
  const { app, lines } = appAt('debug');
  const answer = await request(app).get('/things/7').set('X-Request-Id', 'req-999-34-1238-Zorblax');
  expect(answer.headers['x-correlation-id']).toBe('req-999-34-1238-Zorblax');
  expect(answer.headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
  expect(JSON.stringify(lines)).not.toContain('999-34');
  expect(ended(lines)).toEqual([
    expect.objectContaining({ req: { id: answer.headers['x-request-id'], method: 'GET' } }),
  ]);
});

test.each([
  ['a UUID', RANDOM_ID, { 'x-request-id': RANDOM_ID }],
  ['a trace id', '0af7651916cd43dd8448eb211c80319c', { 'x-request-id': '0af7651916cd43dd8448eb211c80319c' }],
])('%s is the request’s id', async (_what, given, headers) => {
  const answer = await request(appAt('debug').app).get('/things/7').set('X-Request-Id', given);
  expect(answer.headers).toMatchObject(headers);
  expect(answer.headers).not.toHaveProperty('x-correlation-id');
});

test('what is no id comes back nowhere', async () => {
  const answer = await request(appAt('debug').app).get('/things/7').set('X-Request-Id', 'a b<c>');
  expect(answer.headers).not.toHaveProperty('x-correlation-id');
  expect(answer.headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
});

test('what a handler logs carries the request’s id', async () => {
  const { app, lines } = appAt('info');
  await request(app).get('/things/7').set('X-Request-Id', RANDOM_ID);
  expect(lines).toEqual([
    expect.objectContaining({ msg: 'from the handler', req: { id: RANDOM_ID, method: 'GET' } }),
  ]);
});

describe('why a request failed', () => {
  async function linesOfFailing(thrown: unknown) {
    const { app, lines } = appAt('info');
    app.get('/failing/:id', () => {
      throw thrown;
    });
    app.use(problemHandler());
    await request(app).get('/failing/patient-7?name=secret');
    expect(JSON.stringify(lines)).not.toMatch(/patient-7|secret/);
    return lines;
  }

  test.each<[AppErrorCode, number]>([
    ['LEDGER_UNAVAILABLE', 503],
    ['OVERLOADED', 503],
    ['UPSTREAM_FAILED', 502],
  ])(
    '%s is one line, with status, route, code and reason, and nothing of its cause',
    async (code, status) => {
      const lines = await linesOfFailing(new AppError(code, 'as it is', { cause: new Error('secret') }));
      expect(lines).toEqual([
        expect.objectContaining({
          ...{ level: 40, code, reason: `${code}: as it is`, route: '/failing/:id' },
          res: { statusCode: status },
        }),
      ]);
      expect(lines[0]).not.toHaveProperty('err');
    },
  );

  test('a fault has its places in a line of its own, without its text', async () => {
    const lines = await linesOfFailing(new Error('secret'));
    expect(lines).toEqual([
      expect.objectContaining({ level: 50, code: 'INTERNAL', msg: 'request failed' }),
      expect.objectContaining({ level: 40, code: 'INTERNAL', res: { statusCode: 500 } }),
    ]);
  });

  test('a refusal is no failure: its end is not told', async () => {
    const lines = await linesOfFailing(new AppError('FORBIDDEN', 'not theirs'));
    expect(lines).toEqual([expect.objectContaining({ level: 30, code: 'FORBIDDEN' })]);
  });

  test('one whose caller has gone is told at once: its line at the end has been written', async () => {
    const { app, lines } = appAt('info');
    const isSaidLater = new Promise<boolean>((resolve) => {
      app.get('/left/:id', (_request, response) => {
        response.once('close', () => {
          resolve(noteFailure(response, { code: 'OVERLOADED', reason: 'late' }));
        });
        response.destroy();
      });
    });
    await expect(request(app).get('/left/7')).rejects.toThrow();
    expect(await isSaidLater).toBe(false);
    expect(JSON.stringify(lines)).not.toContain('OVERLOADED');
  });

  test.each<[string, Error, object]>([
    [
      'own',
      new AppError('OVERLOADED', 'full'),
      { type: 'AppError', code: 'OVERLOADED', reason: 'OVERLOADED: full' },
    ],
    ['other', new TypeError('secret'), { type: 'TypeError' }],
  ])('an %s error that a handler logs keeps its name', async (_whose, thrown, err) => {
    const { app, lines } = appAt('info');
    app.get('/logging', (req, response) => {
      logOf(req).warn({ err: thrown }, 'noticed');
      response.send('ok');
    });
    await request(app).get('/logging');
    expect(lines).toEqual([expect.objectContaining({ msg: 'noticed', err })]);
  });
});
