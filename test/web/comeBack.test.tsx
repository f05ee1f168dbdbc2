/**
 * @jest-environment ./test/web/support/browserEnvironment.cjs
 */
// SPDX-License-Identifier: Apache-2.0
import { useQueryClient, type QueryClient } from '@tanstack/react-query';
import { act, screen, waitFor } from '@testing-library/react';
import type { ReactNode } from 'react';
import { Route, Routes } from 'react-router';
import { EntryPage } from '../../web/src/features/entry/EntryPage';
import { ConsentPage } from '../../web/src/features/consent/ConsentPage';
import { useAccessPages } from '../../web/src/features/timeline/useAccessPages';
import { useComeBack } from '../../web/src/lib/comeBack';
import { entryQuery } from '../../web/src/lib/queries';
import { CARE, consent, consentHistory, entry, meAnswer } from './support/answers';
import { fakeApi, type FakeAnswer, type FakeRequest } from './support/fakeApi';
import { fakeList } from './support/fakeList';
import { renderPage } from './support/renderPage';

const SHOWN = entry({});
const PATH = `/accesses/${SHOWN.id}`;
let client: QueryClient;

/** What the portal's frame does around every page. */
function Portal({ children }: { readonly children: ReactNode }): ReactNode {
  useComeBack();
  client = useQueryClient();
  return children;
}

function problem(status: number, code: string): FakeAnswer {
  return { status, body: { type: 'about:blank', title: 'x', status, code, requestId: 'r-1' } };
}

/** Answers that come only while the server is there; `refusal` is what comes else, absent: nothing. */
function server(refusal?: FakeAnswer) {
  const state = { isThere: false };
  const answer = (body: unknown) => (): FakeAnswer => {
    if (state.isThere) {
      return { body };
    }
    if (refusal !== undefined) {
      return refusal;
    }
    throw new TypeError('fetch failed');
  };
  const requests = fakeApi({
    'GET /api/v1/me': { body: meAnswer() },
    [`GET /api/v1${PATH}`]: answer(SHOWN),
    'GET /api/v1/consent': answer(consent(CARE)),
    'GET /api/v1/consent/history': answer(consentHistory()),
  });
  const fetched = globalThis.fetch;
  // An answer that throws is a request that reaches nothing.
  globalThis.fetch = (...asked) => Promise.resolve().then(() => fetched(...asked));
  return { state, requests };
}

function count(requests: readonly FakeRequest[], path: string): number {
  return requests.filter((request) => request.path === `/api/v1${path}`).length;
}

function openEntry(): void {
  renderPage(
    <Portal>
      <Routes>
        <Route path="/accesses/:id" element={<EntryPage />} />
      </Routes>
    </Portal>,
    { path: PATH },
  );
}

/** Lets `ms` of the clock pass, and what then happens. */
const pass = (ms: number): Promise<void> => act(() => jest.advanceTimersByTimeAsync(ms));

beforeEach(() => {
  window.scrollTo = () => undefined;
  jest.useFakeTimers({ now: Date.now() });
  document.dispatchEvent(new Event('pointerdown'));
});
afterEach(() => {
  jest.useRealTimers();
});

describe('what could not be read while the server was away', () => {
  it('comes by itself when it is back, and until then the page says so without a break', async () => {
    const { state, requests } = server();
    openEntry();
    await pass(3_000);
    const notice = screen.getByText(/^The server cannot be reached\./);
    const before = count(requests, PATH);
    await pass(30_000);
    expect(count(requests, PATH)).toBe(before + 3);
    // The same element: nothing was taken away and said anew.
    expect(screen.getByText(/^The server cannot be reached\./)).toBe(notice);
    state.isThere = true;
    await pass(10_000);
    expect(screen.queryByText(/^The server cannot be reached\./)).toBeNull();
    screen.getByRole('heading', { level: 1, name: /asked for your data/ });
    const then = count(requests, PATH);
    await pass(60_000);
    expect(count(requests, PATH)).toBe(then);
  });

  it('comes at once when the browser says that the network is back', async () => {
    const { state } = server();
    openEntry();
    await pass(3_000);
    state.isThere = true;
    window.dispatchEvent(new Event('online'));
    await pass(0);
    screen.getByRole('heading', { level: 1, name: /asked for your data/ });
  });

  it('comes when the ledger is back, too', async () => {
    const { state } = server(problem(503, 'LEDGER_UNAVAILABLE'));
    renderPage(
      <Portal>
        <ConsentPage />
      </Portal>,
    );
    await pass(3_000);
    screen.getByText(/^The ledger cannot be reached now/);
    state.isThere = true;
    await pass(10_000);
    screen.getByRole('heading', { level: 1, name: 'Who may look at my record' });
    expect(screen.queryByText(/^The ledger cannot be reached now/)).toBeNull();
  });

  it('is not asked for while nobody is there, or a forgotten tab would never be signed out', async () => {
    const { requests } = server();
    openEntry();
    await pass(3_000);
    await pass(300_000);
    const before = count(requests, PATH);
    await pass(300_000);
    window.dispatchEvent(new Event('online'));
    await pass(0);
    expect(count(requests, PATH)).toBe(before);
  });

  it('is not shown to somebody else who has signed in meanwhile', async () => {
    const { state } = server();
    openEntry();
    await pass(3_000);
    state.isThere = true;
    window.dispatchEvent(new Event('online'));
    client.removeQueries({ queryKey: entryQuery(SHOWN.id).queryKey });
    await pass(0);
    expect(client.getQueryData(entryQuery(SHOWN.id).queryKey)).toBeUndefined();
  });
});

it('asks nothing again that was refused for another reason', async () => {
  const { requests } = server(problem(404, 'NOT_FOUND'));
  openEntry();
  await pass(3_000);
  await pass(30_000);
  expect(count(requests, PATH)).toBe(1);
});

it('reads the page that a list lacks, and none of the others again', async () => {
  const list = fakeList(60, new Date());
  let shown = 0;
  function List(): ReactNode {
    const pages = useAccessPages({});
    shown = pages.entries.length;
    return (
      <button type="button" onClick={() => void pages.list.fetchNextPage()}>
        older
      </button>
    );
  }
  renderPage(
    <Portal>
      <List />
    </Portal>,
  );
  await pass(0);
  expect(shown).toBe(20);
  const answered = globalThis.fetch;
  globalThis.fetch = () => Promise.reject(new TypeError('fetch failed'));
  act(() => {
    screen.getByRole('button', { name: 'older' }).click();
  });
  await pass(3_000);
  expect(shown).toBe(20);
  globalThis.fetch = answered;
  const before = list.requests.length;
  await pass(10_000);
  await waitFor(() => {
    expect(shown).toBe(60);
  });
  expect(list.requests.slice(before).filter(({ path }) => path.startsWith('/api/v1/accesses'))).toHaveLength(
    1,
  );
});
