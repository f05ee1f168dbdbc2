// SPDX-License-Identifier: Apache-2.0
import Database from 'libsql';
import { pino } from 'pino';
import type { Response } from 'supertest';
import { replayStoreOn } from '../../../gateway/src/auth/replayStore';
import { REFUSAL_REASONS } from '../../../gateway/src/auth/tokenRefusals';
import { LedgerError } from '../../../gateway/src/ledger/ledgerError';
import { createMetrics, type Metrics } from '../../../gateway/src/http/metrics';
import {
  assertion,
  type AssertionChanges,
  createHospital,
  type FixtureOptions,
  type Hospital,
  makeKey,
  requestToken,
} from '../hospital/hospitalFixture';

let hospital: Hospital;
let lines: Record<string, unknown>[];
let metrics: Metrics;
async function open(options: Pick<FixtureOptions, 'replays'> = {}): Promise<void> {
  lines = [];
  metrics = createMetrics('hospital');
  const log = pino(
    { level: 'info' },
    { write: (line: string) => lines.push(JSON.parse(line) as Record<string, unknown>) },
  );
  hospital = await createHospital({ log, metrics, ...options });
}

beforeEach(async () => {
  await open();
});

const now = (): number => Math.floor(Date.now() / 1000);
const descriptionOf = (response: Response): string =>
  (response.body as { error_description: string }).error_description;
const refusals = (): Record<string, unknown>[] => lines.filter(({ msg }) => msg === 'token request refused');

test.each<[string, () => AssertionChanges, RegExp]>([
  ['too far ahead', () => ({ claims: { iat: undefined, exp: now() + 400 } }), /300 seconds ahead/],
  ['too long', () => ({ claims: { iat: now() - 100, exp: now() + 290 } }), /300 seconds after iat/],
  ['from the future', () => ({ claims: { iat: now() + 60, exp: now() + 120 } }), /iat must not be ahead/],
  ['expired', () => ({ claims: { iat: now() - 100, exp: now() - 50 } }), /exp is in the past/],
  ['not yet valid', () => ({ claims: { nbf: now() + 60 } }), /nbf is ahead/],
  ['a long jti', () => ({ claims: { jti: 'j'.repeat(257) } }), /^jti must/],
  ['another typ', () => ({ header: { typ: 'at+jwt' } }), /^typ of a client assertion/],
])('a client that signed with its key is told what is wrong: %s', async (_name, changes, description) => {
  const signed = await assertion(hospital.key, {}, changes());
  const response = await requestToken(hospital.app, { assertion: signed });
  expect([response.status, (response.body as { error: string }).error]).toEqual([401, 'invalid_client']);
  expect(descriptionOf(response)).toMatch(description);
  const [line, ...others] = refusals();
  expect(others).toEqual([]);
  expect(line).toMatchObject({ code: 'invalid_client', client: 'north-ehr' });
  expect(line?.['reason']).toEqual(expect.any(String));
});

test('a replay is told as one', async () => {
  const signed = await assertion(hospital.key);
  await requestToken(hospital.app, { assertion: signed });
  const response = await requestToken(hospital.app, { assertion: signed });
  expect(descriptionOf(response)).toMatch(/used before/);
});

test('unknown client, unknown key and wrong signature read the same to a stranger, and differ in the log', async () => {
  const stranger = await makeKey('ES384', 'north-1');
  const other = await makeKey('ES384', 'other-kid');
  const responses = [
    await requestToken(hospital.app, { assertion: await assertion(stranger) }),
    await requestToken(hospital.app, { assertion: await assertion(other) }),
    await requestToken(hospital.app, {
      assertion: await assertion(stranger, {}, { claims: { iss: 'nobody', sub: 'nobody' } }),
    }),
  ];
  const [first] = responses;
  for (const response of responses) {
    expect([response.status, response.text]).toEqual([401, first?.text]);
  }
  expect(new Set(refusals().map(({ reason }) => reason)).size).toBeGreaterThan(1);
  expect(refusals().map(({ client }) => client)).toEqual(['north-ehr', 'north-ehr', undefined]);
});

test('no line and no answer holds the assertion, a claim of it, or the person', async () => {
  const signed = await assertion(hospital.key, { b2b: { purpose_of_use: ['nonsense Gleason'] } });
  const response = await requestToken(hospital.app, { assertion: signed });
  expect([response.status, descriptionOf(response)]).toEqual([
    400,
    expect.stringContaining('purpose_of_use'),
  ]);
  const written = JSON.stringify([...lines, response.body]);
  expect(refusals()).toHaveLength(1);
  expect(written).not.toContain('Gleason');
  expect(written).not.toContain(signed.slice(0, 40));
});

const endings = () => lines.filter((line) => 'responseTime' in line);

test('a 503 is no refusal of the client; its line at the end says why: the registry cannot be read', async () => {
  hospital.registry.failure = new LedgerError('unavailable', 'no peer');
  await requestToken(hospital.app, { assertion: await assertion(hospital.key) });
  const [ended, ...others] = endings();
  expect([others, refusals()]).toEqual([[], []]);
  expect(ended).toMatchObject({
    level: 40,
    code: 'LEDGER_UNAVAILABLE',
    reason: expect.stringContaining('no peer') as string,
    res: { statusCode: 503 },
  });
  expect(ended).not.toHaveProperty('err');
});

test('the same: used assertions cannot be written down', async () => {
  const database = new Database(':memory:');
  await open({ replays: replayStoreOn(database, Date.now) });
  const signed = await assertion(hospital.key);
  database.pragma('query_only = ON');
  await requestToken(hospital.app, { assertion: signed });
  expect(refusals()).toEqual([]);
  expect(endings()).toMatchObject([{ level: 40, code: 'STORE_UNAVAILABLE', res: { statusCode: 503 } }]);
});

test('refusals are counted by reason, from a closed set that names nobody', async () => {
  const stranger = await makeKey('ES384', 'north-1');
  const replayed = await assertion(hospital.key);
  await requestToken(hospital.app, { assertion: replayed });
  for (const refused of [
    { assertion: replayed },
    { assertion: await assertion(stranger) },
    { assertion: await assertion(stranger, {}, { claims: { iss: 'nobody', sub: 'nobody' } }) },
    { assertion: await assertion(hospital.key, {}, { claims: { iat: now() - 100, exp: now() - 50 } }) },
    { assertion: await assertion(hospital.key, {}, { claims: { iat: now() + 60, exp: now() + 120 } }) },
    { assertion: await assertion(hospital.key, {}, { claims: { jti: 'j'.repeat(257) } }) },
    { assertion: await assertion(hospital.key, { b2b: { purpose_of_use: ['nonsense'] } }) },
    { assertion: await assertion(hospital.key), scope: 'system/Nothing.r' },
    { assertion: await assertion(hospital.key), more: { grant_type: 'password' } },
  ]) {
    await requestToken(hospital.app, refused);
  }
  const text = await metrics.registry.metrics();
  const count = (reason: string): string | undefined =>
    new RegExp(`chartwitness_token_refusals_total\\{reason="${reason}",service="hospital"\\} (\\d+)`).exec(
      text,
    )?.[1];
  expect(Object.fromEntries(REFUSAL_REASONS.map((reason) => [reason, count(reason)]))).toEqual({
    client: '1',
    assertion: '2',
    clock: '2',
    replayed: '1',
    'hl7-b2b': '1',
    scope: '1',
    request: '1',
    throttled: '0',
    unavailable: '0',
  });
});
