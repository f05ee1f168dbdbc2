// SPDX-License-Identifier: Apache-2.0
/**
 * Somebody without credentials floods a gateway or the trustee, from the very address of those who have some.
 */
import { Agent, get as httpGet } from 'node:http';
import type { Express } from 'express';
import request, { type Response } from 'supertest';
import { takePort } from '../../gateway/src/http/listen';
import {
  assertion,
  createHospital,
  type Hospital,
  makeKey,
  patientId,
  requestToken,
} from '../gateway/hospital/hospitalFixture';
import { Browser } from '../gateway/trustee/browser';
import { ALICE, BOB, type Harness, startTrustee } from '../gateway/trustee/trusteeHarness';

const LIMITS = { anonymous: 5, caller: 20 };
const FLOOD = 40;

const repeat = async <T>(times: number, work: (at: number) => Promise<T>): Promise<T[]> => {
  const results: T[] = [];
  for (let at = 0; at < times; at += 1) {
    results.push(await work(at));
  }
  return results;
};
const count = (responses: readonly { status: number }[], status: number): number =>
  responses.filter((response) => response.status === status).length;

describe('at a hospital', () => {
  let hospital: Hospital;
  let path: string;
  beforeEach(async () => {
    hospital = await createHospital({ settings: { requestLimits: LIMITS } });
    path = `Patient/${patientId(hospital, 'Conn')}`;
  });
  const get = (app: Express, token?: string): Promise<Response> => {
    const call = request(app).get(`/fhir/${path}`);
    return Promise.resolve(token === undefined ? call : call.set('authorization', `Bearer ${token}`));
  };

  test.each<[string, () => Promise<Response>]>([
    ['no token', () => get(hospital.app)],
    ['a bad token', () => get(hospital.app, 'bad')],
    ['open documents', () => Promise.resolve(request(hospital.app).get('/fhir/metadata'))],
  ])('a flood with %s is cut off, and neither a client nor break-glass notices', async (_what, attack) => {
    const answers = await repeat(FLOOD, attack);
    expect(count(answers, 429)).toBe(FLOOD - LIMITS.anonymous);
    expect(answers.at(-1)?.headers['retry-after']).toBeDefined();
    expect((await hospital.get(path)).status).toBe(200);
    const reason = { 'break-glass-reason': 'unconscious after an accident' };
    expect((await hospital.get(path, { purpose: 'BTG' }, reason)).status).toBe(200);
    const fresh = await hospital.token({ purpose: 'BTG' });
    expect(
      (await request(hospital.app).get(`/fhir/${path}`).set('authorization', `Bearer ${fresh}`)).status,
    ).not.toBe(429);
  });

  test('what has no token ends its connection, since all that comes on open ones is heard at once', async () => {
    const agent = new Agent({ keepAlive: true });
    const taken = await takePort('127.0.0.1', 0, 'PORT');
    taken.serve(hospital.app);
    const connectionAfter = (asked: string, token?: string): Promise<string | undefined> =>
      new Promise((resolve, reject) => {
        const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
        const options = { agent, host: taken.host, port: taken.port, path: asked, headers };
        httpGet(options, (response) => {
          response.resume().once('end', () => {
            resolve(response.headers.connection);
          });
        }).once('error', reject);
      });
    const openToAll = [
      '/healthz',
      '/readyz',
      '/nothing',
      '/fhir/metadata',
      '/fhir/.well-known/smart-configuration',
    ];
    try {
      for (const asked of [`/fhir/${path}`, ...openToAll]) {
        expect([asked, await connectionAfter(asked)]).toEqual([asked, 'close']);
      }
      expect(await connectionAfter(`/fhir/${path}`, 'bad')).toBe('close');
      // HTTP/1.1 keeps a connection of which nothing is said (RFC 9112 §9.3).
      expect(await connectionAfter(`/fhir/${path}`, await hospital.token())).toBeUndefined();
    } finally {
      agent.destroy();
      await taken.close(0);
    }
  });

  test('a flood of forged assertions keeps no genuine client from a token', async () => {
    const stranger = await makeKey('ES384', 'north-1');
    const forged = await assertion(stranger);
    const attacks = Array.from({ length: FLOOD }, () => requestToken(hospital.app, { assertion: forged }));
    const [genuine, ...refused] = await Promise.all([
      repeat(3, async () =>
        requestToken(hospital.app, { assertion: await assertion(hospital.key, { purpose: 'BTG' }) }),
      ),
      ...attacks,
    ]);
    expect(count(genuine, 200)).toBe(3);
    expect(count(refused, 401)).toBe(FLOOD);
  });

  test('a client that asks too often waits for itself alone, and its emergencies do not', async () => {
    const answers = await repeat(LIMITS.caller + 5, () => hospital.get(path));
    expect([count(answers, 200), count(answers, 429)]).toEqual([LIMITS.caller, 5]);
    const client = hospital.registry.clients.get('north-ehr');
    if (client === undefined) {
      throw new Error('fixture');
    }
    hospital.registry.clients.set('north-lab', { ...client, clientId: 'north-lab' });
    const lab = await assertion(hospital.key, {}, { claims: { iss: 'north-lab', sub: 'north-lab' } });
    expect((await requestToken(hospital.app, { assertion: lab })).status).toBe(200);
    const reason = { 'break-glass-reason': 'unconscious after an accident' };
    expect((await hospital.get(path, { purpose: 'BTG' }, reason)).status).toBe(200);
    const more = await requestToken(hospital.app, { assertion: await assertion(hospital.key) });
    expect([more.status, more.headers['retry-after']]).toEqual([429, '5']);
    const emergency = await assertion(hospital.key, { purpose: 'BTG' });
    expect((await requestToken(hospital.app, { assertion: emergency })).status).toBe(200);
  });

  test('behind a proxy each address has its own share', async () => {
    const proxied = await createHospital({ settings: { requestLimits: LIMITS, trustedProxies: 1 } });
    const from = (address: string): Promise<Response> =>
      Promise.resolve(request(proxied.app).get('/fhir/metadata').set('x-forwarded-for', address));
    expect(count(await repeat(FLOOD, () => from('203.0.113.1')), 429)).toBe(FLOOD - LIMITS.anonymous);
    expect((await from('203.0.113.2')).status).toBe(200);
    // What a caller writes before the proxy's own entry is not believed.
    expect((await from('198.51.100.1, 203.0.113.1')).status).toBe(429);
  });
});

