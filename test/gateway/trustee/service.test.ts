// SPDX-License-Identifier: Apache-2.0
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import express from 'express';
import request from 'supertest';
import { LEDGER_REMEDIES, LedgerError } from '../../../gateway/src/ledger/ledgerError';
import { createSealedCookie } from '../../../gateway/src/trustee/session/sealedCookie';
import { Browser } from './browser';
import { ALICE, type Harness, LANE, startTrustee } from './trusteeHarness';

interface OpenApi {
  openapi: string;
  paths: Record<string, Record<string, { security: unknown; responses: Record<string, unknown> }>>;
  components: { schemas: Record<string, unknown> };
}

describe('the trustee’s service', () => {
  let harness: Harness;
  let portal: string;
  beforeEach(async () => {
    portal = mkdtempSync(join(tmpdir(), 'chartwitness-portal-'));
    mkdirSync(join(portal, 'assets'));
    writeFileSync(join(portal, 'index.html'), '<!doctype html><title>portal</title>');
    writeFileSync(join(portal, 'assets', 'index-abc123.js'), 'export {};');
    harness = await startTrustee({ portalDirectory: portal });
  });
  afterEach(async () => {
    await harness.close();
    rmSync(portal, { recursive: true });
  });
  const get = (path: string, headers: Record<string, string> = {}): Promise<Response> =>
    fetch(new URL(path, harness.baseUrl), { headers, redirect: 'manual' });

  it('describes its API by the schemas that validate it', async () => {
    const document = (await (await get('/openapi.json')).json()) as OpenApi;
    expect(document.openapi).toBe('3.1.1');
    expect(Object.keys(document.paths).sort()).toEqual([
      '/accesses',
      '/accesses/search',
      '/accesses/{id}',
      '/consent',
      '/consent/history',
      '/consent/preview',
      '/me',
    ]);
    expect(Object.keys(document.components.schemas)).toEqual(
      expect.arrayContaining(['AccessEntry', 'AccessList', 'Consent', 'ConsentRule', 'Me', 'Problem']),
    );
    for (const operations of Object.values(document.paths)) {
      for (const operation of Object.values(operations)) {
        expect(operation.security).toBeDefined();
        expect(Object.keys(operation.responses)).toEqual(expect.arrayContaining(['200', '401']));
      }
    }
    const references = [...JSON.stringify(document).matchAll(/"#\/components\/schemas\/([^"]+)"/g)];
    expect(references.length).toBeGreaterThan(5);
    for (const [, name = ''] of references) {
      expect(document.components.schemas).toHaveProperty(name);
    }
  });

  it('serves the portal’s page for every address that a browser opens', async () => {
    for (const path of ['/', '/accesses', '/accesses/abc', '/consent?x=1']) {
      const page = await get(path, { accept: 'text/html' });
      expect([path, page.status]).toEqual([path, 200]);
      expect(await page.text()).toContain('<title>portal</title>');
      expect(page.headers.get('cache-control')).toBe('no-cache');
      expect(page.headers.get('content-security-policy')).toContain("script-src 'self'");
    }
  });

  it('lets browsers keep hashed files for good', async () => {
    const file = await get('/assets/index-abc123.js');
    expect(file.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
    expect(file.headers.get('x-content-type-options')).toBe('nosniff');
  });

  it.each([
    '/api/v1/unknown',
    '/api/v2/me',
    '/auth/unknown',
    '/assets/none.js',
    '/oidc/unknown',
    '/.well-known/security.txt',
    '/../../etc/passwd',
    '/%2e%2e/%2e%2e/etc/passwd',
    '/assets/..%2f..%2fetc%2fpasswd',
  ])('does not answer with the portal, or any file of the machine, for %s', async (path) => {
    const answer = await get(path, { accept: path.includes('etc') ? '*/*' : 'text/html' });
    const text = await answer.text();
    expect(text).not.toContain('root:');
    if (!path.startsWith('/..') && !path.startsWith('/%2e')) {
      expect(answer.status).toBeGreaterThanOrEqual(400);
      expect(text).not.toContain('<title>portal</title>');
    }
  });

  it('answers unknown paths with a problem that has the request’s id', async () => {
    const answer = await get('/nothing', {
      accept: 'application/json',
      'x-request-id': '5f0c6b9e-6a1d-4c39-9c52-0d8f6a3b1e77',
    });
    expect(answer.status).toBe(404);
    expect(answer.headers.get('x-request-id')).toBe('5f0c6b9e-6a1d-4c39-9c52-0d8f6a3b1e77');
    expect(await answer.json()).toMatchObject({
      code: 'NOT_FOUND',
      requestId: '5f0c6b9e-6a1d-4c39-9c52-0d8f6a3b1e77',
    });
  });

  it.each([
    ['no peer', 'NO_ANSWER', 200],
    ['the peer of another organisation', 'OTHER_PEER', 503],
  ] as const)('asked of %s its list is stale, and /readyz %s %d', async (_name, reason, status) => {
    await harness.projected();
    const stale = new Promise<void>((resolve) => {
      const done = harness.projection.watch(({ problemKind }) => {
        if (problemKind === reason) {
          done();
          resolve();
        }
      });
    });
    harness.ledger.failing = new LedgerError('unavailable', 'what the peer said', { reason });
    harness.ledger.break(harness.ledger.failing);
    await stale;
    harness.advance(1000);
    const detailed = await request(harness.trustee.operations).get('/readyz');
    expect([detailed.status, JSON.stringify(detailed.body)]).toEqual([
      status,
      expect.stringContaining(LEDGER_REMEDIES[reason]),
    ]);
  });

  it('is ready while its list is right, and not when it halted', async () => {
    await harness.projected();
    expect((await get('/healthz')).status).toBe(200);
    expect((await get('/readyz')).status).toBe(200);
    harness.ledger.putBatch(LANE, 5, { start: 0, events: [] });
    await new Promise<void>((resolve) => {
      const done = harness.projection.watch(({ state }) => {
        if (state === 'halted') {
          done();
          resolve();
        }
      });
    });
    // Readiness is remembered for a second.
    harness.advance(1000);
    const unready = await get('/readyz');
    expect(unready.status).toBe(503);
    expect(await unready.text()).toBe('{"status":"notReady"}');
    expect((await get('/healthz')).status).toBe(200);
    expect((await get('/metrics')).status).toBe(404);
    const detailed = await request(harness.trustee.operations).get('/readyz');
    expect([detailed.status, JSON.stringify(detailed.body)]).toEqual([
      503,
      expect.stringContaining('halted'),
    ]);
    const metrics = await request(harness.trustee.operations).get('/metrics');
    expect(metrics.text).toContain('chartwitness_http_request_seconds');
  });

  it('limits how often one address may ask without authenticating', async () => {
    const limited = await startTrustee({
      portalDirectory: portal,
      limits: { anonymous: 3, caller: 3, signIn: 3 },
    });
    try {
      const statuses: number[] = [];
      for (let at = 0; at < 5; at += 1) {
        statuses.push((await fetch(new URL('/api/v1/me', limited.baseUrl))).status);
      }
      expect(statuses).toEqual([401, 401, 401, 429, 429]);
    } finally {
      await limited.close();
    }
  });

  it('says that the portal is not built, where it is not', async () => {
    rmSync(join(portal, 'index.html'));
    const answer = await get('/', { accept: 'text/html' });
    expect(answer.status).toBe(404);
    expect(await answer.text()).toContain('npm run build');
  });

  it('tells nobody who is not signed in anything about anyone', async () => {
    for (const path of ['me', 'accesses', 'accesses/x', 'consent', 'consent/history']) {
      const answer = await get(`/api/v1/${path}`);
      expect([path, answer.status]).toEqual([path, 401]);
      expect(await answer.json()).toMatchObject({ code: 'UNAUTHENTICATED' });
    }
    for (const [method, path] of [
      ['PUT', 'consent'],
      ['POST', 'consent/preview'],
    ] as const) {
      const answer = await fetch(new URL(`/api/v1/${path}`, harness.baseUrl), { method, body: '{}' });
      expect([path, answer.status]).toEqual([path, 401]);
    }
    expect(harness.ledger.consents.size).toBe(0);
  });

  it('keeps a session across a restart of the cookie’s reader, not across other keys', async () => {
    const browser = new Browser(harness.baseUrl);
    await browser.signIn(ALICE.username, ALICE.password);
    const other = await startTrustee({ portalDirectory: portal });
    try {
      const stranger = new Browser(other.baseUrl);
      for (const [name, cookie] of browser.cookies) {
        stranger.cookies.set(name, cookie);
      }
      expect((await stranger.api('me')).status).toBe(401);
    } finally {
      await other.close();
    }
  });
});

describe('a sealed cookie', () => {
  const service = (https: boolean, key = new Uint8Array(32), clock = (): number => 0): express.Express => {
    const cookie = createSealedCookie({ purpose: 'session', key, https, clock });
    const app = express();
    app.get('/set', async (_request, response) => {
      await cookie.set(response, { who: 'me' }, 60);
      response.end();
    });
    app.get('/read', async (req, response) => {
      response.json((await cookie.read(req)) ?? null);
    });
    return app;
  };
  const cookieOf = async (app: express.Express): Promise<string> =>
    String((await request(app).get('/set')).headers['set-cookie']);

  it('over https is bound to this host and never sent in the clear', async () => {
    expect(await cookieOf(service(true))).toMatch(
      /^__Host-cw_session=[A-Za-z0-9._-]+; Path=\/; HttpOnly; Secure; SameSite=Lax$/,
    );
  });

  it('opens with its own key, in its time', async () => {
    const line = await cookieOf(service(false));
    const pair = line.split(';')[0] ?? '';
    const read = async (app: express.Express, sent = pair): Promise<unknown> =>
      (await request(app).get('/read').set('Cookie', sent)).body as unknown;
    expect(await read(service(false))).toMatchObject({ who: 'me' });
    expect(await read(service(false), `x=1; ${pair}; y=2`)).toMatchObject({ who: 'me' });
    expect(await read(service(false, new Uint8Array(32).fill(1)))).toBeNull();
    expect(await read(service(false, new Uint8Array(32), () => 60_000))).toBeNull();
    expect(await read(service(false), 'cw_session=abc')).toBeNull();
    expect(await read(service(false), 'cw_session=a.b.c.d.e')).toBeNull();
    expect(await read(service(true))).toBeNull();
  });
});
