// SPDX-License-Identifier: Apache-2.0
import { pino, type Logger } from 'pino';

const STDERR = 2;
const OWNER_ONLY = 0o600;
/** In place of a file: standard error. */
export const TO_STDERR = '-';

/**
 * The program's own log, apart from what it says to the person who started it.
 * @param place a file, which is written anew, or {@link TO_STDERR}.
 */
export function openDemoLog(place: string, level: string): Logger {
  const destination =
    place === TO_STDERR
      ? pino.destination(STDERR)
      : pino.destination({ dest: place, append: false, mkdir: true, mode: OWNER_ONLY, sync: true });
  return pino({ level, base: null }, destination);
}

/** What libraries write to the console, and warnings of Node.js, kept from the reader's screen. */
export interface LibraryWords {
  /** What was kept so far, and what follows, goes to this log. */
  sendTo(log: Logger): void;
  /** Gives the console back; what no log has taken is written to standard error. */
  release(): void;
}

const CONSOLE_METHODS = ['log', 'info', 'warn', 'error'] as const;

/**
 * Takes the console for the life of a demonstration: before its libraries are loaded, since some of them warn
 * as they are.
 */
export function keepLibraryWords(): LibraryWords {
  const kept: string[] = [];
  let take = (text: string): void => {
    kept.push(text);
  };
  const originals = CONSOLE_METHODS.map(
    (name) => [name, Object.getOwnPropertyDescriptor(console, name)] as const,
  );
  for (const [name] of originals) {
    console[name] = (...words: unknown[]) => {
      take(words.map(String).join(' ').trim());
    };
  }
  const warned = (warning: Error): void => {
    take(`${warning.name}: ${warning.message}`);
  };
  const listeners = process.listeners('warning');
  process.removeAllListeners('warning');
  process.on('warning', warned);
  return {
    sendTo: (log) => {
      take = (text) => {
        log.warn({ library: true }, text);
      };
      kept.splice(0).forEach(take);
    },
    release: () => {
      for (const [name, original] of originals) {
        if (original !== undefined) {
          Object.defineProperty(console, name, original);
        }
      }
      process.removeListener('warning', warned);
      for (const listener of listeners) {
        process.on('warning', listener);
      }
      for (const text of kept.splice(0)) {
        process.stderr.write(`${text}\n`);
      }
    },
  };
}
