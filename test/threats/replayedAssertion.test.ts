// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Response } from 'supertest';
import { openReplayStore } from '../../gateway/src/auth/replayStore';
import { assertion, createHospital, requestToken } from '../gateway/hospital/hospitalFixture';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'chartwitness-replay-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

function expectReplayRefused(response: Response): void {
  expect([response.status, (response.body as { error: string }).error]).toEqual([401, 'invalid_client']);
  expect(response.text).not.toContain('access_token');
}

test('an assertion is good for one token', async () => {
  const hospital = await createHospital();
  const signed = await assertion(hospital.key);
  expect((await requestToken(hospital.app, { assertion: signed })).status).toBe(200);
  expectReplayRefused(await requestToken(hospital.app, { assertion: signed }));
  expect((await requestToken(hospital.app, { assertion: await assertion(hospital.key) })).status).toBe(200);
});

test('of many at once, one gets the token', async () => {
  const hospital = await createHospital();
  const signed = await assertion(hospital.key);
  const responses = await Promise.all(
    Array.from({ length: 12 }, () => requestToken(hospital.app, { assertion: signed })),
  );
  expect(responses.filter(({ status }) => status === 200)).toHaveLength(1);
  responses.filter(({ status }) => status !== 200).forEach(expectReplayRefused);
});

test('nor at another instance of the gateway, nor after a restart', async () => {
  const path = join(folder, 'replay.db');
  const stores = [openReplayStore(path, Date.now), openReplayStore(path, Date.now)] as const;
  const [first, second] = await Promise.all(stores.map((replays) => createHospital({ replays })));
  if (first === undefined || second === undefined) {
    throw new Error('fixture');
  }
  const signed = await assertion(first.key);
  expect((await requestToken(first.app, { assertion: signed })).status).toBe(200);
  expectReplayRefused(await requestToken(second.app, { assertion: signed }));
  stores.forEach((store) => {
    store.close();
  });

  const reopened = openReplayStore(path, Date.now);
  const restarted = await createHospital({ replays: reopened });
  expectReplayRefused(await requestToken(restarted.app, { assertion: signed }));
  reopened.close();
});

test('a jti may come again once its first use has expired, and belongs to its issuer alone', () => {
  let now = 1_000_000;
  const store = openReplayStore(':memory:', () => now);
  expect(store.use('a', 1_060_000)).toBe(true);
  expect(store.use('a', 1_090_000)).toBe(false);
  expect(store.isUsed('a')).toBe(true);
  now = 1_060_000;
  expect(store.isUsed('a')).toBe(false);
  expect(store.use('a', 1_120_000)).toBe(true);
  store.close();
});

test('two clients may use the same jti', async () => {
  const hospital = await createHospital();
  const client = hospital.registry.clients.get('north-ehr');
  if (client === undefined) {
    throw new Error('fixture');
  }
  hospital.registry.clients.set('north-lab', { ...client, clientId: 'north-lab' });
  const ehr = await assertion(hospital.key, {}, { claims: { jti: 'same' } });
  const lab = await assertion(
    hospital.key,
    {},
    { claims: { jti: 'same', iss: 'north-lab', sub: 'north-lab' } },
  );
  expect((await requestToken(hospital.app, { assertion: ehr })).status).toBe(200);
  expect((await requestToken(hospital.app, { assertion: lab })).status).toBe(200);
});
