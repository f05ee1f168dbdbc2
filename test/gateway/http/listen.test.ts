// SPDX-License-Identifier: Apache-2.0
import { Agent, request, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
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

function get(): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const asked = request({ agent, host: taken.host, port: taken.port }, (response) => {
      response.resume().once('end', () => {
        resolve(response);
      });
    });
    asked.once('error', reject).end();
  });
}

/** Answers nothing until it is told to. */
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
