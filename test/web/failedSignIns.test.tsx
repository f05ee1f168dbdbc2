/**
 * @jest-environment ./test/web/support/browserEnvironment.cjs
 */
// SPDX-License-Identifier: Apache-2.0
import { screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { FailedSignIns } from '../../web/src/features/session/FailedSignIns';
import { meAnswer } from './support/answers';
import { fakeApi } from './support/fakeApi';
import { renderPage } from './support/renderPage';

/** A window of this width, in rem. */
const openOn = (rem: number): void => {
  Object.assign(window, {
    matchMedia: (query: string) => ({ matches: rem >= Number(/min-width: ([\d.]+)rem/.exec(query)?.[1]) }),
  });
};

beforeEach(() => {
  openOn(80);
});

const shown = (count: number | null, language: 'en' | 'zh-CN' = 'en') => {
  const failedSignIns = count === null ? null : { count, since: '2026-05-04T08:00:00.000Z' };
  const me = meAnswer({ failedSignIns });
  fakeApi({ 'GET /api/v1/me': { body: me } });
  return renderPage(<FailedSignIns />, { me, language });
};

it('says nothing where nobody has guessed', () => {
  expect(shown(null).container.textContent).toBe('');
});

it('tells how many and since when, what to do, and the same only once', async () => {
  const first = shown(3);
  expect(first.container.textContent).toMatch(/3 wrong passwords.*May 4, 2026.*new password/);
  await userEvent.click(screen.getByRole('button', { name: 'Close' }));
  expect(first.container.textContent).toBe('');
  first.unmount();
  const again = shown(3);
  expect(again.container.textContent).toBe('');
  again.unmount();
  expect(shown(5).container.textContent).toContain('5 wrong passwords');
});

it('says it in Chinese', () => {
  expect(shown(7, 'zh-CN').container.textContent).toContain('有 7 次密码输入错误');
});

it.each([
  [80, true],
  [24, false],
])('at %d rem the whole notice stands open: %s; folded it is its title, and opens', async (rem, isOpen) => {
  openOn(rem);
  shown(9);
  const notice = document.querySelector('details');
  expect(notice?.open).toBe(isOpen);
  expect(notice?.querySelector('summary')?.textContent).toBe('Wrong passwords tried at your account');
  if (isOpen) {
    return;
  }
  await userEvent.click(screen.getByText('Wrong passwords tried at your account'));
  expect(notice?.open).toBe(true);
});
