// SPDX-License-Identifier: Apache-2.0
import { decodeJwt, decodeProtectedHeader, SignJWT, generateKeyPair } from 'jose';
import { accessRequest } from '../../../support/accessRequests';
import { AppClient } from '../appClient';
import { type Answer, type Ask, Browser } from '../browser';
import { subjectOf } from '../subjects';
import { ALICE, BOB, type Harness, LANE, startTrustee } from '../trusteeHarness';

const alice = subjectOf(ALICE.value);
const CLOSED = JSON.stringify({ rules: [], default: 'deny' });

describe('an app with a token', () => {
  let harness: Harness;
  let app: AppClient;
  let eventId: string;
  beforeEach(async () => {
    harness = await startTrustee();
    app = new AppClient(new Browser(harness.baseUrl), harness.trustee.resource);
    harness.ledger.record(LANE, [
      accessRequest({ subject: alice }),
      accessRequest({ subject: subjectOf(BOB.value) }),
    ]);
    eventId = 'NorthHospitalMSP~main~0';
    await harness.projected();
  });
  afterEach(async () => {
    await harness.close();
  });

  const call = async (token: string, path: string, init: Ask = {}): Promise<Answer> => {
    const url = new URL(`/api/v1/${path}`, harness.baseUrl);
    const response = await fetch(url, {
      ...init,
      headers: {
        authorization: `Bearer ${token}`,
        'content-type': 'application/json',
        ...init.headers,
      },
    });
    return { status: response.status, headers: response.headers, text: await response.text(), url };
  };
  const put = (token: string, version = '"0"'): Promise<Answer> =>
    call(token, 'consent', { method: 'PUT', body: CLOSED, headers: { 'if-match': version } });

  it('reads the patient’s list after the patient allowed it, without a session or CSRF token', async () => {
    const tokens = await app.tokens('openid profile patient/AuditEvent.rs');
    expect(tokens).toMatchObject({ status: 200, expires_in: 300 });
    expect(decodeProtectedHeader(tokens.access_token)).toMatchObject({ typ: 'at+jwt', alg: 'ES256' });
    expect(decodeJwt(tokens.access_token)).toMatchObject({
      iss: harness.trustee.issuer,
      aud: harness.trustee.resource,
      client_id: 'diary',
      scope: 'profile patient/AuditEvent.rs',
    });
    const list = await call(tokens.access_token, 'accesses');
    expect(list.status).toBe(200);
    expect((JSON.parse(list.text) as { items: { id: string }[] }).items.map(({ id }) => id)).toEqual([
      eventId,
    ]);
    expect((await call(tokens.access_token, `accesses/${eventId}`)).status).toBe(200);
  });

  it('asks the patient in plain words, and gives the app nothing when refused', async () => {
    const page = await app.reachConsent('openid patient/AuditEvent.s patient/Consent.ru');
    expect(page.text).toContain('Health Diary');
    expect(page.text).toContain('<li>See who asked for your data, and why</li>');
    expect(page.text).toContain('<li><strong>See and change who may see your record</strong></li>');
    expect(page.headers.get('content-security-policy')).toContain("form-action 'self' http://127.0.0.1:7777");
    const end = await app.authorize('openid patient/AuditEvent.s', 'refuse');
    expect(end.origin).toBe('http://127.0.0.1:7777');
    expect(end.searchParams.get('error')).toBe('access_denied');
    expect(end.searchParams.get('code')).toBeNull();
  });

  it('asks again for every sign-in of a native app, even after an earlier yes', async () => {
    await app.tokens('openid patient/AuditEvent.rs');
    const again = await app.reachConsent('openid patient/AuditEvent.rs');
    expect(again.text).toContain('Allow Health Diary?');
  });

  it.each([
    ['patient/AuditEvent.s', { list: 200, one: 403, consent: 403, change: 403 }],
    ['patient/AuditEvent.r', { list: 403, one: 200, consent: 403, change: 403 }],
    ['patient/Consent.r', { list: 403, one: 403, consent: 200, change: 403 }],
    ['patient/Consent.s', { list: 403, one: 403, consent: 403, change: 403 }],
    ['patient/Consent.u', { list: 403, one: 403, consent: 403, change: 200 }],
    ['patient/Consent.c', { list: 403, one: 403, consent: 403, change: 200 }],
    ['patient/Consent.d', { list: 403, one: 403, consent: 403, change: 403 }],
    ['patient/Consent.cruds', { list: 403, one: 403, consent: 200, change: 200 }],
    ['profile', { list: 403, one: 403, consent: 403, change: 403 }],
  ])('may do with %s what the letters say, and no more', async (scope, expected) => {
    const { access_token: token } = await app.tokens(`openid ${scope}`);
    const answers = {
      list: await call(token, 'accesses'),
      one: await call(token, `accesses/${eventId}`),
      consent: await call(token, 'consent'),
      change: await put(token),
    };
    expect(Object.fromEntries(Object.entries(answers).map(([name, { status }]) => [name, status]))).toEqual(
      expected,
    );
    for (const { status, headers, text } of Object.values(answers)) {
      if (status === 403) {
        expect(headers.get('www-authenticate')).toContain('insufficient_scope');
        expect(text).not.toContain(eventId);
      }
    }
    expect(harness.ledger.consents.size).toBe(expected.change === 200 ? 1 : 0);
  });

  it('may make the first consent with c, but not change one', async () => {
    const { access_token: token } = await app.tokens('openid patient/Consent.c');
    expect((await put(token)).status).toBe(200);
    expect((await put(token, '"1"')).status).toBe(403);
    expect(harness.ledger.consents.get(alice)).toHaveLength(1);
  });

  it('needs the list’s scope too for a preview', async () => {
    const preview = async (scope: string): Promise<number> => {
      const { access_token: token } = await app.tokens(`openid ${scope}`);
      return (await call(token, 'consent/preview', { method: 'POST', body: CLOSED })).status;
    };
    expect(await preview('patient/Consent.r')).toBe(403);
    expect(await preview('patient/AuditEvent.s')).toBe(403);
    expect(await preview('patient/Consent.r patient/AuditEvent.s')).toBe(200);
  });

  it('learns the patient’s name only with profile', async () => {
    const named = await app.tokens('openid profile');
    expect(JSON.parse((await call(named.access_token, 'me')).text)).toMatchObject({
      subject: alice,
      name: ALICE.name,
      csrfToken: null,
      sessionExpiresAt: null,
      failedSignIns: null,
    });
    const unnamed = await app.tokens('openid patient/AuditEvent.s');
    expect(JSON.parse((await call(unnamed.access_token, 'me')).text)).toMatchObject({
      name: '',
      username: null,
    });
  });

  it('is refused scopes beyond its registration, other resources, other redirects, and no PKCE', async () => {
    const error = async (scope: string, change: Record<string, string>): Promise<string | null> =>
      (await app.authorize(scope, 'allow', change)).searchParams.get('error');
    const reader = { client_id: 'reader' };
    expect(await error('openid patient/Consent.r', reader)).toBe('invalid_scope');
    expect(await error('openid patient/AuditEvent.r', reader)).toBe('invalid_scope');
    expect(await error('openid patient/AuditEvent.s', reader)).toBeNull();
    expect((await app.tokens('openid patient/Observation.rs')).scope).toBe('');
    expect(await error('openid', { resource: 'https://other.example' })).toBe('invalid_target');
    expect(await error('openid', { code_challenge: '', code_challenge_method: '' })).toBe('invalid_request');
    expect(await error('openid', { code_challenge_method: 'plain' })).toBe('invalid_request');
    expect((await app.authorize('openid', 'allow', { response_type: 'token' })).hash).toMatch(
      /^#error=unsupported_response_type/,
    );
    const redirect = await app.browser.follow(
      app.authorizationUrl('openid', { redirect_uri: 'https://evil.example/callback' }),
    );
    expect(redirect.status).toBe(400);
    expect(redirect.headers.get('location')).toBeNull();
  });

  it('gets tokens for a code once, with the right verifier', async () => {
    const end = await app.authorize('openid patient/AuditEvent.rs');
    const code = end.searchParams.get('code') ?? '';
    expect((await app.exchange(code, 'x'.repeat(43))).error).toBe('invalid_grant');
    const second = await app.authorize('openid patient/AuditEvent.rs');
    const codes = await Promise.all(
      Array.from({ length: 5 }, () => app.exchange(second.searchParams.get('code') ?? '')),
    );
    expect(codes.filter(({ status }) => status === 200).length).toBeLessThanOrEqual(1);
  });

  it('keeps access with offline_access, by refresh tokens that rotate and die when one is used twice', async () => {
    const tokens = await app.tokens('openid offline_access patient/AuditEvent.rs', { prompt: 'consent' });
    const refresh = (token: string | undefined): ReturnType<AppClient['token']> =>
      app.token({ grant_type: 'refresh_token', refresh_token: token ?? '' });
    const next = await refresh(tokens.refresh_token);
    expect(next.status).toBe(200);
    expect(next.refresh_token).not.toBe(tokens.refresh_token);
    expect((await call(next.access_token, 'accesses')).status).toBe(200);
    expect((await refresh(tokens.refresh_token)).error).toBe('invalid_grant');
    expect((await refresh(next.refresh_token)).error).toBe('invalid_grant');
    const without = await app.tokens('openid patient/AuditEvent.rs');
    expect(without.refresh_token).toBeUndefined();
  });

  it('is refused whatever is not an access token of this API', async () => {
    const tokens = await app.tokens('openid patient/AuditEvent.rs');
    const { privateKey } = await generateKeyPair('ES256');
    const forged = await new SignJWT({ ...decodeJwt(tokens.access_token) })
      .setProtectedHeader({ ...decodeProtectedHeader(tokens.access_token), alg: 'ES256' })
      .sign(privateKey);
    const [header = '', payload = '', signature = ''] = tokens.access_token.split('.');
    const none = Buffer.from('{"alg":"none","typ":"at+jwt"}').toString('base64url');
    const other = Buffer.from(
      JSON.stringify({ ...decodeJwt(tokens.access_token), sub: 'someone-else' }),
    ).toString('base64url');
    const bad = {
      'ID token': tokens.id_token,
      'another key': forged,
      'no signature': `${none}.${payload}.`,
      'another subject': `${header}.${other}.${signature}`,
      nonsense: 'abc',
      empty: '',
    };
    for (const [what, token] of Object.entries(bad)) {
      const answer = await call(token, 'accesses');
      expect([what, answer.status]).toEqual([what, 401]);
      expect(answer.headers.get('www-authenticate')).toContain('invalid_token');
      expect(answer.text).not.toContain(eventId);
    }
    harness.advance(310_000);
    expect((await call(tokens.access_token, 'accesses')).status).toBe(401);
  });

  it('is refused once the patient’s account is gone', async () => {
    const tokens = await app.tokens('openid patient/AuditEvent.rs');
    const account = await harness.accounts.verify(ALICE.username, ALICE.password);
    harness.accounts.remove(account?.id ?? '');
    expect((await call(tokens.access_token, 'accesses')).status).toBe(401);
  });

  it('does not fall back to a session when its token is bad', async () => {
    await app.browser.signIn(ALICE.username, ALICE.password);
    expect((await app.browser.api('me')).status).toBe(200);
    expect((await app.browser.api('me', { headers: { authorization: 'Bearer bad' } })).status).toBe(401);
    expect((await app.browser.api('me', { headers: { authorization: 'Basic YTpi' } })).status).toBe(401);
  });

  it('finds its way by the documents that the standards name', async () => {
    const anonymous = await fetch(new URL('/api/v1/accesses', harness.baseUrl));
    const challenge = anonymous.headers.get('www-authenticate') ?? '';
    expect(challenge).not.toContain('error');
    const metadataUrl = /resource_metadata="([^"]+)"/.exec(challenge)?.[1] ?? '';
    const metadata = (await (await fetch(metadataUrl)).json()) as {
      resource: string;
      authorization_servers: string[];
    };
    expect(metadata.resource).toBe(harness.trustee.resource);
    const discovery = await fetch(
      `${metadata.authorization_servers[0] ?? ''}/.well-known/openid-configuration`,
      {
        headers: { 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'https' },
      },
    );
    expect(await discovery.json()).toMatchObject({
      issuer: harness.trustee.issuer,
      authorization_endpoint: `${harness.trustee.issuer}/auth`,
      token_endpoint: `${harness.trustee.issuer}/token`,
      code_challenge_methods_supported: ['S256'],
      response_types_supported: ['code'],
    });
  });
});
