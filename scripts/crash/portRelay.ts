// SPDX-License-Identifier: Apache-2.0
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** A way to a port of this machine that can be taken away, as a gateway's to its peer. */
export interface PortRelay {
  readonly port: number;
  /** A black hole: connections stay open, new ones are taken, and nothing comes through. */
  shut(): void;
  /** Every connection ends, new ones are refused. */
  leave(): Promise<void>;
  /** As at the beginning. */
  open(): Promise<void>;
  close(): Promise<void>;
}

/** @param target the port that callers reach. */
export async function startPortRelay(target: number): Promise<PortRelay> {
  const sockets = new Set<Socket>();
  let isShut = false;
  const keep = (socket: Socket): void => {
    sockets.add(socket);
    if (isShut) {
      socket.pause();
    }
    socket.on('close', () => sockets.delete(socket));
    // The other end's fate is its own; a pair ends together.
    socket.on('error', () => socket.destroy());
  };
  const server = createServer((near) => {
    const far = connect(target, '127.0.0.1');
    near.pipe(far);
    far.pipe(near);
    near.on('close', () => far.destroy());
    far.on('close', () => near.destroy());
    keep(near);
    keep(far);
  });
  const listen = (wanted: number): Promise<void> =>
    new Promise((resolve) => {
      server.listen(wanted, '127.0.0.1', resolve);
    });
  await listen(0);
  const { port } = server.address() as AddressInfo;
  const leave = async (): Promise<void> => {
    const closed = new Promise((resolve) => server.close(resolve));
    sockets.forEach((socket) => socket.destroy());
    await closed;
  };
  return {
    port,
    shut: () => {
      isShut = true;
      sockets.forEach((socket) => socket.pause());
    },
    leave,
    open: async () => {
      isShut = false;
      sockets.forEach((socket) => socket.resume());
      if (!server.listening) {
        await listen(port);
      }
    },
    close: leave,
  };
}
