// SPDX-License-Identifier: Apache-2.0
import { useEffect, useRef, useState, type CSSProperties, type RefObject } from 'react';
import { flushSync } from 'react-dom';
import { whenIdle } from '../../lib/idle';

/**
 * How many lines are drawn before and after those on the screen, and around the focus. In lines, not in
 * pixels: in large type one line is higher than a screen, and the Tab key, like a screen reader, goes only to
 * what is drawn.
 */
const REACH = 8;

/** A part of the list as the browser shows it. */
interface Part {
  readonly lines: number;
  draw(): void;
  /** @param height its height in pixels while it was drawn. */
  empty(height: number): void;
}

const parts = new Map<Element, Part>();
const onScreen = new Set<Element>();
const drawn = new Set<Element>();
/** Parts that are drawn when there is time. */
const waiting = new Set<Element>();
/**
 * The first and the last part: there the Tab key, or somebody who listens, comes into the list. Undefined
 * when parts came or went.
 */
let ends: readonly Element[] | undefined;
/** The part that had the focus last: from there the Tab key goes on. */
let focused: Element | undefined;
let observer: IntersectionObserver | undefined;

function observe(element: Element, part: Part, isDrawn: boolean): () => void {
  const shared = (observer ??= new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) {
      if (!isIntersecting) {
        onScreen.delete(target);
      } else if (parts.has(target)) {
        onScreen.add(target);
      }
    }
    settle();
  }));
  parts.set(element, part);
  if (isDrawn) {
    drawn.add(element);
  }
  ends = undefined;
  shared.observe(element);
  return () => {
    shared.unobserve(element);
    for (const set of [parts, onScreen, drawn, waiting]) {
      set.delete(element);
    }
    if (focused === element) {
      focused = undefined;
    }
    // Parts that go come in one commit: looked at once, when all are gone.
    if (ends !== undefined) {
      queueMicrotask(settle);
    }
    ends = undefined;
  };
}

document.addEventListener('focusin', ({ target }) => {
  for (let at = target instanceof Element ? target : null; at !== null; at = at.parentElement) {
    if (!parts.has(at)) {
      continue;
    }
    focused = at;
    // At once: the next press of Tab must find them.
    for (const near of around(at)) {
      draw(near);
    }
    settle();
    return;
  }
});

/**
 * Draws what is on the screen now and what is near as soon as there is time, and empties what is far from
 * both screen and focus.
 */
function settle(): void {
  if (isPrinting) {
    return;
  }
  for (const element of onScreen) {
    draw(element);
  }
  ends ??= [...parts.keys()].filter(isEnd);
  const wanted = new Set<Element>();
  for (const element of [...onScreen, ...ends, ...(focused === undefined ? [] : [focused])]) {
    for (const near of around(element)) {
      wanted.add(near);
    }
  }
  for (const element of waiting) {
    if (!wanted.has(element)) {
      waiting.delete(element);
    }
  }
  for (const element of wanted) {
    if (!drawn.has(element)) {
      drawWhenIdle(element);
    }
  }
  const far = [...drawn].filter((element) => !wanted.has(element));
  // All are measured before the first is changed: one layout.
  const heights = far.map((element) => element.getBoundingClientRect().height);
  far.forEach((element, at) => {
    drawn.delete(element);
    parts.get(element)?.empty(heights[at] ?? 0);
  });
}

function draw(element: Element): void {
  waiting.delete(element);
  if (drawn.has(element)) {
    return;
  }
  drawn.add(element);
  parts.get(element)?.draw();
}

type Way = 'nextElementSibling' | 'previousElementSibling';

/** A part, and those that hold the next {@link REACH} lines on each side. */
function around(element: Element): readonly Element[] {
  const found = [element];
  for (const way of ['nextElementSibling', 'previousElementSibling'] as const) {
    let at = neighbour(element, way);
    for (let lines = 0; at !== undefined && lines < REACH; at = neighbour(at, way)) {
      found.push(at);
      lines += parts.get(at)?.lines ?? 0;
    }
  }
  return found;
}

/** The next part in reading order: beside this one, or in the next day. */
function neighbour(element: Element, way: Way): Element | undefined {
  for (let at = element[way]; at !== null; at = at[way]) {
    if (parts.has(at)) {
      return at;
    }
  }
  for (let day = element.parentElement?.[way] ?? null; day !== null; day = day[way]) {
    const inDay = [...day.children].filter((child) => parts.has(child));
    const found = way === 'nextElementSibling' ? inDay[0] : inDay.at(-1);
    if (found !== undefined) {
      return found;
    }
  }
  return undefined;
}

function isEnd(element: Element): boolean {
  return (
    neighbour(element, 'previousElementSibling') === undefined ||
    neighbour(element, 'nextElementSibling') === undefined
  );
}

/**
 * How long a part near the screen waits on a page that is busy: a reader who scrolls fast is there by then.
 */
const LATEST_MS = 100;

let isAsked = false;

/**
 * Draws one part after another, each when there is nothing else to do: a press in between is answered first.
 */
function drawWhenIdle(element: Element): void {
  waiting.add(element);
  askForTime();
}

function askForTime(): void {
  if (isAsked || waiting.size === 0) {
    return;
  }
  isAsked = true;
  whenIdle((isLate) => {
    isAsked = false;
    for (const element of [...waiting].slice(0, isLate ? undefined : 1)) {
      draw(element);
    }
    askForTime();
  }, LATEST_MS);
}

let isPrinting = false;

// A page is printed whole, not as far as it was scrolled.
window.addEventListener('beforeprint', () => {
  isPrinting = true;
  flushSync(() => {
    for (const element of parts.keys()) {
      draw(element);
    }
  });
});
window.addEventListener('afterprint', () => {
  isPrinting = false;
  settle();
});

/** Height of a line that has not been drawn yet, until the first has been measured. */
let lineHeight = 104;

interface Drawn<E extends Element> {
  readonly ref: RefObject<E | null>;
  readonly isDrawn: boolean;
  /** Keeps the place of what is not drawn. */
  readonly style: CSSProperties | undefined;
}

/**
 * Whether a part of a long list is drawn: on the screen at once, within {@link REACH} lines of the screen,
 * the focus and both ends of the list. Elsewhere it is an empty box of its height, so that ten thousand lines
 * cost what a few hundred do. Parts are siblings, or the children of siblings.
 * @param lines how many lines the part has.
 * @param isDrawnAtOnce drawn before the browser has said where it is.
 */
export function useDrawnNearScreen<E extends Element>(lines: number, isDrawnAtOnce: boolean): Drawn<E> {
  const ref = useRef<E>(null);
  const [isDrawn, setIsDrawn] = useState(isDrawnAtOnce);
  const [height, setHeight] = useState<number>();
  const wasDrawn = useRef(isDrawn);
  useEffect(() => {
    wasDrawn.current = isDrawn;
  });
  useEffect(() => {
    const element = ref.current;
    if (element === null) {
      return;
    }
    const part = {
      lines,
      draw: () => {
        setIsDrawn(true);
      },
      empty: (measured: number) => {
        lineHeight = measured / lines;
        setHeight(measured);
        setIsDrawn(false);
      },
    };
    return observe(element, part, wasDrawn.current);
  }, [lines]);
  return { ref, isDrawn, style: isDrawn ? undefined : { blockSize: height ?? lines * lineHeight } };
}
