// SPDX-License-Identifier: Apache-2.0
import { folderFailure } from '../../../gateway/src/compose/folderFailure';

const failed = (code: string, of: object = {}): Error =>
  Object.assign(new Error(`${code}: words`), { code, ...of });

test.each(['SQLITE_FULL', 'SQLITE_IOERR_WRITE', 'SQLITE_CANTOPEN', 'SQLITE_READONLY'])('%s', (code) => {
  expect(folderFailure(failed(code))).toMatch(/^The data folder cannot be used: .*DATA_DIR.*room/);
});

test.each(['SQLITE_NOTADB', 'SQLITE_CORRUPT'])('%s', (code) => {
  expect(folderFailure(failed(code))).toMatch(/damaged, or no database: .*backup/);
});

test.each(['ENOSPC', 'EROFS', 'EACCES'])('%s of the file system', (code) => {
  expect(folderFailure(failed(code, { syscall: 'open' }))).toMatch(/^The data folder cannot be used/);
});

test.each([
  ['another error', new Error('x')],
  ['of a connection', failed('ECONNREFUSED', { syscall: 'connect' })],
  ['without a call', failed('EACCES')],
  ['a broken rule of SQL', failed('SQLITE_CONSTRAINT')],
  ['no error', 'SQLITE_FULL'],
])('%s is none', (_what, error) => {
  expect(folderFailure(error)).toBeUndefined();
});
