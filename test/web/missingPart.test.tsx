/**
 * @jest-environment ./test/web/support/browserEnvironment.cjs
 */
// SPDX-License-Identifier: Apache-2.0
import { act, screen } from '@testing-library/react';
import { MissingPart } from '../../web/src/components/MissingPart';
import { renderPage } from './support/renderPage';

const OWN = '/assets/portal-1.js';

/** @param page what the server answers for its page; absent: nothing reaches it. */
function serve(page: string | undefined): void {
  globalThis.fetch = () =>
    page === undefined
      ? Promise.reject(new TypeError('fetch failed'))
      : Promise.resolve({ ok: true, text: () => Promise.resolve(page) } as Response);
}

function show(page: string | undefined, language: 'en' | 'zh-CN' = 'en', onRetry = jest.fn()): jest.Mock {
  serve(page);
  renderPage(<MissingPart onRetry={onRetry} />, { language });
  return onRetry;
}

/** The browser says that the network is back. */
async function online(): Promise<void> {
  await act(async () => {
    window.dispatchEvent(new Event('online'));
    await new Promise((resolve) => setTimeout(resolve));
  });
}

beforeAll(() => {
  const script = document.createElement('script');
  script.setAttribute('src', OWN);
  script.type = 'text/plain';
  document.head.append(script);
});

it.each([
  ['a server that is away', undefined, /^The server cannot be reached\. Check your connection/],
  ['another version', '<script src="/assets/portal-2.js">', /^The new version has to be loaded/],
  [
    'a server that is there and has not the part',
    `<script src="${OWN}">`,
    /^The server answers, but it does not/,
  ],
])('says of %s what is the case', async (_what, page, text) => {
  show(page);
  expect(await screen.findByText(text)).toBeTruthy();
});

it('says it in Chinese', async () => {
  show(`<script src="${OWN}">`, 'zh-CN');
  await screen.findByText(/服务器有回应，但没有页面的这一部分/);
  expect(screen.queryByText(/请检查网络/)).toBeNull();
});

it('goes on by itself when the server is back', async () => {
  const onRetry = show(undefined);
  await screen.findByText(/^The server cannot be reached\./);
  await online();
  expect(onRetry).not.toHaveBeenCalled();
  serve(`<script src="${OWN}">`);
  await online();
  expect(onRetry).toHaveBeenCalledTimes(1);
});

it('says by itself that the server came back with another version, and loads nothing unasked', async () => {
  const onRetry = show(undefined);
  await screen.findByText(/^The server cannot be reached\./);
  serve('<script src="/assets/portal-2.js">');
  await online();
  await screen.findByText(/^The new version has to be loaded/);
  expect(onRetry).not.toHaveBeenCalled();
});
