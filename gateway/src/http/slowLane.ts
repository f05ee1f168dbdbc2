// SPDX-License-Identifier: Apache-2.0
import type { RequestHandler } from 'express';
import { AppError } from '../errors';

export interface SlowLaneOptions {
  /** Requests that are worked on at once. */
  readonly width: number;
  /** Requests that wait at most; further ones are refused. */
  readonly waiting: number;
}

/**
 * A middleware that lets few requests through at once, and the others wait in order: for those that cost more
 * to judge than to refuse. Who asks rightly is served among them, later; what they cost together is bounded.
 */
export function slowLane({ width, waiting }: SlowLaneOptions): RequestHandler {
  /** In the order of their arrival; a Set forgets one in constant time when its caller hangs up. */
  const queue = new Set<() => void>();
  let running = 0;
  const leave = (): void => {
    running -= 1;
    const [enter] = queue;
    if (enter !== undefined) {
      queue.delete(enter);
      enter();
    }
  };
  return (_request, response, next) => {
    const enter = (): void => {
      response.off('close', hangUp);
      running += 1;
      response.once('close', leave);
      next();
    };
    // Who hangs up while waiting gives the place back: its response has closed already when its turn would
    // come.
    const hangUp = (): void => {
      queue.delete(enter);
    };
    if (response.closed || response.destroyed) {
      return;
    }
    if (running < width) {
      enter();
    } else if (queue.size >= waiting) {
      throw new AppError('TOO_MANY_REQUESTS', 'the slow lane is full', { retryAfterSeconds: 1 });
    } else {
      queue.add(enter);
      response.once('close', hangUp);
    }
  };
}
