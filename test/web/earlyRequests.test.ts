/**
 * @jest-environment ./test/web/support/browserEnvironment.cjs
 */
// SPDX-License-Identifier: Apache-2.0
import { fetchAccesses, fetchMe } from '../../web/src/lib/api';
import { beginEarly, isUnderWay, takeEarly } from '../../web/src/lib/earlyRequests';
import { FIRST_LIST, FIRST_PAGE, firstReads, ME } from '../../web/src/lib/firstReads';
import { accessList, entry, meAnswer } from './support/answers';
import { fakeApi } from './support/fakeApi';

const SIGNED_OUT = {
  status: 401,
  body: { type: 'about:blank', title: 'Unauthorized', status: 401, code: 'UNAUTHENTICATED' },
};
const firstPage = () => fetchAccesses(new URLSearchParams(), { limit: FIRST_PAGE });

afterEach(() => {
  for (const path of [ME, FIRST_LIST]) {
    void takeEarly(path);
  }
});

describe('what is asked for early', () => {
  it('is the session and the first page of the list, where the page shows the whole list', () => {
    expect(firstReads({ pathname: '/', hash: '' })).toEqual(['/api/v1/me', '/api/v1/accesses?limit=20']);
  });

  it.each([
    { pathname: '/', hash: '#org=NorthHospitalMSP' },
    { pathname: '/consent', hash: '' },
  ])('is the session alone at $pathname$hash', (address) => {
    expect(firstReads(address)).toEqual(['/api/v1/me']);
  });
});

describe('an answer on its way', () => {
  it('is used for the same read in place of another request, once', async () => {
    const requests = fakeApi({
      'GET /api/v1/me': { body: meAnswer() },
      'GET /api/v1/accesses': { body: accessList([entry({})]) },
    });
    beginEarly([ME, FIRST_LIST]);
    expect(await fetchMe()).toEqual(meAnswer());
    expect((await firstPage()).items).toHaveLength(1);
    expect(requests).toHaveLength(2);
    await firstPage();
    expect(requests.map(({ path }) => path)).toEqual([ME, FIRST_LIST, FIRST_LIST]);
  });

  it('is not used for another page of the list', async () => {
    const requests = fakeApi({ 'GET /api/v1/accesses': { body: accessList([]) } });
    beginEarly([FIRST_LIST]);
    await fetchAccesses(new URLSearchParams(), { limit: FIRST_PAGE, cursor: 'c' });
    expect(requests.map(({ path }) => path)).toEqual([FIRST_LIST, `${FIRST_LIST}&cursor=c`]);
  });

  it('without a session is told to who asked, and the list is asked for again after a sign-in', async () => {
    fakeApi({ 'GET /api/v1/me': SIGNED_OUT, 'GET /api/v1/accesses': SIGNED_OUT });
    beginEarly([ME, FIRST_LIST]);
    await expect(fetchMe()).rejects.toMatchObject({ status: 401 });
    expect(isUnderWay(FIRST_LIST)).toBe(false);
    fakeApi({ 'GET /api/v1/accesses': { body: accessList([entry({})]) } });
    expect((await firstPage()).items).toHaveLength(1);
  });

  it('that never comes is a server out of reach, and the next read asks again', async () => {
    fakeApi({});
    beginEarly([ME, FIRST_LIST]);
    await expect(fetchMe()).rejects.toMatchObject({ code: 'UNREACHABLE' });
    expect(isUnderWay(FIRST_LIST)).toBe(false);
    fakeApi({ 'GET /api/v1/me': { body: meAnswer() } });
    expect(await fetchMe()).toEqual(meAnswer());
  });
});
