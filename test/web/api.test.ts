/**
 * @jest-environment ./test/web/support/browserEnvironment.cjs
 */
// SPDX-License-Identifier: Apache-2.0
import { fetchAccesses, fetchMe } from '../../web/src/lib/api';
import { filterQuery } from '../../web/src/lib/accessFilter';
import { accessList, DOCTOR, entry, meAnswer } from './support/answers';
import { fakeApi } from './support/fakeApi';

describe('a page of the list', () => {
  it('names a person in the body, with the session’s token, never in the URL', async () => {
    const requests = fakeApi({
      'GET /api/v1/me': { body: meAnswer({ csrfToken: 'csrf-2' }) },
      'POST /api/v1/accesses/search': { body: accessList([entry({})]) },
    });
    await fetchMe();
    const query = filterQuery({ user: DOCTOR.id, outcome: 'refused' });
    expect((await fetchAccesses(query, { limit: 50, cursor: 'c' })).items).toHaveLength(1);
    const [, search] = requests;
    expect(search?.path).toBe('/api/v1/accesses/search');
    expect(search?.headers['X-CSRF-Token']).toBe('csrf-2');
    expect(search?.body).toEqual({ user: DOCTOR.id, outcome: 'partial,deny', limit: '50', cursor: 'c' });
  });

  it('without a person is a plain read', async () => {
    const requests = fakeApi({ 'GET /api/v1/accesses': { body: accessList([]) } });
    await fetchAccesses(filterQuery({ org: 'SouthClinicMSP' }), { limit: 50 });
    expect(requests.map(({ method, path }) => `${method} ${path}`)).toEqual([
      'GET /api/v1/accesses?org=SouthClinicMSP&limit=50',
    ]);
  });
});
