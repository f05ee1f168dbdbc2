// SPDX-License-Identifier: Apache-2.0
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { openOwnDatabase } from '../sqlite/ownDatabase';

/** A data folder that this process has for itself. */
export interface HeldFolder {
  release(): void;
}

/** Another process uses the folder; the message names it. */
export class FolderInUseError extends Error {
  override readonly name = 'FolderInUseError';
}

/**
 * Files in a held folder; the lock itself stays behind, empty, because removing it would let two processes
 * hold two files of one name.
 */
export const HOLD_FILES = ['in-use.lock', 'in-use.json'] as const;
const [LOCK_FILE, HOLDER_FILE] = HOLD_FILES;

const holder = z.object({ pid: z.number().int().positive(), startedAt: z.iso.datetime() });

/**
 * Takes a folder for this process alone, until it is released or the process is gone in whatever way. The
 * operating system holds the lock (SQLite's, on an empty file), so nothing has to be guessed about process
 * numbers: those of dead processes are given to others. The file beside it only says who holds it.
 * @param folder made when missing, for its owner only.
 * @throws {@link FolderInUseError} at once, when another process, or another part of this one, holds it.
 */
export function holdFolder(folder: string): HeldFolder {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const lock = openOwnDatabase(join(folder, LOCK_FILE));
  try {
    lock.exec('PRAGMA busy_timeout = 0; BEGIN EXCLUSIVE');
  } catch (error) {
    lock.close();
    throw isBusy(error) ? new FolderInUseError(inUse(folder), { cause: error }) : error;
  }
  const file = join(folder, HOLDER_FILE);
  const startedAt = new Date(Date.now() - process.uptime() * 1000).toISOString();
  writeFileSync(file, `${JSON.stringify({ pid: process.pid, startedAt })}\n`, { mode: 0o600 });
  let isHeld = true;
  return {
    release: () => {
      if (isHeld) {
        isHeld = false;
        rmSync(file, { force: true });
        lock.close();
      }
    },
  };
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'SQLITE_BUSY';
}

function inUse(folder: string): string {
  const known = readHolder(join(folder, HOLDER_FILE));
  const who =
    known === undefined ? 'another process' : `process ${String(known.pid)}, started at ${known.startedAt}`;
  return `${resolve(folder)} is in use by ${who}. Stop that process, or choose another folder.`;
}

function readHolder(file: string): z.infer<typeof holder> | undefined {
  try {
    return holder.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    // Between taking the folder and writing its name the holder is not known; it holds all the same.
    return undefined;
  }
}
