// SPDX-License-Identifier: Apache-2.0
import { AppError } from '../errors';

/** One error of a chain, as a log may hold it. */
export interface FaultLink {
  readonly type: string;
  /**
   * The message of an {@link AppError}, whose texts are this project's own; other libraries' messages may
   * quote input.
   */
  readonly reason?: string;
  /** Where it was thrown, innermost first. */
  readonly at: readonly string[];
}

const MAX_LINKS = 5;
const MAX_FRAMES = 12;

/**
 * What a log says of a fault: the error and its causes with their places, and no text that somebody outside
 * may have written.
 */
export function faultTrace(error: unknown): readonly FaultLink[] {
  const links: FaultLink[] = [];
  for (let one = error; one !== undefined && links.length < MAX_LINKS;) {
    links.push({
      type: one instanceof Error ? one.name : typeof one,
      ...(one instanceof AppError ? { reason: one.message } : {}),
      at: one instanceof Error ? framesOf(one) : [],
    });
    one = one instanceof Error ? one.cause : undefined;
  }
  return links;
}

/** The stack without the message, which may have several lines and look like a frame itself. */
function framesOf(error: Error): readonly string[] {
  const { stack = '', message } = error;
  const start = stack.indexOf(message);
  const frames = start === -1 ? '' : stack.slice(start + message.length);
  return frames
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line.startsWith('at '))
    .slice(0, MAX_FRAMES);
}
