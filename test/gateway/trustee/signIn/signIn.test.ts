// SPDX-License-Identifier: Apache-2.0
import { Browser } from '../browser';
import { ALICE, BOB, type Harness, startTrustee } from '../trusteeHarness';

const HOUR_MS = 3_600_000;

describe('signing in', () => {
  let harness: Harness;
  let browser: Browser;
  beforeEach(async () => {
    harness = await startTrustee();
    browser = new Browser(harness.baseUrl);
  });
  afterEach(async () => {
    await harness.close();
  });
  const status = async (given = browser): Promise<number> => (await given.api('me')).status;

  it('opens the patient’s own API, by a form without script', async () => {
    expect(await status()).toBe(401);
    await browser.signIn(ALICE.username, ALICE.password);
    const me = await browser.api('me');
    expect(me.status).toBe(200);
    expect(JSON.parse(me.text)).toMatchObject({ name: ALICE.name, username: ALICE.username });
    expect(me.headers.get('cache-control')).toBe('no-store');
  });

  it('takes the user name in any case, and shows it as it was registered', async () => {
    await browser.signIn(' ALICE', ALICE.password);
    expect(JSON.parse((await browser.api('me')).text)).toMatchObject({ username: 'alice' });
  });

  it.each([
    ['a wrong password', ALICE.username, 'alice likes coffee'],
    ['another patient’s password', ALICE.username, BOB.password],
    ['an unknown name', 'carol', ALICE.password],
    ['nothing', '', ''],
  ])('refuses %s with the same form and words, and no session', async (_what, username, password) => {
    const answer = await browser.signIn(username, password);
    expect(answer.status).toBe(401);
    expect(answer.text).toContain('The user name or the password is not right.');
    expect(answer.text).toContain('name="password"');
    expect(answer.text).not.toContain(password === '' ? ALICE.password : password);
    expect(await status()).toBe(401);
  });

  it('lets nobody in by guessing: waits grow, and the right password waits too', async () => {
    const form = await browser.follow('/auth/login');
    for (let attempt = 0; attempt < 5; attempt += 1) {
      expect(
        (await browser.submit(form, { username: 'alice', password: `guess ${String(attempt)}` })).status,
      ).toBe(401);
    }
    const blocked = await browser.submit(form, { username: 'alice', password: ALICE.password });
    expect(blocked.status).toBe(429);
    expect(Number(blocked.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(await status()).toBe(401);
    expect((await browser.submit(form, { username: 'bob', password: 'guess' })).status).toBe(401);

    harness.advance(2000);
    await browser.submit(form, { username: 'alice', password: ALICE.password });
    expect(await status()).toBe(200);
  });

  it('counts parallel guesses one by one', async () => {
    harness.stopClock();
    const form = await browser.follow('/auth/login');
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, at) =>
        browser.submit(form, { username: 'alice', password: `guess ${String(at)}` }),
      ),
    );
    expect(answers.filter(({ status: code }) => code === 401)).toHaveLength(5);
    expect(answers.filter(({ status: code }) => code === 429)).toHaveLength(15);
  });

  it('refuses a form that another site sent, or another browser began', async () => {
    const form = await browser.follow('/auth/login');
    const action = /action="([^"]+login)"/.exec(form.text)?.[1] ?? '';
    const body = new URLSearchParams({ username: ALICE.username, password: ALICE.password });
    const crossSite = await browser.send(action, {
      method: 'POST',
      body,
      headers: { 'sec-fetch-site': 'cross-site' },
    });
    expect(crossSite.status).toBe(403);
    const foreign = await browser.send(action, {
      method: 'POST',
      body,
      headers: { origin: 'https://evil.example' },
    });
    expect(foreign.status).toBe(403);
    const other = await new Browser(harness.baseUrl).send(action, { method: 'POST', body });
    expect(other.status).toBe(400);
    expect(other.text).toContain('This sign-in has ended');
    expect(await status()).toBe(401);
  });

  it('a store that cannot be written is no refusal of the patient: a page says so, and it works after', async () => {
    const form = await browser.follow('/auth/login');
    const action = /action="([^"]+login)"/.exec(form.text)?.[1] ?? '';
    const body = new URLSearchParams({ username: ALICE.username, password: ALICE.password });
    let step = await browser.send(action, { method: 'POST', body });
    while (!(step.headers.get('location') ?? '').includes('/auth/callback')) {
      step = await browser.send(step.headers.get('location') ?? '');
    }
    const callback = step.headers.get('location') ?? '';
    harness.database.pragma('query_only = ON');
    const away = await browser.send(callback);
    harness.database.pragma('query_only = OFF');
    expect([away.status, away.headers.get('retry-after')]).toEqual([503, '5']);
    expect(away.headers.get('content-type')).toMatch(/^text\/html/);
    expect(away.text).toContain('Nobody can sign in at present');
    expect(away.text).not.toContain('You are not signed in');
    await browser.signIn(ALICE.username, ALICE.password);
    expect(await status()).toBe(200);
  });

  it('refuses a callback without, with another’s, and with a used state', async () => {
    expect((await browser.send('/auth/callback?code=x&state=y')).status).toBe(400);
    const form = await browser.follow('/auth/login');
    const action = /action="([^"]+login)"/.exec(form.text)?.[1] ?? '';
    const body = new URLSearchParams({ username: ALICE.username, password: ALICE.password });
    let step = await browser.send(action, { method: 'POST', body });
    while (!(step.headers.get('location') ?? '').includes('/auth/callback')) {
      step = await browser.send(step.headers.get('location') ?? '');
    }
    const callback = step.headers.get('location') ?? '';
    expect((await new Browser(harness.baseUrl).send(callback)).status).toBe(400);
    const forged = new URL(callback);
    forged.searchParams.set('iss', 'https://evil.example');
    const pending = new Map(browser.cookies);
    expect((await browser.send(forged)).status).toBe(400);
    expect(await status()).toBe(401);
    for (const [name, cookie] of pending) {
      browser.cookies.set(name, cookie);
    }
    expect((await browser.send(callback)).status).toBe(303);
    expect(await status()).toBe(200);
    expect((await browser.send(callback)).status).toBe(400);
  });

  it.each([
    ['zh-CN', 'zh-CN'],
    ['en', 'en'],
    ['"><script>', 'en'],
    ['x'.repeat(500), 'en'],
  ])('asks in the language that the portal names: %j', async (locales, language) => {
    const form = await browser.follow(`/auth/login?ui_locales=${encodeURIComponent(locales)}`);
    expect(form.status).toBe(200);
    expect(form.text).toContain(`<html lang="${language}">`);
    const action = /action="([^"]+login)"/.exec(form.text)?.[1] ?? '';
    const body = new URLSearchParams({ username: ALICE.username, password: 'not the password' });
    const again = await browser.send(action, { method: 'POST', body });
    expect(again.text).toContain(`<html lang="${language}">`);
  });

  it('leads the patient who cancels back to the portal, signed out, without an error', async () => {
    const form = await browser.follow('/auth/login?returnTo=/consent');
    const cancel = /action="([^"]+cancel)"/.exec(form.text)?.[1] ?? '';
    const answer = await browser.follow(cancel, { method: 'POST' });
    expect(answer.url.pathname).toBe('/consent');
    expect(answer.text).not.toContain('class="problem"');
    expect(browser.cookies.has('cw_here')).toBe(false);
    expect(await status()).toBe(401);
  });

  it('keeps an error of another kind, or under another state, an error', async () => {
    for (const [error, state] of [
      ['server_error', undefined],
      ['access_denied', 'another'],
    ] as const) {
      const start = await browser.send('/auth/login');
      const own = new URL(start.headers.get('location') ?? '').searchParams.get('state') ?? '';
      const query = new URLSearchParams({
        error,
        state: state === undefined ? own : own.slice(0, 16) + state,
      });
      expect((await browser.send(`/auth/callback?${query.toString()}`)).status).toBe(400);
    }
  });

  it.each([
    ['temporarily_unavailable', 503],
    ['server_error', 503],
    ['invalid_scope', 400],
  ])('an issuer that says %s is told as %i', async (error, expected) => {
    const start = await browser.send('/auth/login');
    const state = new URL(start.headers.get('location') ?? '').searchParams.get('state') ?? '';
    const query = new URLSearchParams({ error, state, iss: `${harness.baseUrl}/oidc` });
    expect((await browser.send(`/auth/callback?${query.toString()}`)).status).toBe(expected);
  });

  it('is told in another language when that is chosen, also after a wrong password', async () => {
    const form = await browser.follow('/auth/login?ui_locales=en');
    const link = /<a href="([^"]+)" lang="zh-CN"/.exec(form.text)?.[1] ?? '';
    const chosen = await browser.follow(link);
    expect(chosen.text).toContain('<html lang="zh-CN">');
    expect(chosen.text).toContain('<span lang="zh-CN" aria-current="true">简体中文</span>');
    const field = /<input type="hidden" name="lang" value="([^"]+)">/.exec(chosen.text)?.[1] ?? '';
    const wrong = { username: ALICE.username, password: 'not the password', lang: field };
    const again = await browser.submit(chosen, wrong);
    expect(again.status).toBe(401);
    expect(again.text).toContain('<html lang="zh-CN">');
    expect(again.text).toMatch(/<p class="problem" role="alert" id="problem" tabindex="-1" autofocus>/);
    // What is no language of these pages changes nothing.
    expect((await browser.send(`${link.split('?')[0] ?? ''}?lang=xx`)).text).toContain('<html lang="en">');
  });

  it('says whom to ask for a lost password, and loads nothing but its own icon', async () => {
    const form = await browser.follow('/auth/login');
    expect(form.text).toMatch(
      /<p class="help">Lost your password, or no user name yet\? Ask .+: it gives out both\.<\/p>/,
    );
    expect(form.text).toContain('<link rel="icon" href="/mark.png"');
    expect(form.headers.get('content-security-policy')).toContain("img-src 'self'");
  });

  it('says beside the session’s cookie that there may be a session, until there is none', async () => {
    await browser.signIn(ALICE.username, ALICE.password);
    expect(browser.cookies.get('cw_here')?.line).toBe('cw_here=1; Path=/; SameSite=Lax');
    browser.cookies.delete('cw_session');
    const answer = await browser.api('me');
    expect(answer.status).toBe(401);
    expect(answer.headers.get('set-cookie')).toMatch(/^cw_here=; Path=\/; Expires=Thu, 01 Jan 1970/);
  });

  it('has the browser forget what it kept of pages when the patient signs out', async () => {
    await browser.signIn(ALICE.username, ALICE.password);
    const answer = await browser.send('/auth/logout', {
      method: 'POST',
      headers: { 'x-csrf-token': browser.csrfToken },
    });
    expect(answer.status).toBe(204);
    expect(answer.headers.get('clear-site-data')).toBe('"cache"');
    expect(browser.cookies.has('cw_here')).toBe(false);
  });

  it.each([
    ['/accesses?purpose=BTG#top', '/accesses?purpose=BTG#top'],
    ['https://evil.example/', '/'],
    ['//evil.example/page', '/'],
    ['//a//evil.example/', '/'],
    ['/.//evil.example/', '/'],
    ['/x/..//evil.example/', '/'],
    ['/%2e//evil.example/', '/'],
    ['/\\evil.example', '/'],
    ['javascript:alert(1)', '/'],
  ])('returns to a page of the portal only: %s', async (wanted, expected) => {
    const start = await browser.send(`/auth/login?returnTo=${encodeURIComponent(wanted)}`);
    const form = await browser.follow(start.headers.get('location') ?? '');
    const action = /action="([^"]+login)"/.exec(form.text)?.[1] ?? '';
    const body = new URLSearchParams({ username: ALICE.username, password: ALICE.password });
    let step = await browser.send(action, { method: 'POST', body });
    while (!step.url.pathname.startsWith('/auth/callback')) {
      step = await browser.send(step.headers.get('location') ?? '');
    }
    expect(step.headers.get('location')).toBe(expected);
  });

  it('keeps the session in a cookie that script and other sites cannot use', async () => {
    await browser.signIn(ALICE.username, ALICE.password);
    const cookie = browser.cookies.get('cw_session');
    expect(cookie?.line).toMatch(/HttpOnly/);
    expect(cookie?.line).toMatch(/SameSite=Lax/);
    expect(cookie?.line).not.toMatch(/Expires|Max-Age/);
    expect(cookie?.value).not.toContain(Buffer.from(ALICE.name).toString('base64url'));
  });

  it('refuses an altered cookie, and one kind of cookie for another', async () => {
    await browser.signIn(ALICE.username, ALICE.password);
    const cookie = browser.cookies.get('cw_session');
    const value = cookie?.value ?? '';
    // In its middle: the last character of base64url may stand for the same bits as another one.
    const at = Math.floor(value.length / 2);
    const altered = `${value.slice(0, at)}${value[at] === 'A' ? 'B' : 'A'}${value.slice(at + 1)}`;
    browser.cookies.set('cw_session', { value: altered, path: '/', line: '' });
    expect(await status()).toBe(401);
    browser.cookies.set('cw_signin', { value, path: '/', line: '' });
    browser.cookies.delete('cw_session');
    expect((await browser.send('/auth/callback?code=x')).status).toBe(400);
    expect(await status()).toBe(401);
  });

  it('ends an idle session, and every session after its longest time', async () => {
    await browser.signIn(ALICE.username, ALICE.password);
    harness.advance(29 * 60_000);
    expect(await status()).toBe(200);
    harness.advance(29 * 60_000);
    expect(await status()).toBe(200);
    harness.advance(31 * 60_000);
    expect(await status()).toBe(401);

    await browser.signIn(ALICE.username, ALICE.password);
    for (let time = 0; time < 7.7 * HOUR_MS; time += 25 * 60_000) {
      harness.advance(25 * 60_000);
      expect(await status()).toBe(200);
    }
    harness.advance(25 * 60_000);
    expect(await status()).toBe(401);
  });

  it('signs out for good: a copied cookie opens nothing, and the provider asks for the password again', async () => {
    await browser.signIn(ALICE.username, ALICE.password);
    const thief = new Browser(harness.baseUrl);
    for (const [name, cookie] of browser.cookies) {
      thief.cookies.set(name, cookie);
    }
    const refused = await browser.send('/auth/logout', { method: 'POST' });
    expect(refused.status).toBe(403);
    expect(await status()).toBe(200);
    const done = await browser.send('/auth/logout', {
      method: 'POST',
      headers: { 'x-csrf-token': browser.csrfToken },
    });
    expect(done.status).toBe(204);
    expect(await status()).toBe(401);
    expect(await status(thief)).toBe(401);
    expect((await thief.follow('/auth/login')).text).toContain('name="password"');
    const silent = await thief.send(
      `/oidc/auth?client_id=diary&response_type=code&redirect_uri=${encodeURIComponent('http://127.0.0.1:7777/callback')}&scope=openid&prompt=none&code_challenge_method=S256&code_challenge=${'a'.repeat(43)}`,
    );
    expect(silent.headers.get('location')).toContain('error=login_required');
  });

  it('closes the sessions of an account that was removed', async () => {
    await browser.signIn(ALICE.username, ALICE.password);
    const account = await harness.accounts.verify(ALICE.username, ALICE.password);
    harness.accounts.remove(account?.id ?? '');
    expect(await status()).toBe(401);
  });

  it('writes no name, identifier, password or cookie into the log', async () => {
    await browser.signIn(ALICE.username, 'a wrong password of alice');
    await browser.signIn(ALICE.username, ALICE.password);
    await browser.api('accesses?user=secret-person');
    const log = harness.logLines.join('');
    expect(log).toContain('sign-in refused');
    const secrets = [
      ALICE.name,
      ALICE.value,
      ALICE.password,
      'a wrong password',
      'secret-person',
      'cw_session',
    ];
    for (const secret of secrets) {
      expect(log).not.toContain(secret);
    }
  });

  it('sends pages that allow no script and no framing', async () => {
    const form = await browser.follow('/auth/login');
    const policy = form.headers.get('content-security-policy') ?? '';
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toContain('script-src');
    expect(policy).not.toContain('unsafe');
    expect(form.headers.get('x-frame-options')).toBe('DENY');
    const failing = await browser.send('/oidc/auth?client_id=<script>x</script>');
    expect(failing.status).toBe(400);
    expect(failing.text).not.toContain('<script>');
    expect(failing.headers.get('content-security-policy')).toContain("default-src 'none'");
  });
});
