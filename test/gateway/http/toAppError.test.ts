// SPDX-License-Identifier: Apache-2.0
import { DomainError } from '@chartwitness/chaincode/domain';
import { AppError } from '../../../gateway/src/errors';
import { toAppError } from '../../../gateway/src/http/toAppError';
import { LedgerError } from '../../../gateway/src/ledger/ledgerError';
import { StoreConflictError, StoreUnavailableError } from '../../../gateway/src/readmodel/accessStore';

const refusal = (status: number, type: string): Error => Object.assign(new Error('x'), { status, type });
const sqlite = (code: string): Error => Object.assign(new Error('disk'), { code });

describe('a store that cannot serve', () => {
  it.each([
    [
      'the read model is away',
      new StoreUnavailableError('MongoDB failed (MongoNetworkError)'),
      /MongoNetworkError/,
    ],
    [
      'the read model is another ledger’s',
      new StoreConflictError('position 7 holds another entry'),
      /position 7/,
    ],
    ['a disk is full', sqlite('SQLITE_FULL'), /an SQLite store cannot serve/],
    ['a file is locked', sqlite('SQLITE_BUSY_SNAPSHOT'), /an SQLite store cannot serve/],
  ])('%s: 503, with a time to come back and nothing for the caller to read', (_what, error, reason) => {
    const translated = toAppError(error);
    expect(translated).toMatchObject({ code: 'STORE_UNAVAILABLE', retryAfterSeconds: 5, cause: error });
    expect(translated.message).toMatch(reason);
    expect(translated.expose).toBeUndefined();
    expect(translated.kind.status).toBe(503);
  });

  it.each([
    ['a constraint that this program broke', sqlite('SQLITE_CONSTRAINT_UNIQUE')],
    ['a statement that this program got wrong', sqlite('SQLITE_ERROR')],
    ['an error that only has the name', Object.assign(new Error('x'), { name: 'StoreUnavailableError' })],
  ])('twin: %s is a fault', (_what, error) => {
    expect(toAppError(error).code).toBe('INTERNAL');
  });
});

test.each([
  ['a ledger that is away', new LedgerError('unavailable', 'no peer'), 'LEDGER_UNAVAILABLE', 2],
  ['a time that the ledger refused', new DomainError('TIME_OUT_OF_RANGE', 'late'), 'LEDGER_UNAVAILABLE', 2],
  ['another version', new DomainError('VERSION_CONFLICT', 'other'), 'PRECONDITION_FAILED', undefined],
  ['a large body', refusal(413, 'entity.too.large'), 'PAYLOAD_TOO_LARGE', undefined],
  ['a malformed body', refusal(400, 'entity.parse.failed'), 'BAD_REQUEST', undefined],
  ['a library’s own failure', refusal(500, 'stream'), 'INTERNAL', undefined],
  ['a string', 'thrown', 'INTERNAL', undefined],
])('%s', (_what, thrown, code, retryAfterSeconds) => {
  const translated = toAppError(thrown);
  expect([translated.code, translated.retryAfterSeconds]).toEqual([code, retryAfterSeconds]);
});

test('what is one already stays itself', () => {
  const error = new AppError('CSRF', 'x');
  expect(toAppError(error)).toBe(error);
});
