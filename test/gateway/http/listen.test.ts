// SPDX-License-Identifier: Apache-2.0
import { Agent, request, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { AppError } from '../../../gateway/src/errors';
import { operationOutcome } from '../../../gateway/src/fhir/answers';
import { takePort, type TakenPort } from '../../../gateway/src/http/listen';

let agent: Agent;
let taken: TakenPort;
beforeEach(async () => {
  agent = new Agent({ keepAlive: true, maxSockets: 1 });
  taken = await takePort('127.0.0.1', 0, 'PORT');
});
afterEach(async () => {
  agent.destroy();
  await taken.close(0);
});

function get(
  path = '/',
  headers: Record<string, string> = {},
): Promise<IncomingMessage & { readonly body: string }> {
  return new Promise((resolve, reject) => {
    const asked = request({ agent, host: taken.host, port: taken.port, path, headers }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (part: string) => {
        body += part;
      });
      response.once('end', () => {
        resolve(Object.assign(response, { body }));
      });
    });
    asked.once('error', reject).end();
  });
}

/** Answers nothing until the test says so. */
function held(): { readonly handler: RequestListener; readonly asked: Promise<ServerResponse> } {
  let tell: (response: ServerResponse) => void = () => undefined;
  const asked = new Promise<ServerResponse>((resolve) => {
    tell = resolve;
  });
  return {
    handler: (_request, response) => {
      tell(response);
    },
    asked,
  };
}

test('before there is anything to serve callers are told to come back', async () => {
  const answer = await get();
  expect([answer.statusCode, answer.headers['retry-after']]).toEqual([503, '1']);
  expect(answer.headers['content-type']).toBe('application/problem+json');
  expect(JSON.parse(answer.body)).toMatchObject({ status: 503, code: 'STARTING' });
});

test.each([
  ['/fhir', 'application/fhir+json'],
  ['/fhir/Patient?_id=1', 'application/fhir+json'],
  ['/fhirs', 'application/problem+json'],
  ['/oauth/token', 'application/json'],
  ['/oidc/token', 'application/json'],
  ['/readyz', 'application/problem+json'],
  ['/api/v1/me', 'application/problem+json'],
])('… in the form that %s has otherwise', async (path, type) => {
  const answer = await get(path);
  expect([answer.statusCode, answer.headers['content-type'], answer.headers['retry-after']]).toEqual([
    503,
    type,
    '1',
  ]);
  const body = JSON.parse(answer.body) as Record<string, unknown>;
  if (path.endsWith('/token')) {
    expect(body['error']).toBe('temporarily_unavailable');
  } else if (type === 'application/fhir+json') {
    expect(body).toEqual(operationOutcome(new AppError('STARTING', 'x')));
  } else {
    expect(body['code']).toBe('STARTING');
  }
});

test('a browser is shown a page that asks again by itself and loads nothing, but never under /fhir', async () => {
  const headers = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' };
  const answer = await get('/', headers);
  expect([answer.statusCode, answer.headers['retry-after']]).toEqual([503, '1']);
  expect(answer.headers['content-type']).toMatch(/^text\/html/);
  expect(answer.headers['content-security-policy']).toMatch(/^default-src 'none'/);
  expect(answer.body).toContain('<meta http-equiv="refresh"');
  expect(answer.body).not.toMatch(/<script|src=|href=/);
  expect((await get('/fhir/Patient', headers)).headers['content-type']).toBe('application/fhir+json');
});

test('a process that starts is alive, and not ready', async () => {
  const alive = await get('/healthz');
  expect([alive.statusCode, alive.headers['retry-after'], JSON.parse(alive.body)]).toEqual([
    200,
    undefined,
    { status: 'ok' },
  ]);
  expect((await get('/readyz')).statusCode).toBe(503);
});

test('a connection is kept for the next request', async () => {
  taken.serve((_request, response) => response.end());
  expect((await get()).headers.connection).toBe('keep-alive');
});

test('what is answered after the end has begun ends its connection, so that nobody is waited for', async () => {
  const { handler, asked } = held();
  taken.serve(handler);
  const answer = get();
  const response = await asked;
  const closed = taken.close(60_000);
  response.end();
  expect((await answer).headers.connection).toBe('close');
  await closed;
});

