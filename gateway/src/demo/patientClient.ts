// SPDX-License-Identifier: Apache-2.0
import type { Answer } from './hospitalClient';

export interface PatientAnswer extends Answer {
  readonly etag: string | null;
  readonly retryAfter: string | null;
}

const MAX_REDIRECTS = 12;

/**
 * A patient at the portal without a browser: signs in through the form as a person without script would,
 * keeps the cookies, and calls the patient API with the session.
 */
export class PatientClient {
  readonly #portalUrl: string;
  /** Per origin: cookie name → value. */
  readonly #cookies = new Map<string, Map<string, string>>();
  #csrfToken = '';

  private constructor(portalUrl: string) {
    this.#portalUrl = portalUrl;
  }

  /** @throws Error when the form refuses the name or the password. */
  static async signIn(portalUrl: string, username: string, password: string): Promise<PatientClient> {
    const client = new PatientClient(portalUrl);
    const form = await client.#follow(new URL('/auth/login?returnTo=/', portalUrl), {});
    const page = await form.response.text();
    const action = /<form[^>]*\baction="([^"]+)"/i.exec(page)?.[1];
    if (action === undefined || !/name="password"/.test(page)) {
      throw new Error(`the sign-in did not show a form (status ${String(form.response.status)})`);
    }
    const fields = new URLSearchParams(hiddenFields(page));
    fields.set('username', username);
    fields.set('password', password);
    const signedIn = await client.#follow(new URL(unescapeHtml(action), form.url), {
      method: 'POST',
      body: fields,
    });
    await signedIn.response.arrayBuffer();
    const me = await client.get('me');
    if (me.status !== 200) {
      throw new Error(
        `signing in as ${username} failed (form answered ${String(signedIn.response.status)}, me ${String(me.status)})`,
      );
    }
    client.#csrfToken = (me.body as { csrfToken: string }).csrfToken;
    return client;
  }

  get(path: string): Promise<PatientAnswer> {
    return this.#call('GET', path);
  }

  put(path: string, body: unknown, ifMatch: string): Promise<PatientAnswer> {
    return this.#call('PUT', path, body, { 'if-match': ifMatch });
  }

  post(path: string, body: unknown): Promise<PatientAnswer> {
    return this.#call('POST', path, body);
  }

  async #call(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<PatientAnswer> {
    const url = new URL(`/api/v1/${path}`, this.#portalUrl);
    const response = await fetch(url, {
      method,
      headers: {
        cookie: this.#cookieHeader(url),
        accept: 'application/json',
        ...(method === 'GET'
          ? {}
          : { 'content-type': 'application/json', 'x-csrf-token': this.#csrfToken, origin: url.origin }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    this.#keepCookies(url, response);
    const text = await response.text();
    return {
      status: response.status,
      body: text === '' ? undefined : (JSON.parse(text) as unknown),
      etag: response.headers.get('etag'),
      retryAfter: response.headers.get('retry-after'),
    };
  }

  async #follow(start: URL, init: RequestInit): Promise<{ url: URL; response: Response }> {
    let url = start;
    let request = init;
    for (let hop = 0; hop < MAX_REDIRECTS; hop += 1) {
      const response = await fetch(url, {
        ...request,
        redirect: 'manual',
        headers: { cookie: this.#cookieHeader(url), accept: 'text/html' },
      });
      this.#keepCookies(url, response);
      const location = response.headers.get('location');
      if (location === null) {
        return { url, response };
      }
      await response.arrayBuffer();
      url = new URL(location, url);
      request = {};
    }
    throw new Error(`more than ${String(MAX_REDIRECTS)} redirects while signing in`);
  }

  #cookieHeader(url: URL): string {
    return [...(this.#cookies.get(url.origin) ?? [])].map(([name, value]) => `${name}=${value}`).join('; ');
  }

  #keepCookies(url: URL, response: Response): void {
    const jar = this.#cookies.get(url.origin) ?? new Map<string, string>();
    this.#cookies.set(url.origin, jar);
    for (const line of response.headers.getSetCookie()) {
      const [pair = ''] = line.split(';');
      const at = pair.indexOf('=');
      const name = pair.slice(0, at);
      const value = pair.slice(at + 1);
      if (value === '' || /expires=Thu, 01 Jan 1970/i.test(line)) {
        jar.delete(name);
      } else {
        jar.set(name, value);
      }
    }
  }
}

function hiddenFields(page: string): Record<string, string> {
  const fields: Record<string, string> = {};
  for (const [input] of page.matchAll(/<input[^>]*type="hidden"[^>]*>/gi)) {
    const name = /\bname="([^"]*)"/i.exec(input)?.[1];
    if (name !== undefined) {
      fields[name] = unescapeHtml(/\bvalue="([^"]*)"/i.exec(input)?.[1] ?? '');
    }
  }
  return fields;
}

function unescapeHtml(text: string): string {
  return text
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&');
}
