// SPDX-License-Identifier: Apache-2.0
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import path from 'node:path';
import { nodeDir, ordererTlsCaFile, peerPart } from '../../scripts/network/layout';
import { type Outages, organisationOf } from './productNetwork';
import type { SharedNetwork } from './sharedNetwork';

/**
 * The way from one peer to the orderer, through a relay that can be shut: the peer then endorses as before,
 * on a state that the others have left behind. (Fabric's own `addressOverrides`, meant for a peer that sees
 * the orderer at another address.)
 */
export interface Detour {
  /** No more blocks reach the peer; its connections stay open. */
  shut(): void;
  open(): void;
  /** Gives the peer its straight way again. */
  close(): Promise<void>;
}

/** Restarts the peer of `mspId` with the detour, open. */
export async function takeDetour(shared: SharedNetwork, outages: Outages, mspId: string): Promise<Detour> {
  const { network } = shared;
  const part = peerPart(organisationOf(network, mspId));
  const file = path.join(nodeDir(network, part), 'core.yaml');
  const straight = readFileSync(file, 'utf8');
  const relay = await startRelay(network.orderer.port);
  const restart = async (settings: string): Promise<void> => {
    await outages.stop(part);
    writeFileSync(file, settings);
    await outages.start(part);
  };
  await restart(
    straight.replace(
      /^ {2}deliveryclient:$/m,
      [
        '  deliveryclient:',
        '    addressOverrides:',
        `      - from: '${network.orderer.endpoint}'`,
        `        to: 'localhost:${String(relay.port)}'`,
        `        caCertsFile: '${requireFile(ordererTlsCaFile(network))}'`,
      ].join('\n'),
    ),
  );
  return {
    shut: relay.shut,
    open: relay.open,
    close: async () => {
      relay.open();
      await restart(straight);
      await relay.close();
    },
  };
}

function requireFile(file: string): string {
  if (!existsSync(file)) {
    throw new Error(`${file} does not exist`);
  }
  return file;
}

interface Relay {
  readonly port: number;
  shut(): void;
  open(): void;
  close(): Promise<void>;
}

/** Bytes both ways between each caller and a port of this machine. */
async function startRelay(target: number): Promise<Relay> {
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
  const server: Server = createServer((near) => {
    const far = connect(target, '127.0.0.1');
    near.pipe(far);
    far.pipe(near);
    near.on('close', () => far.destroy());
    far.on('close', () => near.destroy());
    keep(near);
    keep(far);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    shut: () => {
      isShut = true;
      for (const socket of sockets) {
        socket.pause();
      }
    },
    open: () => {
      isShut = false;
      for (const socket of sockets) {
        socket.resume();
      }
    },
    close: async () => {
      for (const socket of sockets) {
        socket.destroy();
      }
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
