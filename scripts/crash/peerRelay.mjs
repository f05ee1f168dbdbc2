// SPDX-License-Identifier: Apache-2.0
import { connect, createServer } from 'node:net';

/**
 * The way from a gateway to its peer, which can be shut (a black hole: connections stay open, new ones are taken, and nothing comes through) or
 * gone (every connection ends, new ones are refused).
 * @param {number} target a port of this machine
 * @returns {Promise<{port: number, shut: () => void, leave: () => Promise<void>, open: () => Promise<void>, close: () => Promise<void>}>}
 */
export async function startPeerRelay(target) {
  const sockets = new Set();
  let isShut = false;
  const keep = (socket) => {
    sockets.add(socket);
    if (isShut) socket.pause();
    socket.on('close', () => sockets.delete(socket));
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
  const listen = (wanted) => new Promise((resolve) => server.listen(wanted, '127.0.0.1', resolve));
  await listen(0);
  const { port } = server.address();
  const leave = async () => {
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
      if (!server.listening) await listen(port);
    },
    close: leave,
  };
}
