// SPDX-License-Identifier: Apache-2.0
import { connect, createServer, type Server, type Socket } from 'node:net';

/** What happens to the connection around one message. */
export type Cut =
  /** It breaks before the server has the message. */
  | 'before'
  /** It breaks after the server has done what the message asks, before its answer arrives. */
  | 'after'
  /** Nothing comes back, and nothing breaks. */
  | 'silence';

/** Bytes of an OP_MSG before its document: header (16), flags (4), kind of the first section (1). */
const DOCUMENT_AT = 21;
const LENGTH_BYTES = 4;

/**
 * A relay before a MongoDB server that understands the protocol as far as to count messages: each `Cut` falls
 * on the message that {@link WireRelay.cutAt} names. The client's own upkeep (`hello`, `ping`, `endSessions`)
 * is not counted.
 */
export interface WireRelay {
  /** The same database through the relay. */
  uri(direct: string): string;
  /** The next message whose number, counted from 0 from now on, is `number` is the last that passes whole. */
  cutAt(number: number, cut: Cut): void;
  /** Messages since the last `cutAt`. */
  readonly seen: number;
  /** Whether the cut has happened. */
  readonly wasCut: boolean;
  close(): Promise<void>;
}

export async function startWireRelay(target: { host: string; port: number }): Promise<WireRelay> {
  const sockets = new Set<Socket>();
  let seen = 0;
  let at = Infinity;
  let cut: Cut = 'before';
  let wasCut = false;
  const breakAll = (): void => {
    wasCut = true;
    sockets.forEach((socket) => {
      socket.destroy();
    });
  };
  const server = createServer((client) => {
    const upstream = connect(target);
    const muted = { now: false };
    let cutAfter = false;
    [client, upstream].forEach((socket) => {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        sockets.delete(socket);
        client.destroy();
        upstream.destroy();
      });
    });
    onMessages(client, (message) => {
      if (isCounted(message)) {
        const number = seen;
        seen += 1;
        if (number === at && cut === 'before') {
          breakAll();
          return;
        }
        cutAfter = number === at && cut === 'after';
        if (number === at && cut === 'silence') {
          wasCut = true;
          muted.now = true;
        }
      }
      upstream.write(message);
    });
    upstream.on('data', (chunk) => {
      if (cutAfter) {
        breakAll();
      } else if (!muted.now) {
        client.write(chunk);
      }
    });
  });
  const port = await listen(server);
  return {
    uri: (direct) => direct.replace(/\/\/[^/]+/, `//127.0.0.1:${String(port)}`),
    cutAt: (number, kind) => {
      seen = 0;
      at = number;
      cut = kind;
      wasCut = false;
    },
    get seen() {
      return seen;
    },
    get wasCut() {
      return wasCut;
    },
    close: () => {
      sockets.forEach((socket) => {
        socket.destroy();
      });
      return new Promise((resolve) =>
        server.close(() => {
          resolve();
        }),
      );
    },
  };
}

/** Calls `handle` with each whole message. */
function onMessages(socket: Socket, handle: (message: Buffer) => void): void {
  let rest = Buffer.alloc(0);
  socket.on('data', (chunk) => {
    rest = Buffer.concat([rest, chunk]);
    while (rest.length >= LENGTH_BYTES && rest.length >= rest.readInt32LE(0)) {
      const length = rest.readInt32LE(0);
      handle(rest.subarray(0, length));
      rest = rest.subarray(length);
    }
  });
}

/** The name of a document's first field is the command. */
function isCounted(message: Buffer): boolean {
  const nameAt = DOCUMENT_AT + LENGTH_BYTES + 1;
  const name = message.toString('latin1', nameAt, message.indexOf(0, nameAt));
  return ['find', 'insert', 'update', 'delete', 'getMore'].includes(name);
}

function listen(server: Server): Promise<number> {
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : 0);
    });
  });
}
