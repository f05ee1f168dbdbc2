// SPDX-License-Identifier: Apache-2.0
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Provider } from 'oidc-provider';
import { Browser } from '../browser';
import { subjectOf } from '../subjects';
import { ALICE, type Harness, startTrustee, SYSTEM } from '../trusteeHarness';

const CLIENT = { clientId: 'portal-there', clientSecret: 'a secret of forty-three characters at least!!' };

/** An OpenID provider elsewhere: the library's own, with its development form that takes any login. */
async function startIssuer(redirectUri: () => string): Promise<{ issuer: string; server: Server }> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const issuer = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
  let provider: Provider | undefined;
  server.on('request', (incoming, response) => {
    provider ??= new Provider(issuer, {
      clients: [
        {
          client_id: CLIENT.clientId,
          client_secret: CLIENT.clientSecret,
          redirect_uris: [redirectUri()],
        },
      ],
      cookies: { keys: ['only a test'] },
      findAccount: (_context, id) => ({ accountId: id, claims: () => ({ sub: id, name: 'Told Elsewhere' }) }),
      claims: { openid: ['sub', 'name'] },
      conformIdTokenClaims: false,
      features: { devInteractions: { enabled: true } },
    });
    provider
      .callback()(incoming, response)
      .catch(() => response.destroy());
  });
  return { issuer, server };
}

describe('with an external OpenID provider', () => {
  let harness: Harness;
  let elsewhere: { issuer: string; server: Server };
  beforeEach(async () => {
    jest.spyOn(console, 'warn').mockImplementation(() => undefined);
    jest.spyOn(console, 'info').mockImplementation(() => undefined);
    elsewhere = await startIssuer(() => `${harness.baseUrl}/auth/callback`);
    harness = await startTrustee({
      external: { issuer: elsewhere.issuer, ...CLIENT, identifierSystem: SYSTEM },
    });
  });
  afterEach(async () => {
    await harness.close();
    elsewhere.server.closeAllConnections();
    await new Promise((resolve) => elsewhere.server.close(resolve));
  });

  /** Goes through the other provider's two forms, and back. */
  const signIn = async (here: Browser, login: string): Promise<number> => {
    const start = await here.send('/auth/login');
    const there = new Browser(elsewhere.issuer);
    const form = await there.follow(start.headers.get('location') ?? '');
    const allowed = await there.submit(form, { prompt: 'login', login, password: 'any' });
    const back = await there.submit(allowed, { prompt: 'consent' });
    const location = back.headers.get('location') ?? '';
    return (await here.send(location)).status;
  };

  it('signs the patient in whose identifier is the provider’s sub', async () => {
    const browser = new Browser(harness.baseUrl);
    expect(await signIn(browser, ALICE.value)).toBe(303);
    expect(JSON.parse((await browser.api('me')).text)).toMatchObject({
      subject: subjectOf(ALICE.value),
      name: 'Told Elsewhere',
      username: null,
    });
  });

  it('has no provider of its own, and takes no tokens without knowing the issuer’s keys', async () => {
    const browser = new Browser(harness.baseUrl);
    expect((await browser.send('/oidc/auth')).status).toBe(404);
    expect((await browser.api('me', { headers: { authorization: 'Bearer a.b.c' } })).status).toBe(401);
  });

  it('answers 503 with Retry-After while the provider is away, and signs in again after', async () => {
    const address = elsewhere.server.address() as AddressInfo;
    elsewhere.server.closeAllConnections();
    await new Promise((resolve) => elsewhere.server.close(resolve));
    const browser = new Browser(harness.baseUrl);
    const away = await browser.send('/auth/login');
    expect([away.status, away.headers.get('retry-after')]).toEqual([503, '5']);
    await new Promise<void>((resolve) => elsewhere.server.listen(address.port, '127.0.0.1', resolve));
    expect(await signIn(browser, ALICE.value)).toBe(303);
  });
});
