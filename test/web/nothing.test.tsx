/**
 * @jest-environment ./test/web/support/browserEnvironment.cjs
 */
// SPDX-License-Identifier: Apache-2.0
import { Nothing } from '../../web/src/features/timeline/Nothing';
import type { AccessFilter } from '../../web/src/lib/accessFilter';
import { renderPage } from './support/renderPage';

const shown = (filter: AccessFilter, language: 'en' | 'zh-CN' = 'en'): string =>
  renderPage(<Nothing filter={filter} />, { language }).container.textContent;

it.each<[string, AccessFilter, RegExp]>([
  ['no filter: there is nothing yet', {}, /^Nobody has asked for your data yet/],
  ['a filter that nothing fits', { from: '2026-05-01', to: '2026-05-01' }, /Nothing in your list fits/],
  ['one day only', { to: '2026-05-01' }, /Nothing in your list fits/],
  [
    'days that are the wrong way round',
    { from: '2026-05-02', to: '2026-05-01' },
    /“Until” is a day before “From”/,
  ],
])('%s', (_what, filter, text) => {
  expect(shown(filter)).toMatch(text);
});

it('says it in Chinese', () => {
  expect(shown({ from: '2026-05-02', to: '2026-05-01' }, 'zh-CN')).toContain('“到”的日期早于“从”的日期');
});
