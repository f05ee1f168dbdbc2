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

const LINES = 4;

function Part({ name, isFirst = false }: { readonly name: string; readonly isFirst?: boolean }): ReactNode {
  const { ref, isDrawn, style } = useDrawnNearScreen<HTMLUListElement>(LINES, isFirst);
  return (
    <ul ref={ref} style={style} data-part={name}>
      {isDrawn && (
        <li>
          <button type="button">{name}</button>
        </li>
      )}
    </ul>
  );
}

/** A list of days with parts of four lines: 0 1 2, 3 4 5, … */
function List({
  parts,
  firstDrawn = 0,
}: {
  readonly parts: number;
  readonly firstDrawn?: number;
}): ReactNode {
  const days = Array.from({ length: Math.ceil(parts / 3) }, (_, day) =>
    [0, 1, 2].map((at) => day * 3 + at).filter((at) => at < parts),
  );
  return days.map((day) => (
    <section key={day[0]}>
      <h2>a day</h2>
      {day.map((at) => (
        <Part key={at} name={String(at)} isFirst={at === firstDrawn} />
      ))}
    </section>
  ));
}

/** The first part and what is near it. */
const FIRST = [0, 1, 2];
const HEIGHT = 700;
const partOf = (name: number): HTMLElement => {
  const found = document.querySelector<HTMLElement>(`[data-part="${String(name)}"]`);
  if (found === null) {
    throw new Error(`no part ${String(name)}`);
  }
  return found;
};

/** What the browser says when these parts, and no others, are on the screen. */
function show(...names: readonly number[]): void {
  const seen = [...document.querySelectorAll<HTMLElement>('[data-part]')].map((target) => ({
    target,
    isIntersecting: names.includes(Number(target.dataset['part'])),
  }));
  act(() => {
    FakeIntersectionObserver.call(seen as unknown as IntersectionObserverEntry[], {} as IntersectionObserver);
  });
}
const drawn = (): readonly number[] =>
  [...document.querySelectorAll<HTMLElement>('[data-part]')]
    .filter(({ firstElementChild }) => firstElementChild !== null)
    .map(({ dataset }) => Number(dataset['part']));
const placeOf = (name: number): string => partOf(name).style.blockSize;

let idle: ((deadline: { didTimeout: boolean }) => void)[];
function nextIdle(didTimeout = false): void {
  const [call] = idle.splice(0, 1);
  act(() => call?.({ didTimeout }));
}
/** Until nothing waits to be drawn. */
function rest(): void {
  while (idle.length > 0) {
    nextIdle();
  }
}
beforeEach(() => {
  idle = [];
  Object.assign(window, { requestIdleCallback: (call: (typeof idle)[number]) => idle.push(call) });
  jest.spyOn(Element.prototype, 'getBoundingClientRect').mockReturnValue({ height: HEIGHT } as DOMRect);
});
afterEach(() => {
  rest();
  Reflect.deleteProperty(window, 'requestIdleCallback');
  jest.restoreAllMocks();
});

it('draws what is on the screen at once, and keeps the place of what is far', () => {
  render(<List parts={12} />);
  expect(drawn()).toEqual([0]);
  expect(Number.parseInt(placeOf(5), 10)).toBeGreaterThan(0);
  show(5);
  expect(drawn()).toEqual([0, 5]);
  expect(placeOf(5)).toBe('');
  show(0);
  expect(drawn()).toEqual([0]);
  expect(placeOf(5)).toBe(`${String(HEIGHT)}px`);
});

it('draws the next eight lines on each side when there is time, however high a line is, and both ends', () => {
  render(<List parts={24} />);
  show(10);
  rest();
  expect(drawn()).toEqual([...FIRST, 8, 9, 10, 11, 12, 21, 22, 23]);
  show(13, 14);
  rest();
  expect(drawn()).toEqual([...FIRST, 11, 12, 13, 14, 15, 16, 21, 22, 23]);
});

