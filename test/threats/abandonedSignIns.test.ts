// SPDX-License-Identifier: Apache-2.0
/**
 * Sign-ins are begun again and again and not finished, by a page that opens them or a patient who comes back
 * later.
 */
import { Browser } from '../gateway/trustee/browser';
import { ALICE, type Harness, startTrustee } from '../gateway/trustee/trusteeHarness';

/** What Node takes, all header lines together, and proxies less. */
const MOST_BYTES = 8192;

let harness: Harness;
let browser: Browser;
beforeEach(async () => {
  harness = await startTrustee();
  browser = new Browser(harness.baseUrl);
});
afterEach(async () => {
  await harness.close();
});

const bytesFor = (path: string): number => browser.cookiesFor(new URL(path, harness.baseUrl)).length;

it('forty abandoned sign-ins leave a browser that can sign in', async () => {
  const returnTo = `/accesses?from=${'x'.repeat(900)}`;
  for (let at = 0; at < 40; at += 1) {
    const form = await browser.follow(`/auth/login?returnTo=${encodeURIComponent(returnTo)}`);
    expect(form.status).toBe(200);
  }
  for (const path of ['/', '/api/v1/me', '/auth/login', '/auth/callback', '/oidc/auth']) {
    expect([path, bytesFor(path) < MOST_BYTES]).toEqual([path, true]);
  }
  const answer = await browser.signIn(ALICE.username, ALICE.password);
  expect(answer.status).not.toBe(431);
  expect((await browser.api('me')).status).toBe(200);
});

it('every cookie of signing in has an age and a path', async () => {
  await browser.follow('/auth/login');
  const lines = [...browser.cookies.values()].map(({ line }) => line);
  expect(lines.length).toBeGreaterThan(1);
  for (const line of lines) {
    expect(line).toMatch(/; path=\/(auth|oidc)/i);
    expect(line).toMatch(/; (max-age|expires)=/i);
  }
});

it('five tabs sign in beside each other; a sixth ends the oldest', async () => {
  const callbacks: string[] = [];
  for (let tab = 0; tab < 6; tab += 1) {
    // A whole second apart: cookies tell their age in seconds.
    harness.advance(1000);
    const form = await browser.follow('/auth/login');
    const action = /action="([^"]+login)"/.exec(form.text)?.[1] ?? '';
    const body = new URLSearchParams({ username: ALICE.username, password: ALICE.password });
    let step = await browser.send(action, { method: 'POST', body });
    while (!(step.headers.get('location') ?? '').includes('/auth/callback')) {
      step = await browser.send(step.headers.get('location') ?? '');
    }
    callbacks.push(step.headers.get('location') ?? '');
  }
  const statuses: number[] = [];
  for (const callback of callbacks) {
    statuses.push((await browser.send(callback)).status);
  }
  expect(statuses).toEqual([400, 303, 303, 303, 303, 303]);
});

it('a path that is too long to carry is not kept, and the sign-in goes on', async () => {
  const start = await browser.send(`/auth/login?returnTo=/${'x'.repeat(5000)}`);
  expect(start.status).toBe(303);
  expect(bytesFor('/auth/callback')).toBeLessThan(1500);
});
