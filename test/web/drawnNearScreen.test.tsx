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

/** @param top where its upper edge is in the window; far away when absent */
function move(top: number | undefined, height = 700): void {
  const seen = {
    target: screen.getByRole('list'),
    isIntersecting: top !== undefined,
    boundingClientRect: { top: top ?? 10_000, bottom: (top ?? 10_000) + height, height },
  };
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
  move(100);
  expect(isDrawn()).toBe(true);
  expect(place()).toBe('');
  move(undefined, 680);
  expect(isDrawn()).toBe(false);
  expect(place()).toBe('680px');
});

describe('what is near but not on the screen', () => {
  const below = (): number => window.innerHeight + 100;
  let idle: ((deadline: { didTimeout: boolean }) => void)[];
  const nextIdle = (didTimeout: boolean): void => {
    const [call] = idle.splice(0, 1);
    act(() => call?.({ didTimeout }));
  };
  beforeEach(() => {
    idle = [];
    Object.assign(window, { requestIdleCallback: (call: (typeof idle)[number]) => idle.push(call) });
  });
  afterEach(() => {
    Reflect.deleteProperty(window, 'requestIdleCallback');
  });

  function moveAll(top: number): void {
    const seen = screen.getAllByRole('list').map((target) => ({
      target,
      isIntersecting: true,
      boundingClientRect: { top, bottom: top + 700, height: 700 },
    }));
    act(() => {
      FakeIntersectionObserver.call(
        seen as unknown as IntersectionObserverEntry[],
        {} as IntersectionObserver,
      );
    });
  }
  const drawnParts = (): number => screen.queryAllByText('a line').length;
  const three = (
    <>
      <Part isFirst={false} />
      <Part isFirst={false} />
      <Part isFirst={false} />
    </>
  );

  it('is drawn part by part, each when the page has nothing else to do', () => {
    render(three);
    moveAll(below());
    expect(drawnParts()).toBe(0);
    for (const parts of [1, 2, 3]) {
      nextIdle(false);
      expect(drawnParts()).toBe(parts);
    }
    expect(idle).toEqual([]);
  });

  it('is drawn all the same on a page that is always busy', () => {
    render(three);
    moveAll(below());
    nextIdle(true);
    expect(drawnParts()).toBe(3);
  });

  it('is not drawn when the reader has gone on before there was time', () => {
    render(<Part isFirst={false} />);
    move(below());
    move(undefined);
    nextIdle(false);
    expect(isDrawn()).toBe(false);
  });

  it('is drawn a moment later by a browser that does not say when it is idle', () => {
    Reflect.deleteProperty(window, 'requestIdleCallback');
    jest.useFakeTimers();
    render(<Part isFirst={false} />);
    move(below());
    expect(isDrawn()).toBe(false);
    act(() => {
      jest.advanceTimersByTime(100);
    });
    jest.useRealTimers();
    expect(isDrawn()).toBe(true);
  });
});

it('reckons with the height of the lines that it has measured', () => {
  const { unmount } = render(<Part isFirst />);
  move(undefined, 900);
  unmount();
  render(<Part isFirst={false} />);
  expect(place()).toBe('900px');
});

it('draws the first part at once, and leaves what has the focus', () => {
  render(<Part isFirst />);
  expect(isDrawn()).toBe(true);
  screen.getByText('a line').focus();
  move(undefined);
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
