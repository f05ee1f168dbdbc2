/**
 * @jest-environment ./test/web/support/browserEnvironment.cjs
 */
// SPDX-License-Identifier: Apache-2.0
import { screen } from '@testing-library/react';
import { Route, Routes } from 'react-router';
import { VersionPage } from '../../web/src/features/consent/VersionPage';
import { consent } from './support/answers';
import { fakeApi } from './support/fakeApi';
import { renderPage } from './support/renderPage';

const version = (number: number, day: number) => ({
  at: `2026-05-0${String(day)}T10:00:00.000Z`,
  consent: consent([], number),
});

async function open(shown: number, state?: unknown, language: 'en' | 'zh-CN' = 'en'): Promise<string> {
  const items = [version(2, 5), version(1, 4)];
  fakeApi({ 'GET /api/v1/consent/history': { body: { items, next: null } } });
  const page = (
    <Routes>
      <Route path="/consent/versions/:version" element={<VersionPage />} />
    </Routes>
  );
  const { container } = renderPage(page, { path: `/consent/versions/${String(shown)}`, state, language });
  await screen.findByRole('heading', { level: 1 });
  return container.textContent;
}

it.each([
  ['en', /This is your consent as it holds now\./],
  ['zh-CN', /这是您目前有效的授权/],
] as const)('the version that holds says so (%s)', async (language, text) => {
  expect(await open(2, undefined, language)).toMatch(text);
});

it('twin: an earlier one says from when until when it held', async () => {
  const text = await open(1);
  expect(text).toMatch(/It held from .+ until /);
  expect(text).not.toContain('holds now');
});

it('has a way back to the entry that led here, and what decided it stands apart from its name', async () => {
  const text = await open(2, { decided: [null], entry: 'NorthHospitalMSP~main~3' });
  expect(screen.getByRole('link', { name: 'Back to the entry' }).getAttribute('href')).toBe(
    '/accesses/NorthHospitalMSP~main~3',
  );
  expect(text).toContain(' decided that access');
});

it.each([[undefined], [null], ['text'], [{ decided: 7, entry: 8 }]])(
  'twin: without one there is none (%p)',
  async (state) => {
    const text = await open(2, state);
    expect(screen.queryByRole('link', { name: 'Back to the entry' })).toBeNull();
    expect(text).not.toContain('decided that access');
  },
);
