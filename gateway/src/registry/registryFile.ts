// SPDX-License-Identifier: Apache-2.0
import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import type { Logger } from 'pino';
import {
  type NetworkName,
  parseRegistryText,
  type RegistryAsOf,
  RegistryFileRefused,
  writeRegistryText,
} from './registryFileForm';

/** The Registry as it was last read, on this gateway's disk. */
export interface RegistryFile {
  /** What it holds; `undefined` when there is none, or none that may be used, which is logged. */
  read(): RegistryAsOf | undefined;
  /**
   * Replaces it as a whole: a reader finds the old file or the new one. One call at a time.
   * @throws Error of the file system, RangeError beyond {@link MAX_BYTES}; the old file stays.
   */
  write(known: RegistryAsOf): Promise<void>;
}

export interface RegistryFileOptions {
  readonly path: string;
  readonly network: NetworkName;
  readonly log: Pick<Logger, 'warn' | 'error'>;
  /** The user whose file it must be; default this process's. */
  readonly userId?: number | undefined;
}

/** Some 20,000 clients. */
export const MAX_BYTES = 64 * 1024 * 1024;
const OWNER_ONLY = 0o600;
const OTHERS = 0o077;

/** @param options.path in a folder that is this user's alone. */
export function createRegistryFile(options: RegistryFileOptions): RegistryFile {
  const { path, network, log } = options;
  const next = `${path}.new`;
  return {
    read: () => {
      try {
        const text = readOwnText(path, options.userId ?? process.geteuid?.());
        return text === undefined ? undefined : parseRegistryText(text, network);
      } catch (error) {
        const why = error instanceof RegistryFileRefused ? error.message : codeOf(error);
        log.error({ path, why }, 'the remembered Registry is not used; it is read from the ledger alone');
        return undefined;
      }
    },
    write: async (known) => {
      const text = writeRegistryText(known, network);
      const bytes = Buffer.byteLength(text);
      if (bytes > MAX_BYTES) {
        throw new RangeError(
          `the Registry has ${String(bytes)} bytes, at most ${String(MAX_BYTES)} are kept`,
        );
      }
      await rm(next, { force: true });
      const file = await open(next, 'wx', OWNER_ONLY);
      try {
        await file.writeFile(text);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(next, path);
    },
  };
}

/**
 * A file of keys that somebody else can write is somebody else's word about who may ask; a link may lead to
 * one.
 */
function readOwnText(path: string, userId: number | undefined): string | undefined {
  let file: number;
  try {
    file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') {
      return undefined;
    }
    throw error;
  }
  try {
    const found = fstatSync(file);
    const { mode, uid, size } = found;
    if (!found.isFile()) {
      throw new RegistryFileRefused('it is no ordinary file');
    }
    if ((mode & OTHERS) !== 0 || (userId !== undefined && uid !== userId)) {
      throw new RegistryFileRefused('it is not its owner’s alone: others may have written it');
    }
    if (size > MAX_BYTES) {
      throw new RegistryFileRefused(`it has ${String(size)} bytes, more than ${String(MAX_BYTES)}`);
    }
    return readFileSync(file, 'utf8');
  } finally {
    closeSync(file);
  }
}

/** The system's own word for what went wrong. */
function codeOf(error: unknown): string {
  const { code } = Object(error) as { readonly code?: unknown };
  return typeof code === 'string' ? code : 'it cannot be read';
}
