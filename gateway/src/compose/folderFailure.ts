// SPDX-License-Identifier: Apache-2.0
import { isStorageFailure } from '../sqlite/storageFailure';

/** What the file system says of a folder that cannot be written, by the codes of errno(3). */
const FOLDER = new Set([
  'EACCES',
  'EDQUOT',
  'EIO',
  'EMFILE',
  'ENOENT',
  'ENOSPC',
  'ENOTDIR',
  'EPERM',
  'EROFS',
]);

/** SQLite's codes for a file that is something else, or damaged. */
const DAMAGED = /^SQLITE_(CORRUPT|NOTADB)/;

/**
 * Why nothing can be kept in the data folder, with what to do about it; undefined for every other error.
 */
export function folderFailure(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') {
    return undefined;
  }
  if (DAMAGED.test(error.code)) {
    return `A file in the data folder is damaged, or no database: ${error.message}. Put the folder back from a backup. Nothing was changed.`;
  }
  if (isStorageFailure(error) || ('syscall' in error && FOLDER.has(error.code))) {
    return `The data folder cannot be used: ${error.message}. See that DATA_DIR can be written by this user and that its disk has room, then start again.`;
  }
  return undefined;
}
