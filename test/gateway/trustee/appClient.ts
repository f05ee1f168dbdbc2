// SPDX-License-Identifier: Apache-2.0
import { createHash, randomBytes } from 'node:crypto';
import type { Answer, Browser } from './browser';
import { ALICE, APP } from './trusteeHarness';

export interface Tokens {
  readonly status: number;
  readonly access_token: string;
  readonly refresh_token?: string;
  readonly id_token: string;
  readonly scope: string;
  readonly expires_in: number;
  readonly error?: string;
}

/** A third party's native app: public client, code + PKCE, a loopback redirect that nobody serves. */
export class AppClient {
  readonly #verifier = randomBytes(32).toString('base64url');
  readonly redirectUri = APP.redirectUris[0] ?? '';

  readonly browser: Browser;
  readonly resource: string;

  constructor(browser: Browser, resource: string) {
    this.browser = browser;
    this.resource = resource;
  }

  authorizationUrl(scope: string, change: Record<string, string> = {}): string {
    const url = new URL('/oidc/auth', this.browser.baseUrl);
    url.search = new URLSearchParams({
      client_id: APP.clientId,
      response_type: 'code',
      redirect_uri: this.redirectUri,
      scope,
      state: 'state-of-the-app',
      resource: this.resource,
      code_challenge: createHash('sha256').update(this.#verifier).digest('base64url'),
      code_challenge_method: 'S256',
      ...change,
    }).toString();
    return url.href;
  }

  /** To the page in which the patient is asked to allow the app. */
  async reachConsent(scope: string, change: Record<string, string> = {}): Promise<Answer> {
    const page = await this.browser.follow(this.authorizationUrl(scope, change));
    return page.text.includes('name="password"')
      ? await this.browser.submit(page, { username: ALICE.username, password: ALICE.password })
      : page;
  }

  /** Where the browser is sent at the end: the app's redirect URI with its parameters. */
  async authorize(
    scope: string,
    decision: 'allow' | 'refuse' = 'allow',
    change: Record<string, string> = {},
  ): Promise<URL> {
    const page = await this.reachConsent(scope, change);
    const end = page.headers.get('location') === null ? await this.browser.submit(page, { decision }) : page;
    return new URL(end.headers.get('location') ?? 'about:blank');
  }

  async token(fields: Record<string, string>): Promise<Tokens> {
    const response = await fetch(new URL('/oidc/token', this.browser.baseUrl), {
      method: 'POST',
      body: new URLSearchParams({ client_id: APP.clientId, ...fields }),
    });
    return { status: response.status, ...((await response.json()) as Omit<Tokens, 'status'>) };
  }

  exchange(code: string, verifier = this.#verifier): Promise<Tokens> {
    return this.token({
      grant_type: 'authorization_code',
      code,
      redirect_uri: this.redirectUri,
      code_verifier: verifier,
    });
  }

  /** The whole flow. */
  async tokens(scope: string, change: Record<string, string> = {}): Promise<Tokens> {
    const end = await this.authorize(scope, 'allow', change);
    return await this.exchange(end.searchParams.get('code') ?? '');
  }
}
