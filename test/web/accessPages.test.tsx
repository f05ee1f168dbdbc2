/**
 * @jest-environment ./test/web/support/browserEnvironment.cjs
 */
// SPDX-License-Identifier: Apache-2.0
import { act, screen, waitFor } from '@testing-library/react';
import type { ReactNode } from 'react';
import { useAccessPages, useNextPageAhead } from '../../web/src/features/timeline/useAccessPages';
import { accessList, entry } from './support/answers';
import { fakeApi, type FakeAnswer, type FakeRequest } from './support/fakeApi';
import { renderPage } from './support/renderPage';

const FIRST = '/api/v1/accesses?limit=20';
const NEXT = '/api/v1/accesses?limit=50&cursor=c';

function List({ isAhead }: { readonly isAhead: boolean }): ReactNode {
  const pages = useAccessPages({});
  useNextPageAhead({}, pages, isAhead);
  return (
    <button type="button" onClick={() => void pages.list.fetchNextPage()}>
      {pages.entries.length} shown
    </button>
  );
}

function listOfThree(next: () => FakeAnswer): FakeRequest[] {
  return fakeApi({
    'GET /api/v1/accesses': ({ path }) =>
      path === NEXT ? next() : { body: accessList([entry({}), entry({})], 'c') },
  });
}
const lastEntry = (): FakeAnswer => ({ body: accessList([entry({})]) });
const asked = (requests: readonly FakeRequest[]) => requests.map(({ path }) => path);
const press = () => {
  act(() => {
    screen.getByRole('button').click();
  });
};

test('the page after the loaded ones is read ahead, shown when it is asked for, and not read twice', async () => {
  const requests = listOfThree(lastEntry);
  renderPage(<List isAhead />);
  await waitFor(() => {
    expect(asked(requests)).toEqual([FIRST, NEXT]);
  });
  expect(screen.getByText('2 shown')).toBeTruthy();
  press();
  await screen.findByText('3 shown');
  expect(asked(requests)).toEqual([FIRST, NEXT]);
});

test('it is not read ahead while something else goes first', async () => {
  const requests = listOfThree(lastEntry);
  renderPage(<List isAhead={false} />);
  await screen.findByText('2 shown');
  expect(asked(requests)).toEqual([FIRST]);
  press();
  await screen.findByText('3 shown');
  expect(asked(requests)).toEqual([FIRST, NEXT]);
});

test('one that could not be read ahead is read again when it is asked for', async () => {
  const problem = { type: 'about:blank', title: 'Internal', status: 500, code: 'INTERNAL' };
  const answers: FakeAnswer[] = [{ status: 500, body: problem }, lastEntry()];
  const requests = listOfThree(() => answers.shift() ?? { status: 500, body: problem });
  renderPage(<List isAhead />);
  await waitFor(() => {
    expect(asked(requests)).toEqual([FIRST, NEXT]);
  });
  press();
  await screen.findByText('3 shown');
  expect(asked(requests)).toEqual([FIRST, NEXT, NEXT]);
});
