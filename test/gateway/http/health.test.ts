// SPDX-License-Identifier: Apache-2.0
import express from 'express';
import { pino } from 'pino';
import request from 'supertest';
import { createReadiness, detailedReadiness, healthRouter } from '../../../gateway/src/http/health';

const SILENT = pino({ level: 'silent' });

test('the parts are asked once a second however many ask, and again after it', async () => {
  let now = 5000;
  let asked = 0;
  const readiness = createReadiness({
    log: SILENT,
    clock: () => now,
    checks: {
      source: () => {
        asked += 1;
        return { ready: asked === 1 };
      },
      broken: () => {
        throw new TypeError('secret detail');
      },
    },
  });
  const reports = await Promise.all([readiness(), readiness(), readiness()]);
  expect(asked).toBe(1);
  expect(reports[2]).toEqual({
    ready: false,
    isStopping: false,
    parts: { source: { ready: true }, broken: { ready: false, detail: 'TypeError' } },
  });
  now += 999;
  expect((await readiness()).parts['source']).toEqual({ ready: true });
  now += 1;
  expect((await readiness()).parts['source']).toEqual({ ready: false });
});

test('a part that is slow is asked once at a time, and one that never answers is given up', async () => {
  let now = 5000;
  let asked = 0;
  const readiness = createReadiness({
    log: SILENT,
    clock: () => now,
    checks: {
      source: () => {
        asked += 1;
        return asked === 1 ? new Promise(() => undefined) : { ready: true };
      },
    },
  });
  const first = readiness();
  now += 29_999;
  expect(readiness()).toBe(first);
  now += 1;
  expect((await readiness()).parts['source']).toEqual({ ready: true });
  expect(asked).toBe(2);
});

test('what is asked every second is said once, until it becomes something else', async () => {
  const lines: { level: number; msg: string; parts?: unknown }[] = [];
  const log = pino({ level: 'info' }, { write: (line: string) => lines.push(JSON.parse(line) as never) });
  let now = 5000;
  let list: { ready: boolean; reason?: string } = { ready: false, reason: '3 batches are missing' };
  const readiness = createReadiness({ log, clock: () => now, checks: { list: () => list } });
  const ask = async (): Promise<void> => {
    now += 1000;
    await readiness();
  };
  await ask();
  list = { ready: false, reason: '4 batches are missing' };
  await ask();
  await ask();
  expect(lines).toMatchObject([{ level: 40, parts: { list: { reason: '3 batches are missing' } } }]);
  list = { ready: false, reason: 'the ledger is away' };
  await ask();
  list = { ready: true };
  await ask();
  await ask();
  expect(lines.map(({ level }) => level)).toEqual([40, 40, 30]);
});

test('a service that stops says so at once, whatever it has said in this second', async () => {
  let isStopping = false;
  const readiness = createReadiness({
    log: SILENT,
    clock: () => 5000,
    checks: { list: () => ({ ready: true }) },
    isStopping: () => isStopping,
  });
  const app = express();
  app.use('/operations', detailedReadiness(readiness));
  app.use(healthRouter(readiness));
  expect((await request(app).get('/readyz')).status).toBe(200);
  isStopping = true;
  for (const path of ['/readyz', '/operations/readyz']) {
    const answer = await request(app).get(path);
    expect([answer.status, (answer.body as { status: string }).status]).toEqual([503, 'stopping']);
  }
  expect((await request(app).get('/healthz')).status).toBe(200);
});