test('an answer whose head was sent before the end begins does not leave its connection to be waited for', async () => {
  const { handler, asked } = held();
  taken.serve(handler);
  const answer = get();
  const response = await asked;
  let isWaitedFor = false;
  response.socket?.once('timeout', () => {
    isWaitedFor = true;
  });
  response.writeHead(200);
  response.write('a');
  const closed = taken.close(60_000);
  response.end('b');
  expect((await answer).headers.connection).toBe('keep-alive');
  await closed;
  expect(isWaitedFor).toBe(false);
});

test('a port that is taken is an error that names the setting', async () => {
  await expect(takePort('127.0.0.1', taken.port, 'OPERATIONS_PORT')).rejects.toThrow(/set OPERATIONS_PORT/);
});

/** Writes all of it at once; what came back by the time the connection ended. */
function raw(text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let heard = '';
    const socket = connect(taken.port, taken.host, () => socket.write(text));
    socket.setEncoding('utf8').on('data', (chunk: string) => {
      heard += chunk;
    });
    socket.once('error', (error: NodeJS.ErrnoException) => {
      // A server that ends the connection while the caller still writes resets it.
      if (error.code !== 'ECONNRESET' && error.code !== 'EPIPE') {
        reject(error);
      }
    });
    socket.once('close', () => {
      resolve(heard);
    });
  });
}

const REQUEST = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n';
const answersIn = (text: string): number => text.split('HTTP/1.1 200').length - 1;

test.each([2, 1_000])(
  '%i requests that do not wait for their answers end their connection',
  async (count) => {
    let heard = 0;
    taken.serve((_request, response) => {
      heard += 1;
      setImmediate(() => response.end('x'));
    });
    const answer = await raw(REQUEST.repeat(count));
    expect([heard, answersIn(answer)]).toEqual([1, 0]);
  },
);

test('also when the head of the first answer was out already', async () => {
  let heard = 0;
  taken.serve((_request, response) => {
    heard += 1;
    response.writeHead(200, { 'Content-Length': '1' }).flushHeaders();
    setImmediate(() => response.end('x'));
  });
  await raw(REQUEST.repeat(3));
  expect(heard).toBe(1);
});

test('what comes behind an answer that stays open is not read', async () => {
  let heard = 0;
  const { handler, asked } = held();
  taken.serve((request, response) => {
    heard += 1;
    handler(request, response);
  });
  const answer = raw(REQUEST.repeat(50_000));
  const { socket } = await asked;
  expect([await answer, heard]).toEqual(['', 1]);
  // One read takes 64 KiB.
  expect(socket?.bytesRead ?? Infinity).toBeLessThan(3 * 65_536);
});

const EXPECTING = REQUEST.replace('Host', 'Expect: x\r\nHost');

test('an expectation that nobody knows is a request like any other', async () => {
  let heard = 0;
  taken.serve((_request, response) => {
    heard += 1;
    response.setHeader('Connection', 'close').end('x');
  });
  expect([answersIn(await raw(EXPECTING)), heard]).toEqual([1, 1]);
});

test('expectations that do not wait for their answers end their connection', async () => {
  let heard = 0;
  taken.serve((_request, response) => {
    heard += 1;
    setImmediate(() => response.end('x'));
  });
  await raw(EXPECTING.repeat(1_000));
  expect(heard).toBe(1);
});

test('one after the other, a connection brings as many as it likes', async () => {
  let heard = 0;
  const sockets = new Set<unknown>();
  taken.serve((request, response) => {
    heard += 1;
    sockets.add(request.socket);
    response.end();
  });
  for (let number = 0; number < 20; number += 1) {
    await get();
  }
  expect([heard, sockets.size]).toEqual([20, 1]);
});

test('a body that comes in many pieces is no further request', async () => {
  taken.serve((request, response) => {
    let bytes = 0;
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
    });
    request.on('end', () => response.end(String(bytes)));
  });
  const body = 'x'.repeat(300_000);
  const answer = await raw(
    `POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: ${String(body.length)}\r\n\r\n${body}`,
  );
  expect(answer).toMatch(/\r\n\r\n300000$/);
});
