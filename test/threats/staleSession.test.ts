// SPDX-License-Identifier: Apache-2.0
/**
 * Somebody keeps a session, an app's access or a half-done sign-in, and the patient's password or the person
 * behind the username changes.
 */
import { AppClient } from '../gateway/trustee/appClient';
import { Browser } from '../gateway/trustee/browser';
import { ALICE, BOB, type Harness, startTrustee, SYSTEM } from '../gateway/trustee/trusteeHarness';

const SCOPE = 'openid profile offline_access patient/AuditEvent.rs';
const NEW_PASSWORD = 'a kettle on the stove';

let harness: Harness;
let thief: Browser;
beforeEach(async () => {
  harness = await startTrustee();
  thief = new Browser(harness.baseUrl);
});
afterEach(async () => {
  await harness.close();
});

interface Change {
  readonly name?: string;
  readonly password?: string;
  readonly value?: string;
}

async function put({
  name = ALICE.name,
  password = ALICE.password,
  value = ALICE.value,
}: Change): Promise<void> {
  await harness.accounts.put({
    username: ALICE.username,
    name,
    password,
    identifier: { system: SYSTEM, value },
  });
}

const statusOf = async (browser: Browser): Promise<number> => (await browser.api('accesses')).status;

const ENDING: readonly (readonly [string, Change])[] = [
  ['a new password', { password: NEW_PASSWORD }],
  ['another person', { value: '999-33-3333', name: 'Carol Feest' }],
];

it.each(ENDING)('the session ends with %s', async (_what, change) => {
  await thief.signIn(ALICE.username, ALICE.password);
  expect(await statusOf(thief)).toBe(200);
  await put(change);
  expect(await statusOf(thief)).toBe(401);
});

it.each(ENDING)('an app’s access and refresh token end with %s', async (_what, change) => {
  const app = new AppClient(thief, harness.trustee.resource);
  const tokens = await app.tokens(SCOPE, { prompt: 'consent' });
  const call = (): Promise<{ status: number }> =>
    thief.send('/api/v1/accesses', { headers: { authorization: `Bearer ${tokens.access_token}` } });
  expect((await call()).status).toBe(200);
  await put(change);
  expect((await call()).status).toBe(401);
  const refreshed = await app.token({
    grant_type: 'refresh_token',
    refresh_token: tokens.refresh_token ?? '',
  });
  expect([refreshed.status, refreshed.error]).toEqual([400, 'invalid_grant']);
});

it.each(ENDING)(
  'a sign-in whose password was right before %s opens nothing after it',
  async (_what, change) => {
    const form = await thief.follow('/auth/login');
    const action = /action="([^"]+login)"/.exec(form.text)?.[1] ?? '';
    const body = new URLSearchParams({ username: ALICE.username, password: ALICE.password });
    const half = await thief.send(action, { method: 'POST', body });
    expect(half.status).toBe(303);
    await put(change);
    await thief.follow(half.headers.get('location') ?? '');
    expect(await statusOf(thief)).toBe(401);
  },
);

it.each(ENDING)('nor does an app’s code from before %s', async (_what, change) => {
  const app = new AppClient(thief, harness.trustee.resource);
  const end = await app.authorize(SCOPE, 'allow', { prompt: 'consent' });
  await put(change);
  const tokens = await app.exchange(end.searchParams.get('code') ?? '');
  expect([tokens.status, tokens.error]).toEqual([400, 'invalid_grant']);
});

it('the provider asks for the new password, also when an app had been allowed', async () => {
  const app = new AppClient(thief, harness.trustee.resource);
  await app.tokens(SCOPE, { prompt: 'consent' });
  await put({ password: NEW_PASSWORD });
  expect((await thief.follow(app.authorizationUrl(SCOPE))).text).toContain('name="password"');
});

it('apps know the same patient after a new password, and another after another person', async () => {
  const subOf = async (password: string): Promise<unknown> => {
    const browser = new Browser(harness.baseUrl);
    const app = new AppClient(browser, harness.trustee.resource);
    const form = await browser.follow(app.authorizationUrl(SCOPE));
    const page = await browser.submit(form, { username: ALICE.username, password });
    const end = await browser.submit(page, { decision: 'allow' });
    const code = new URL(end.headers.get('location') ?? 'about:blank').searchParams.get('code');
    const { id_token } = await app.exchange(code ?? '');
    return (JSON.parse(Buffer.from(id_token.split('.')[1] ?? '', 'base64url').toString()) as { sub: string })
      .sub;
  };
  const before = await subOf(ALICE.password);
  await put({ password: NEW_PASSWORD });
  expect(await subOf(NEW_PASSWORD)).toBe(before);
  await put({ password: NEW_PASSWORD, value: '999-33-3333' });
  expect(await subOf(NEW_PASSWORD)).not.toBe(before);
});

it('twin: a new name alone, or another account’s password, ends nothing', async () => {
  await thief.signIn(ALICE.username, ALICE.password);
  const app = new AppClient(new Browser(harness.baseUrl), harness.trustee.resource);
  const tokens = await app.tokens(SCOPE, { prompt: 'consent' });
  await put({ name: 'Alice Feest' });
  await harness.accounts.put({
    username: BOB.username,
    name: BOB.name,
    password: NEW_PASSWORD,
    identifier: { system: SYSTEM, value: BOB.value },
  });
  expect(JSON.parse((await thief.api('me')).text)).toMatchObject({ name: 'Alice Feest' });
  const refreshed = await app.token({
    grant_type: 'refresh_token',
    refresh_token: tokens.refresh_token ?? '',
  });
  expect(refreshed.status).toBe(200);
});
