// SPDX-License-Identifier: Apache-2.0
import { createServer, type RequestListener, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { startingAnswer } from './startingAnswer';

export interface Listening {
  readonly host: string;
  readonly port: number;
  /** Stops accepting, lets requests in flight finish for at most `graceMs`, then ends the rest. */
  close(graceMs?: number): Promise<void>;
}

/** A port that is held; what it serves is set later. */
export interface TakenPort extends Listening {
  serve(handler: RequestListener): void;
}

/** A port that could not be had, with what to do about it. */
export class PortBusyError extends Error {
  override readonly name = 'PortBusyError';
  constructor(host: string, port: number, setting: string) {
    super(
      `Port ${String(port)} on ${host} is in use by another program. Stop that program or set ${setting} to another port.`,
    );
  }
}

/**
 * Connections that the kernel holds until this process takes them; it gives at most its own bound
 * (`net.core.somaxconn`). Without room it drops them without a word, and a caller tries again after 1, 3, 7,
 * 15 … s: so under a flood an emergency would come to be known late.
 */
const BACKLOG = 8_192;
const DEFAULT_GRACE_MS = 10_000;

/**
 * Takes `host:port` (0: a free port) before there is anything to serve, because a service's own URL goes into
 * what it serves. Requests before `serve`: {@link startingAnswer}.
 * @param setting name of the setting that chooses the port, for the error message.
 * @throws {@link PortBusyError} when the port is taken.
 */
export async function takePort(host: string, port: number, setting: string): Promise<TakenPort> {
  let current = startingAnswer;
  const open = new Map<Socket, ServerResponse>();
  let isClosing = false;
  const hear: RequestListener = (request, response) => {
    const { socket } = request;
    if (open.has(socket)) {
      // One request at a time on a connection. RFC 9112 §9.3.2 allows a caller not to wait for its answer; no
      // client that we know of does so. Such a caller could have thousands of requests heard in one turn of
      // the event loop. Only destroying stops the parser, which reads past a paused socket and keeps it all.
      socket.destroy();
      return;
    }
    open.set(socket, response);
    response.once('close', () => {
      open.delete(socket);
      if (isClosing) {
        // One whose head had been sent before could not say so; its connection would be waited for until it
        // ran out.
        server.closeIdleConnections();
      }
    });
    response.shouldKeepAlive &&= !isClosing;
    current(request, response);
  };
  const server = createServer(hear);
  // Without a listener Node answers an unknown expectation by itself, and keeps the connection: requests that
  // nobody counts. RFC 9110 §10.1.1 lets a server pass over what it does not know.
  server.on('checkExpectation', hear);
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      reject(
        error.code === 'EADDRINUSE' || error.code === 'EACCES'
          ? new PortBusyError(host, port, setting)
          : error,
      );
    });
    server.listen({ port, host, backlog: BACKLOG }, resolve);
  });
  const address = server.address() as AddressInfo;
  return {
    host,
    port: address.port,
    serve: (handler) => {
      current = handler;
    },
    close: (graceMs = DEFAULT_GRACE_MS) => {
      isClosing = true;
      // What is answered now ends its connection; else a caller that keeps it would be waited for.
      for (const response of open.values()) {
        response.shouldKeepAlive = false;
      }
      return closeServer(server, graceMs);
    },
  };
}

async function closeServer(server: Server, graceMs: number): Promise<void> {
  const closed = new Promise<void>((resolve) => {
    server.close(() => {
      resolve();
    });
  });
  server.closeIdleConnections();
  const timer = setTimeout(() => {
    server.closeAllConnections();
  }, graceMs);
  await closed;
  clearTimeout(timer);
}
