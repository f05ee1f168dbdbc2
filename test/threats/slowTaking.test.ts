// SPDX-License-Identifier: Apache-2.0
/** A caller takes in its large answer slowly, or not at all, and so keeps it in the gateway's memory. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { observation, patient } from '../gateway/fhir/fakeFhirServer';
import { createHospital } from '../gateway/hospital/hospitalFixture';
import { pagedSource } from '../gateway/hospital/support/pagedSource';

const MIB = 1024 * 1024;
/** More than the kernel's buffers between two sockets hold. */
const ANSWER_BYTES = 24 * MIB;

let server: Server;
let socket: Socket | undefined;
afterEach(() => {
  socket?.destroy();
  server.closeAllConnections();
  server.close();
});

async function ask(limits: {
  sendIdleMs: number;
  sendBytesPerSecond?: number;
}): Promise<{ readonly caller: Socket; readonly cutOff: Promise<void> }> {
  const large = observation('o', 'a', { note: [{ text: 'x'.repeat(ANSWER_BYTES) }] });
  const { upstream } = pagedSource([patient('a', '111'), large]);
  const hospital = await createHospital({ upstream, settings: { limits } });
  server = createServer(hospital.app).listen(0, '127.0.0.1');
  const cutOff = new Promise<void>((resolve) => {
    server.once('connection', (accepted: Socket) =>
      accepted.once('close', () => {
        resolve();
      }),
    );
  });
  await once(server, 'listening');
  const token = await hospital.token();
  const caller = connect((server.address() as AddressInfo).port, '127.0.0.1');
  socket = caller;
  caller.on('error', () => undefined);
  caller.pause();
  await once(caller, 'connect');
  caller.write(
    `GET /fhir/Observation/o HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${token}\r\nconnection: close\r\n\r\n`,
  );
  return { caller, cutOff };
}

/** Takes in everything; resolves with its bytes when the connection ends. */
async function takeIn(caller: Socket): Promise<number> {
  let bytes = 0;
  caller.on('data', (chunk: Buffer) => (bytes += chunk.length));
  caller.resume();
  await once(caller, 'close');
  return bytes;
}

test('who takes in nothing is cut off after SEND_IDLE_MS', async () => {
  const { caller, cutOff } = await ask({ sendIdleMs: 300 });
  await cutOff;
  expect(await takeIn(caller)).toBeLessThan(ANSWER_BYTES);
});

test('who takes in a little now and then is cut off when the whole answer takes too long', async () => {
  const { caller, cutOff } = await ask({ sendIdleMs: 1_000, sendBytesPerSecond: 100 * MIB });
  let bytes = 0;
  caller.on('readable', () => undefined);
  const sip = setInterval(() => {
    bytes += (caller.read(64 * 1024) as Buffer | null)?.length ?? 0;
  }, 20);
  await cutOff;
  clearInterval(sip);
  expect(bytes).toBeLessThan(ANSWER_BYTES);
});

test('twin: who takes it in as it comes gets all of it', async () => {
  const { caller } = await ask({ sendIdleMs: 5_000, sendBytesPerSecond: 100 * MIB });
  expect(await takeIn(caller)).toBeGreaterThan(ANSWER_BYTES);
});