describe('at the trustee', () => {
  let harness: Harness;
  let alice: Browser;
  beforeEach(async () => {
    harness = await startTrustee({ limits: { ...LIMITS, signIn: 100 } });
    alice = new Browser(harness.baseUrl);
    await alice.signIn(ALICE.username, ALICE.password);
  });
  afterEach(async () => {
    await harness.close();
  });

  test.each<[string, Record<string, string>]>([
    ['no session', {}],
    ['a forged session', { cookie: 'cw_session=forged' }],
    ['a bad token', { authorization: 'Bearer bad' }],
  ])('a flood with %s is cut off, and a signed-in patient does not notice', async (_what, headers) => {
    const attacks = await repeat(FLOOD, () => fetch(`${harness.baseUrl}/api/v1/me`, { headers }));
    expect(count(attacks, 429)).toBe(FLOOD - LIMITS.anonymous);
    expect((await alice.api('accesses')).status).toBe(200);
  });

  test('a patient who asks too often waits for herself alone', async () => {
    const bob = new Browser(harness.baseUrl);
    await bob.signIn(BOB.username, BOB.password);
    expect(count(await repeat(FLOOD, () => alice.api('accesses')), 429)).toBeGreaterThan(0);
    expect((await bob.api('accesses')).status).toBe(200);
  });

  test('the provider’s own back channel is not counted with what callers do', async () => {
    const narrow = await startTrustee({ limits: { ...LIMITS, signIn: 12 } });
    try {
      const browser = new Browser(narrow.baseUrl);
      // A sign-in is ten requests of the browser: the exchange behind it must not be among them.
      await browser.signIn(ALICE.username, ALICE.password);
      expect((await browser.api('me')).status).toBe(200);
      const flood = await repeat(20, () => fetch(`${narrow.baseUrl}/oidc/token`, { method: 'POST' }));
      expect(count(flood, 429)).toBeGreaterThan(0);
    } finally {
      await narrow.close();
    }
  });
});
