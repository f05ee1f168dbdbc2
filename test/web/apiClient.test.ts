/**
 * @jest-environment ./test/web/support/browserEnvironment.cjs
 */
// SPDX-License-Identifier: Apache-2.0
import { me } from '@api/schemas';
import { fetchConsent, saveConsent } from '../../web/src/lib/consentApi';
import { readApi } from '../../web/src/lib/apiClient';
import { ApiError } from '../../web/src/lib/apiError';
import { CARE, consent, meAnswer, problemAnswer } from './support/answers';
import { fakeApi, type FakeAnswer } from './support/fakeApi';

async function failure(answer?: FakeAnswer): Promise<ApiError> {
  fakeApi(answer === undefined ? {} : { 'GET /api/v1/me': answer });
  const error: unknown = await readApi('/api/v1/me', me).catch((reason: unknown) => reason);
  if (!(error instanceof ApiError)) {
    throw new Error('no ApiError was thrown');
  }
  return error;
}

it('parses an answer and gives its entity tag', async () => {
  fakeApi({ 'GET /api/v1/me': { body: meAnswer(), headers: { ETag: '"7"' } } });
  expect(await readApi('/api/v1/me', me)).toEqual({ body: meAnswer(), etag: '"7"' });
});

describe('an answer that cannot be used', () => {
  it.each<[string, FakeAnswer | undefined, Partial<ApiError>]>([
    [
      'no session',
      { status: 401, body: problemAnswer('UNAUTHENTICATED', 401) },
      { code: 'UNAUTHENTICATED', isSignedOut: true, isAway: false },
    ],
    [
      'the ledger away',
      {
        status: 503,
        body: problemAnswer('LEDGER_UNAVAILABLE', 503),
        headers: { 'X-Request-Id': 'request-1' },
      },
      { code: 'LEDGER_UNAVAILABLE', isAway: true, requestId: 'request-1' },
    ],
    [
      'a conflict',
      { status: 412, body: problemAnswer('PRECONDITION_FAILED', 412) },
      { isConflict: true, isAway: false },
    ],
    ['a proxy’s page', { status: 502, body: '<html>' }, { code: 'UNREADABLE', status: 502, isAway: true }],
    [
      'another form',
      { body: { ...meAnswer(), subject: 5 } },
      { code: 'UNREADABLE', status: 200, isAway: false },
    ],
    ['a member more', { body: { ...meAnswer(), extra: true } }, { code: 'UNREADABLE' }],
    ['no answer', undefined, { code: 'UNREACHABLE', status: 0, isAway: true }],
  ])('%s', async (_what, answer, expected) => {
    expect(await failure(answer)).toMatchObject(expected);
  });
});

it('saves a consent with the session’s token and the version that it was begun from', async () => {
  const requests = fakeApi({ 'PUT /api/v1/consent': { body: consent(CARE, 4), headers: { ETag: '"4"' } } });
  const policy = { rules: CARE, default: 'deny' as const };
  expect(await saveConsent(policy, '"3"', 'csrf-1')).toEqual({ consent: consent(CARE, 4), etag: '"4"' });
  expect(requests).toMatchObject([
    { method: 'PUT', headers: { 'If-Match': '"3"', 'X-CSRF-Token': 'csrf-1' }, body: policy },
  ]);
});

it('takes the version for the entity tag where a proxy dropped it', async () => {
  fakeApi({ 'GET /api/v1/consent': { body: consent(CARE, 4) } });
  expect((await fetchConsent()).etag).toBe('"4"');
});
