// SPDX-License-Identifier: Apache-2.0

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly url: URL;
}

export interface Ask {
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string | URLSearchParams;
}

const HOPS = 15;

/** What a browser does without script: keeps cookies with their paths, follows redirects, submits forms. */
export class Browser {
  /** By name; one of a name that another path has too, by name and path. */
  readonly cookies = new Map<string, { value: string; path: string; line: string }>();
  csrfToken = '';

  readonly baseUrl: string;

  constructor(baseUrl: string) {
    this.baseUrl = baseUrl;
  }

  /** One request, no redirects followed. */
  async send(url: string | URL, ask: Ask = {}): Promise<Answer> {
    const target = new URL(url, this.baseUrl);
    const response = await fetch(target, {
      method: ask.method ?? 'GET',
      redirect: 'manual',
      headers: { accept: 'text/html', cookie: this.cookiesFor(target), ...ask.headers },
      ...(ask.body === undefined ? {} : { body: ask.body }),
    });
    this.#keep(response);
    return { status: response.status, headers: response.headers, text: await response.text(), url: target };
  }

  /** Follows redirects within this service; stops at one that leaves it. */
  async follow(url: string | URL, ask: Ask = {}): Promise<Answer> {
    let answer = await this.send(url, ask);
    for (let hop = 0; hop < HOPS; hop += 1) {
      const location = answer.headers.get('location');
      if (location === null) {
        return answer;
      }
      const next = new URL(location, answer.url);
      if (next.origin !== this.baseUrl) {
        return answer;
      }
      answer = await this.send(next);
    }
    throw new Error('too many redirects');
  }

  /** Submits the page's first form with these fields. */
  async submit(page: Answer, fields: Record<string, string>): Promise<Answer> {
    const action = /<form[^>]*action="([^"]+)"/.exec(page.text)?.[1];
    if (action === undefined) {
      throw new Error(`no form in a page with status ${String(page.status)}`);
    }
    return await this.follow(new URL(action, page.url), {
      method: 'POST',
      body: new URLSearchParams(fields),
      headers: { origin: this.baseUrl, 'sec-fetch-site': 'same-origin' },
    });
  }

  async signIn(username: string, password: string, returnTo = '/'): Promise<Answer> {
    const form = await this.follow(`/auth/login?returnTo=${encodeURIComponent(returnTo)}`);
    const answer = await this.submit(form, { username, password });
    const me = await this.api('me');
    if (me.status === 200) {
      this.csrfToken = (JSON.parse(me.text) as { csrfToken: string }).csrfToken;
    }
    return answer;
  }

  api(path: string, ask: Ask = {}): Promise<Answer> {
    const isWrite = ask.method !== undefined && ask.method !== 'GET';
    return this.send(`/api/v1/${path}`, {
      ...ask,
      headers: {
        accept: 'application/json',
        ...(isWrite ? { 'x-csrf-token': this.csrfToken, 'content-type': 'application/json' } : {}),
        ...ask.headers,
      },
    });
  }

  /** The `Cookie` header for a request to this URL. */
  cookiesFor(url: URL): string {
    return [...this.cookies]
      .filter(([, { path }]) => url.pathname.startsWith(path))
      .map(([key, { value }]) => `${key.split(' ', 1).join('')}=${value}`)
      .join('; ');
  }

  #keyOf(name: string, path: string): string {
    return (this.cookies.get(name)?.path ?? path) === path ? name : `${name} ${path}`;
  }

  #keep(response: Response): void {
    for (const line of response.headers.getSetCookie()) {
      const [pair = '', ...attributes] = line.split('; ');
      const name = pair.slice(0, pair.indexOf('='));
      const value = pair.slice(pair.indexOf('=') + 1);
      const path = attributes.find((text) => /^path=/i.test(text))?.slice(5) ?? '/';
      if (value === '' || attributes.some((text) => /^expires=Thu, 01 Jan 1970/i.test(text))) {
        this.cookies.delete(this.#keyOf(name, path));
      } else {
        this.cookies.set(this.#keyOf(name, path), { value, path, line });
      }
    }
  }
}
