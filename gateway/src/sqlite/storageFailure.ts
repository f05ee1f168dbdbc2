// SPDX-License-Identifier: Apache-2.0
const STORAGE_FAILURE =
  /^SQLITE_(FULL|IOERR|BUSY|LOCKED|READONLY|CANTOPEN|PROTOCOL|NOMEM|CORRUPT|NOTADB)(_|$)/;

/**
 * Whether SQLite could not serve (disk full or failing, file locked, unreadable): the same may succeed later.
 */
export function isStorageFailure(error: unknown): boolean {
  return (
    error instanceof Error &&
    'code' in error &&
    typeof error.code === 'string' &&
    STORAGE_FAILURE.test(error.code)
  );
}
