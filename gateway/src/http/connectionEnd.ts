// SPDX-License-Identifier: Apache-2.0
import type { RequestHandler, Response } from 'express';

/**
 * Every answer ends its connection until {@link keepConnection} is called, which authentication does. A
 * process takes one new connection in each turn of its event loop, but hears in one turn all that comes on
 * open connections: so a flood without tokens on open connections would hold everybody else up.
 */
export const endsConnections: RequestHandler = (_request, response, next) => {
  endConnection(response);
  next();
};

export function endConnection(response: Response): void {
  response.setHeader('Connection', 'close');
}

/** The caller has authenticated. */
export function keepConnection(response: Response): void {
  response.removeHeader('Connection');
}
