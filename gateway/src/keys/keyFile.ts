// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto';
import { existsSync, linkSync, mkdirSync, readFileSync, statSync, unlinkSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

const OWNER_ONLY = 0o600;
const OTHERS = 0o077;

/** A key file that is not used as it is; the message says why and what to do. */
export class KeyFileError extends Error {
  override readonly name = 'KeyFileError';
}

/**
 * Makes a key file that its owner alone can read, with its folder; a file that is there stays. Nobody ever
 * sees a part of it, and of two processes that make it at once one file wins, which both read afterwards.
 */
export function makeKeyFile(path: string, content: string | Uint8Array): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const next = `${path}.${randomBytes(6).toString('hex')}`;
  writeFileSync(next, content, { mode: OWNER_ONLY, flag: 'wx', flush: true });
  try {
    // A link fails where a rename would replace.
    linkSync(next, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') {
      throw error;
    }
  } finally {
    unlinkSync(next);
  }
}

/**
 * Reads a key file. It is never replaced: what was made with its keys would be lost.
 * @param parse throws RangeError, saying what is wrong, for content that is not its form.
 * @throws KeyFileError when others than its owner can read the file, or `parse` refuses it.
 */
export function readKeyFile<T>(path: string, parse: (content: Buffer) => T): T {
  if ((statSync(path).mode & OTHERS) !== 0) {
    throw new KeyFileError(
      `${path} can be read by other users: run chmod 600 on it, and replace the keys in it`,
    );
  }
  try {
    return parse(readFileSync(path));
  } catch (error) {
    throw error instanceof RangeError
      ? new KeyFileError(`${path} is not a key file: ${error.message}. Put it back from a backup.`, {
          cause: error,
        })
      : error;
  }
}

/**
 * The secret in `path`; made at first use.
 * @param bytes how many it has, at least.
 * @throws KeyFileError as {@link readKeyFile}.
 */
export function keepSecret(path: string, bytes: number): Uint8Array {
  if (!existsSync(path)) {
    makeKeyFile(path, randomBytes(bytes));
  }
  return readKeyFile(path, (content) => {
    if (content.length < bytes) {
      throw new RangeError(`it has ${String(content.length)} bytes of at least ${String(bytes)}`);
    }
    return content;
  });
}
