// SPDX-License-Identifier: Apache-2.0
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import * as grpc from '@grpc/grpc-js';
import { DEFAULT_KEEP_ALIVE, openChannel } from '../../../gateway/src/ledger/channel';
import { listenOnLoopback } from './loopback';

/** With it the product's own times are measured, which takes more than a minute. */
const IS_REAL = process.env['REAL_KEEP_ALIVE'] !== undefined;
const KEEP_ALIVE = IS_REAL ? DEFAULT_KEEP_ALIVE : { everyMs: 300, timeoutMs: 300 };
/** What connecting anew and a busy machine may add. */
const BEYOND_MS = 3_000;
const METHOD = '/test.Echo/Echo';
const same = (bytes: Buffer): Buffer => bytes;

/**
 * A way to a node on which open connections can die without a word: they stay open, and nothing comes
 * through. New ones live.
 */
class Wire {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  connections = 0;

  constructor(targetPort: number) {
    this.#server = createServer((near) => {
      this.connections += 1;
      const far = connect(targetPort, '127.0.0.1');
      near.pipe(far);
      far.pipe(near);
      for (const socket of [near, far]) {
        this.#sockets.add(socket);
        socket.on('error', () => socket.destroy());
        socket.on('close', () => this.#sockets.delete(socket));
      }
    });
  }

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return `127.0.0.1:${String((this.#server.address() as AddressInfo).port)}`;
  }

  die(): void {
    for (const socket of this.#sockets) {
      // What arrives is read and thrown away.
      socket.unpipe();
      socket.resume();
    }
  }

  close(): Promise<void> {
    this.#sockets.forEach((socket) => socket.destroy());
    return new Promise((resolve) => {
      this.#server.close(() => {
        resolve();
      });
    });
  }
}

let node: grpc.Server;
let wire: Wire;
let client: grpc.Client;
beforeEach(async () => {
  node = new grpc.Server();
  node.addService(
    {
      Echo: {
        path: METHOD,
        requestStream: false,
        responseStream: false,
        requestSerialize: same,
        requestDeserialize: same,
        responseSerialize: same,
        responseDeserialize: same,
      },
    },
    {
      Echo: ((call, callback) => {
        callback(null, call.request);
      }) satisfies grpc.handleUnaryCall<Buffer, Buffer>,
    },
  );
  const endpoint = await listenOnLoopback(node);
  wire = new Wire(Number(endpoint.split(':').at(-1)));
  client = openChannel(await wire.listen(), undefined, KEEP_ALIVE);
});
afterEach(async () => {
  client.close();
  await wire.close();
  node.forceShutdown();
});

/** @returns the status of one call that waits for an answer at most so long. */
function call(milliseconds: number): Promise<grpc.status> {
  return new Promise((resolve) => {
    client.makeUnaryRequest(
      METHOD,
      same,
      same,
      Buffer.from('x'),
      { deadline: Date.now() + milliseconds },
      (error) => {
        resolve(error === null ? grpc.status.OK : error.code);
      },
    );
  });
}

test(
  'a connection that is dead without a word is replaced after both keep-alive times',
  async () => {
    const longest = KEEP_ALIVE.everyMs + KEEP_ALIVE.timeoutMs + BEYOND_MS;
    expect(await call(5_000)).toBe(grpc.status.OK);
    wire.die();
    const died = performance.now();
    // This one is on the dead connection: it ends with it, not with its own deadline.
    expect(await call(longest * 2)).toBe(grpc.status.UNAVAILABLE);
    expect(await call(5_000)).toBe(grpc.status.OK);
    const after = performance.now() - died;
    expect(wire.connections).toBe(2);
    expect(after).toBeLessThan(longest);
    if (IS_REAL) {
      process.stdout.write(`replaced after ${(after / 1000).toFixed(1)} s\n`);
    }
  },
  (KEEP_ALIVE.everyMs + KEEP_ALIVE.timeoutMs) * 2 + 30_000,
);

test('the product asks no more often than a node allows, and replaces a dead one within 75 s', () => {
  expect(DEFAULT_KEEP_ALIVE.everyMs).toBeGreaterThan(60_000);
  expect(DEFAULT_KEEP_ALIVE.everyMs + DEFAULT_KEEP_ALIVE.timeoutMs).toBeLessThan(75_000);
});
