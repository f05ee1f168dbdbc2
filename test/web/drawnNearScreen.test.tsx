/**
 * @jest-environment ./test/web/support/browserEnvironment.cjs
 */
// SPDX-License-Identifier: Apache-2.0
import { act, render, screen } from '@testing-library/react';
import type { ReactNode } from 'react';
import { useDrawnNearScreen } from '../../web/src/features/timeline/useDrawnNearScreen';

/** A fake of the browser's observer: jsdom lays nothing out, so the test says what is near. */
class FakeIntersectionObserver {
  static call: IntersectionObserverCallback = () => undefined;
  static readonly observed = new Set<Element>();
  constructor(call: IntersectionObserverCallback) {
    FakeIntersectionObserver.call = call;
  }
  observe(element: Element): void {
    FakeIntersectionObserver.observed.add(element);
  }
  unobserve(element: Element): void {
    FakeIntersectionObserver.observed.delete(element);
  }
}

beforeAll(() => {
  Object.assign(window, { IntersectionObserver: FakeIntersectionObserver });
});

function Part({ isFirst }: { readonly isFirst: boolean }): ReactNode {
  const { ref, isDrawn, style } = useDrawnNearScreen<HTMLUListElement>(10, isFirst);
  return (
    <ul ref={ref} style={style}>
      {isDrawn && (
        <li>
          <button type="button">a line</button>
        </li>
      )}
    </ul>
  );
}

function move(isIntersecting: boolean, height = 700): void {
  const seen = { target: screen.getByRole('list'), isIntersecting, boundingClientRect: { height } };
  act(() => {
    FakeIntersectionObserver.call([seen as unknown as IntersectionObserverEntry], {} as IntersectionObserver);
  });
}
const isDrawn = (): boolean => screen.queryByText('a line') !== null;
const place = (): string => screen.getByRole('list').style.blockSize;

it('draws what is near and keeps the place of what is not', () => {
  render(<Part isFirst={false} />);
  expect(isDrawn()).toBe(false);
  expect(Number.parseInt(place(), 10)).toBeGreaterThan(0);
  move(true);
  expect(isDrawn()).toBe(true);
  expect(place()).toBe('');
  move(false, 680);
  expect(isDrawn()).toBe(false);
  expect(place()).toBe('680px');
});

it('reckons with the height of the lines that it has measured', () => {
  const { unmount } = render(<Part isFirst />);
  move(false, 900);
  unmount();
  render(<Part isFirst={false} />);
  expect(place()).toBe('900px');
});

it('draws the first part at once, and leaves what has the focus', () => {
  render(<Part isFirst />);
  expect(isDrawn()).toBe(true);
  screen.getByText('a line').focus();
  move(false);
  expect(isDrawn()).toBe(true);
  expect(document.activeElement).toBe(screen.getByText('a line'));
});

it('draws everything for paper', () => {
  render(<Part isFirst={false} />);
  act(() => {
    window.dispatchEvent(new Event('beforeprint'));
  });
  expect(isDrawn()).toBe(true);
});

it('lets go of what is gone', () => {
  const { unmount } = render(<Part isFirst />);
  expect(FakeIntersectionObserver.observed.size).toBe(1);
  unmount();
  expect(FakeIntersectionObserver.observed.size).toBe(0);
});
