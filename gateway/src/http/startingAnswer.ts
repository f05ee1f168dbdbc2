// SPDX-License-Identifier: Apache-2.0
import type { RequestListener } from 'node:http';
import { PROBLEM_TYPE, problemOf } from './problem';

const PROBLEM = problemOf('STARTING');
/** FHIR R4; as every other error under `/fhir`. */
const OUTCOME = {
  resourceType: 'OperationOutcome',
  issue: [
    {
      severity: 'error',
      code: 'transient',
      details: { coding: [{ system: 'urn:chartwitness:error', code: PROBLEM.code }], text: PROBLEM.title },
    },
  ],
};
/** RFC 6749 §5.2, with the code by which both token endpoints say that they cannot serve now. */
const TOKEN_ERROR = {
  error: 'temporarily_unavailable',
  error_description: 'this service is starting; try again later',
};
/** Asks again by itself, without script; nothing is loaded. */
const PAGE = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta http-equiv="refresh" content="2"><title>Chartwitness</title></head>
<body><main><h1>This service is starting</h1><p>This page comes back by itself in a moment.</p>
<div lang="zh-CN"><h1>本服务正在启动</h1><p>本页面稍后会自动刷新。</p></div></main></body></html>
`;
const PAGE_POLICY = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}

const as = (type: string, body: unknown): Answer => ({
  status: PROBLEM.status,
  type,
  body: JSON.stringify(body),
});

const ANSWERS = {
  alive: { status: 200, type: 'application/json', body: JSON.stringify({ status: 'ok' }) },
  fhir: as('application/fhir+json', OUTCOME),
  token: as('application/json', TOKEN_ERROR),
  page: {
    status: PROBLEM.status,
    type: 'text/html; charset=utf-8',
    body: PAGE,
    headers: { 'Content-Security-Policy': PAGE_POLICY },
  },
  problem: as(PROBLEM_TYPE, PROBLEM),
} as const satisfies Record<string, Answer>;

/** A process that starts slowly is alive: who ends it for that makes it start again. */
const ALIVE = '/healthz';
const FHIR = /^\/fhir(\/|$)/;
const TOKEN_ENDPOINTS: ReadonlySet<string> = new Set(['/oauth/token', '/oidc/token']);

/**
 * Answers requests before there is anything to serve: 503 `STARTING` in the form that the path has otherwise,
 * with the time to come back. A browser gets a page that asks again by itself. `/healthz` is 200.
 */
export const startingAnswer: RequestListener = (request, response) => {
  const { status, type, body, headers }: Answer = ANSWERS[formOf(request)];
  response
    .writeHead(status, {
      'Content-Type': type,
      'Cache-Control': 'no-store',
      'X-Content-Type-Options': 'nosniff',
      ...(status === 200 ? {} : { 'Retry-After': '1' }),
      ...headers,
    })
    .end(body);
};

function formOf({ url = '/', method, headers }: Parameters<RequestListener>[0]): keyof typeof ANSWERS {
  const path = url.split('?', 1)[0] ?? '/';
  if (path === ALIVE) {
    return 'alive';
  }
  if (FHIR.test(path)) {
    return 'fhir';
  }
  if (TOKEN_ENDPOINTS.has(path)) {
    return 'token';
  }
  return method === 'GET' && headers.accept?.includes('text/html') === true ? 'page' : 'problem';
}
