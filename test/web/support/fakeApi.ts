// SPDX-License-Identifier: Apache-2.0

/** An answer of {@link fakeApi}. */
export interface FakeAnswer {
  readonly status?: number;
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface FakeRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
}

/**
 * A fake of the patient API at the wire: replaces `fetch`, answers by `METHOD /path` without the query, and
 * keeps every request. A path without an answer is a network failure.
 */
export function fakeApi(
  answers: Readonly<Record<string, FakeAnswer | ((request: FakeRequest) => FakeAnswer)>>,
): FakeRequest[] {
  const requests: FakeRequest[] = [];
  if (typeof document !== 'undefined') {
    document.cookie = 'cw_here=1';
  }
  globalThis.fetch = (input, init = {}) => {
    if (typeof input !== 'string') {
      throw new TypeError('the portal asks for paths');
    }
    const request = toRequest(input, init);
    requests.push(request);
    const answer = answers[`${request.method} ${request.path.split('?')[0] ?? ''}`];
    if (answer === undefined) {
      return Promise.reject(new TypeError('fetch failed'));
    }
    return Promise.resolve(toResponse(typeof answer === 'function' ? answer(request) : answer));
  };
  return requests;
}

function toRequest(path: string, init: RequestInit): FakeRequest {
  return {
    method: init.method ?? 'GET',
    path,
    headers: init.headers as Record<string, string>,
    body: typeof init.body === 'string' ? (JSON.parse(init.body) as unknown) : undefined,
  };
}

/** The part of a `Response` that the portal uses; jsdom has none. */
function toResponse({ status = 200, body, headers = {} }: FakeAnswer): Response {
  const names = new Map(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
  return {
    ok: status < 400,
    status,
    headers: { get: (name: string) => names.get(name.toLowerCase()) ?? null },
    json: () => Promise.resolve(JSON.parse(JSON.stringify(body)) as unknown),
  } as unknown as Response;
}