it('draws around the focus at once, so that each Tab finds the next line, forwards and back', () => {
  render(<List parts={18} />);
  show(0);
  rest();
  const press = (way: 1 | -1): string => {
    const buttons = screen.getAllByRole('button');
    const next = buttons[buttons.indexOf(document.activeElement as HTMLElement) + way];
    act(() => {
      next?.focus();
    });
    return next?.textContent ?? '';
  };
  // The browser says nothing meanwhile, and has no time to spare.
  const names = Array.from({ length: 18 }, (_, at) => String(at));
  expect(names.map(() => press(1))).toEqual(names);
  expect(names.slice(1).map(() => press(-1))).toEqual(names.slice(0, -1).reverse());
  expect(drawn().length).toBeLessThan(12);
});

it('keeps the part that had the focus, and its neighbours, wherever the screen goes', () => {
  render(<List parts={30} />);
  show(9);
  rest();
  act(() => {
    screen.getByText('9').focus();
  });
  show(20);
  rest();
  expect(drawn()).toEqual([...FIRST, 7, 8, 9, 10, 11, 18, 19, 20, 21, 22, 27, 28, 29]);
  expect(document.activeElement).toBe(screen.getByText('9'));
});

it('follows the ends of a list that grows and shrinks', async () => {
  const { rerender } = render(<List parts={9} />);
  show(0);
  rest();
  expect(drawn()).toEqual([...FIRST, 6, 7, 8]);
  rerender(<List parts={18} />);
  show(0);
  rest();
  expect(drawn()).toEqual([...FIRST, 15, 16, 17]);
  rerender(<List parts={12} />);
  await act(() => Promise.resolve());
  rest();
  expect(drawn()).toEqual([...FIRST, 9, 10, 11]);
});

describe('what is near but not on the screen', () => {
  it('is drawn part by part, each when the page has nothing else to do', () => {
    render(<List parts={12} />);
    show(0);
    const counts = [drawn().length];
    while (idle.length > 0) {
      nextIdle();
      counts.push(drawn().length);
    }
    expect(counts).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it('is drawn all the same on a page that is always busy', () => {
    render(<List parts={12} />);
    show(0);
    nextIdle(true);
    expect(drawn()).toEqual([...FIRST, 9, 10, 11]);
  });

  it('is not drawn when the reader has gone on before there was time', () => {
    render(<List parts={30} />);
    show(10);
    show(20);
    rest();
    expect(drawn()).toEqual([...FIRST, 18, 19, 20, 21, 22, 27, 28, 29]);
  });

  it('is drawn a moment later by a browser that does not say when it is idle', () => {
    Reflect.deleteProperty(window, 'requestIdleCallback');
    jest.useFakeTimers();
    render(<List parts={12} />);
    show(0);
    expect(drawn()).toEqual([0]);
    act(() => {
      jest.advanceTimersByTime(100);
    });
    jest.useRealTimers();
    expect(drawn()).toEqual([...FIRST, 9, 10, 11]);
  });
});

it('reckons with the height of the lines that it has measured', () => {
  jest.spyOn(Element.prototype, 'getBoundingClientRect').mockReturnValue({ height: 900 } as DOMRect);
  const { unmount } = render(<List parts={12} firstDrawn={6} />);
  show(0);
  unmount();
  render(<List parts={12} />);
  expect(placeOf(6)).toBe('900px');
});

it('draws everything for paper, and nothing more after it', () => {
  render(<List parts={12} />);
  show(0);
  rest();
  act(() => {
    window.dispatchEvent(new Event('beforeprint'));
  });
  expect(drawn()).toHaveLength(12);
  show(0);
  expect(drawn()).toHaveLength(12);
  act(() => {
    window.dispatchEvent(new Event('afterprint'));
  });
  expect(drawn()).toEqual([...FIRST, 9, 10, 11]);
});

it('lets go of what is gone', () => {
  const { unmount } = render(<List parts={6} />);
  expect(FakeIntersectionObserver.observed.size).toBe(6);
  unmount();
  expect(FakeIntersectionObserver.observed.size).toBe(0);
});
