// SPDX-License-Identifier: Apache-2.0
/*
 * Functions that run inside the page. Each is sent as text, so it names nothing outside itself. They are
 * called through the browser's protocol, never evaluated by the page: the portal's Content-Security-Policy
 * refuses that. Times are milliseconds since the navigation began, by the browser's own clock.
 */

/** What {@link watchFirstMoments} and {@link watchLongTasks} leave in the page. */
interface Noted {
  moments: Readonly<Record<'listShown' | 'mainThreadFree' | 'pressAnswered', Promise<number>>>;
  longestTask(): number;
}

/** Runs before the page's own scripts and notes its first moments, a promise for each. */
export function watchFirstMoments(): void {
  /**
   * Resolves after the frame that shows what is in the document now: a message is delivered when it has been
   * drawn.
   */
  const shown = (): Promise<number> =>
    new Promise((resolve) => {
      requestAnimationFrame(() => {
        const { port1, port2 } = new MessageChannel();
        port1.onmessage = () => {
          resolve(performance.now());
        };
        port2.postMessage(null);
      });
    });
  const appears = (selector: string): Promise<void> =>
    new Promise((resolve) => {
      const observer = new MutationObserver(() => {
        if (document.querySelector(selector) === null) {
          return;
        }
        observer.disconnect();
        resolve();
      });
      observer.observe(document, { attributes: true, childList: true, subtree: true });
    });
  const idle = (): Promise<number> =>
    new Promise((resolve) => {
      requestIdleCallback(() => {
        resolve(performance.now());
      });
    });
  const listShown = appears('.visit').then(shown);
  (globalThis as unknown as Noted).moments = {
    listShown,
    mainThreadFree: listShown.then(idle),
    pressAnswered: appears('.find-more[aria-expanded="true"]').then(shown),
  };
}

/** When the first list was on the screen, and where its button for more filters is. */
export async function firstList(): Promise<Record<'listShown' | 'x' | 'y' | 'windowHeight', number>> {
  const listShown = await (globalThis as unknown as Noted).moments.listShown;
  const button = document.querySelector('.find-more');
  if (button === null) {
    throw new Error('there is no button for more filters');
  }
  const { x, y, width, height } = button.getBoundingClientRect();
  return { listShown, x: x + width / 2, y: y + height / 2, windowHeight: innerHeight };
}

export function mainThreadFree(): Promise<number> {
  return (globalThis as unknown as Noted).moments.mainThreadFree;
}

export function pressAnswered(): Promise<number> {
  return (globalThis as unknown as Noted).moments.pressAnswered;
}

/** Resolves when the page has nothing to do. */
export function untilIdle(): Promise<void> {
  return new Promise((resolve) => {
    requestIdleCallback(() => {
      resolve();
    });
  });
}

/**
 * Goes to the end of the list, as a reader does, and says how long it took until rows of the next page were
 * drawn there.
 */
export async function showNextPage(): Promise<number> {
  const lastRow = (): Element | undefined => [...document.querySelectorAll('.visit')].at(-1);
  document.querySelector('.older')?.scrollIntoView({ block: 'end' });
  const before = lastRow();
  const from = performance.now();
  document.querySelector<HTMLButtonElement>('.older button')?.click();
  while (lastRow() === before) {
    await new Promise((resolve) => requestAnimationFrame(resolve));
  }
  await new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = resolve;
    port2.postMessage(null);
  });
  return performance.now() - from;
}

/**
 * Reads on, page by page, until the list has `least` rows; answers with how many it has. Only those near the
 * screen are drawn.
 */
export async function readOnTo(least: number): Promise<number> {
  const count = (): number =>
    Number.parseInt((document.querySelector('.results-count')?.textContent ?? '').replaceAll(',', ''), 10);
  while (count() < least) {
    const before = count();
    document.querySelector<HTMLButtonElement>('.older button')?.click();
    while (count() === before) {
      await new Promise((resolve) => requestAnimationFrame(resolve));
    }
  }
  return count();
}

/** Notes from now on every task that keeps the page from answering for over 50 ms. */
export function watchLongTasks(): void {
  const tasks: number[] = [];
  const take = (list: readonly PerformanceEntry[]): void => {
    tasks.push(...list.map(({ duration }) => duration));
  };
  const observer = new PerformanceObserver((list) => {
    take(list.getEntries());
  });
  observer.observe({ type: 'longtask' });
  (globalThis as unknown as Noted).longestTask = () => {
    take(observer.takeRecords());
    return Math.max(0, ...tasks);
  };
}

/** The longest such task; 0 when none took over 50 ms. */
export function longestTask(): number {
  return (globalThis as unknown as Noted).longestTask();
}

/** Moves to the top; answers with the height of everything. */
export function toTop(): number {
  scrollTo(0, 0);
  return document.documentElement.scrollHeight;
}

export function scrolledTo(): number {
  return scrollY;
}

/** How long a fixed amount of work takes: shows by how much the processor is slowed down. */
export function fixedWork(): number {
  const from = performance.now();
  let sum = 0;
  for (let at = 0; at < 20_000_000; at += 1) {
    sum = (sum + at * 7) % 1_000_003;
  }
  return sum < 0 ? Number.NaN : performance.now() - from;
}
