/**
 * @jest-environment ./test/web/support/browserEnvironment.cjs
 */
// SPDX-License-Identifier: Apache-2.0
import { act, screen } from '@testing-library/react';
import { SessionWarning } from '../../web/src/features/session/SessionWarning';
import { noteServerTime } from '../../web/src/lib/serverClock';
import { setSessionState, useSessionState } from '../../web/src/lib/sessionState';
import { meAnswer } from './support/answers';
import { fakeApi } from './support/fakeApi';
import { renderPage } from './support/renderPage';

const MINUTE = 60_000;
const START = Date.parse('2026-05-06T10:00:00.000Z');
const inMinutes = (minutes: number): string => new Date(START + minutes * MINUTE).toISOString();

function State() {
  return <p data-testid="state">{useSessionState()}</p>;
}

function showUntil(sessionExpiresAt: string | null): void {
  renderPage(
    <>
      <SessionWarning />
      <State />
    </>,
    { me: meAnswer({ sessionExpiresAt }) },
  );
}

const pass = (minutes: number): Promise<void> =>
  act(async () => {
    await jest.advanceTimersByTimeAsync(minutes * MINUTE);
  });
const isWarned = (): boolean => screen.queryByText('Your session ends soon') !== null;
const state = (): string => screen.getByTestId('state').textContent;

beforeEach(() => {
  jest.useFakeTimers({ now: START });
  noteServerTime(new Date(START).toUTCString());
  setSessionState('open');
});
afterEach(() => {
  jest.useRealTimers();
});

describe('the end of a session', () => {
  it('is announced two minutes before, and covers the pages when it comes', async () => {
    showUntil(inMinutes(30));
    await pass(27.9);
    expect(isWarned()).toBe(false);
    await pass(0.2);
    expect(isWarned()).toBe(true);
    expect(state()).toBe('open');
    await pass(2);
    expect(state()).toBe('ended');
  });

  it.each([
    ['an hour ahead', 60],
    ['an hour behind', -60],
  ])('is the server’s, also on a computer whose clock is %s', async (_what, minutes) => {
    jest.setSystemTime(START + minutes * MINUTE);
    noteServerTime(new Date(START).toUTCString());
    showUntil(inMinutes(30));
    await pass(27.9);
    expect([isWarned(), state()]).toEqual([false, 'open']);
    await pass(0.2);
    await pass(2);
    expect(state()).toBe('ended');
  });

  it('moves when the person stays', async () => {
    fakeApi({ 'GET /api/v1/me': { body: meAnswer({ sessionExpiresAt: inMinutes(58) }) } });
    showUntil(inMinutes(30));
    await pass(28.1);
    await act(async () => {
      screen.getByRole('button', { name: 'Stay signed in' }).click();
      await jest.advanceTimersByTimeAsync(10);
    });
    expect([isWarned(), state()]).toEqual([false, 'open']);
    // The next time it can be moved again.
    await pass(28);
    expect(screen.getByRole('button', { name: 'Stay signed in' })).toBeTruthy();
  });

  it('does not move beyond its limit: then signing in anew is offered, in another tab', async () => {
    fakeApi({ 'GET /api/v1/me': { body: meAnswer({ sessionExpiresAt: inMinutes(30) }) } });
    showUntil(inMinutes(30));
    await pass(28.1);
    await act(async () => {
      screen.getByRole('button', { name: 'Stay signed in' }).click();
      await jest.advanceTimersByTimeAsync(10);
    });
    const link = screen.getByRole('link', { name: 'Sign in in a new tab' });
    expect(link.getAttribute('target')).toBe('_blank');
  });

  it('never comes for a caller without a session', async () => {
    showUntil(null);
    await pass(60 * 24 * 30);
    expect([isWarned(), state()]).toEqual([false, 'open']);
  });
});
