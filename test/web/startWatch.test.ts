/**
 * @jest-environment ./test/web/support/browserEnvironment.cjs
 */
// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { watchStart } from '../../web/src/lib/startWatch';

const HTML = readFileSync(join(__dirname, '../../web/index.html'), 'utf8');
const BODY = /<body>([\s\S]*)<\/body>/.exec(HTML)?.[1] ?? '';

let isServed: boolean;
let ready: DocumentReadyState;
let reload: jest.Mock;
const ask = jest.fn(() => Promise.resolve(isServed));

beforeEach(() => {
  jest.useFakeTimers();
  ask.mockClear();
  reload = jest.fn();
  isServed = false;
  ready = 'complete';
  jest.spyOn(document, 'readyState', 'get').mockImplementation(() => ready);
  document.body.innerHTML = BODY;
});
afterEach(() => {
  jest.useRealTimers();
  jest.restoreAllMocks();
});
const begin = (isReloaded = false): void => {
  watchStart({ page: document, ask, reload, isReloaded });
};
const root = (): Element => document.querySelector('#root') ?? document.body;

it('the page itself says in both languages that it has not started, with a way on, and needs no script for that', () => {
  const words = document.querySelector('#root .not-yet');
  expect(words?.textContent).toMatch(/has not started yet.*Load the page again/s);
  expect(words?.querySelector('[lang="zh-CN"]')?.textContent).toMatch(/尚未启动.*重新加载页面/s);
  expect(words?.querySelectorAll('a[href=""]')).toHaveLength(2);
});

it('loads a page anew whose scripts have not come, as soon as the server answers, and once', async () => {
  begin();
  await jest.advanceTimersByTimeAsync(20_000);
  expect(ask).toHaveBeenCalledTimes(4);
  expect(reload).not.toHaveBeenCalled();
  isServed = true;
  await jest.advanceTimersByTimeAsync(60_000);
  expect(reload).toHaveBeenCalledTimes(1);
});

it('asks at once when the browser says that the network is back', async () => {
  begin();
  isServed = true;
  window.dispatchEvent(new Event('online'));
  await jest.advanceTimersByTimeAsync(0);
  expect(reload).toHaveBeenCalledTimes(1);
});

it('twin: lets a slow connection finish what is under way', async () => {
  begin();
  ready = 'interactive';
  isServed = true;
  await jest.advanceTimersByTimeAsync(300_000);
  expect(ask).not.toHaveBeenCalled();
  expect(reload).not.toHaveBeenCalled();
});

it('twin: asks nothing once the portal is at work, and ends when it is drawn', async () => {
  begin();
  isServed = true;
  document.querySelector('[data-not-there]')?.removeAttribute('data-not-there');
  await jest.advanceTimersByTimeAsync(30_000);
  root().innerHTML = '<main>the list</main>';
  await jest.advanceTimersByTimeAsync(30_000);
  expect(jest.getTimerCount()).toBe(0);
  expect(ask).not.toHaveBeenCalled();
});

it('goes on where the scripts came and the words did not', async () => {
  begin();
  root().innerHTML = '<main data-not-there="">The server cannot be reached.</main>';
  await jest.advanceTimersByTimeAsync(10_000);
  isServed = true;
  await jest.advanceTimersByTimeAsync(5_000);
  expect(reload).toHaveBeenCalledTimes(1);
});

it('loads a page that lacks something again after a reload at most once a minute', async () => {
  begin(true);
  isServed = true;
  await jest.advanceTimersByTimeAsync(59_000);
  expect(reload).not.toHaveBeenCalled();
  await jest.advanceTimersByTimeAsync(1_000);
  expect(reload).toHaveBeenCalledTimes(1);
});
