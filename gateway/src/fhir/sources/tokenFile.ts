// SPDX-License-Identifier: Apache-2.0
import { readFileSync, statSync } from 'node:fs';
import type { Logger } from 'pino';
import type { BearerToken } from './sourceConnection';

/** Access to the file; injected in tests. Both throw when it is not there. */
export interface TokenFileAccess {
  read(path: string): string;
  /** Another text whenever the file is another or was written. */
  version(path: string): string;
}

const ON_DISK: TokenFileAccess = {
  read: (path) => readFileSync(path, 'utf8'),
  version: (path) => {
    const { ino, mtimeMs, size } = statSync(path);
    return `${String(ino)}-${String(mtimeMs)}-${String(size)}`;
  },
};

/**
 * A Bearer token in a file, read again when the file changes, and when the source refuses the token. While
 * the file cannot be read, or is empty, the last token is kept and the log says so once.
 */
export function createTokenFile(
  path: string,
  log: Pick<Logger, 'warn' | 'info'>,
  access: TokenFileAccess = ON_DISK,
): BearerToken {
  let token = '';
  let version = '';
  let isFailing = false;
  const fail = (reason: string): void => {
    if (!isFailing) {
      log.warn({ reason }, 'the file of the token for the source cannot be used; the last token is kept');
    }
    isFailing = true;
  };
  const read = (isForced: boolean): string => {
    try {
      const now = access.version(path);
      if (!isForced && now === version) {
        return token;
      }
      const text = access.read(path).trim();
      version = now;
      if (!TOKEN.test(text)) {
        fail('it holds no token');
        return token;
      }
      if (token !== '' && text !== token) {
        log.info({}, 'the token for the source was read again');
      }
      token = text;
      isFailing = false;
    } catch (error) {
      const { code } = error as { readonly code?: unknown };
      fail(typeof code === 'string' ? code : 'unreadable');
    }
    return token;
  };
  return { current: () => read(false), reread: () => read(true) };
}

/** What a header can hold (RFC 9110 §5.5), without white space. */
const TOKEN = /^[\x21-\x7e]+$/;
