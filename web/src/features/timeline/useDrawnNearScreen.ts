// SPDX-License-Identifier: Apache-2.0
import { useEffect, useRef, useState, type CSSProperties, type RefObject } from 'react';
import { flushSync } from 'react-dom';
import { whenIdle } from '../../lib/idle';

/** How far beyond the screen lines are drawn, before a reader comes to them: about the height of a phone's window. */
const MARGIN = '700px 0px';

type Place = 'onScreen' | 'near' | 'far';
type Listener = (place: Place, height: number) => void;

const listeners = new WeakMap<Element, Listener>();
let observer: IntersectionObserver | undefined;
const drawnForPrint = new Set<() => void>();

function observe(element: Element, listener: Listener): () => void {
  const shared = (observer ??= new IntersectionObserver(
    (entries) => {
      for (const { target, isIntersecting, boundingClientRect } of entries) {
        const { top, bottom, height } = boundingClientRect;
        const isOnScreen = top < window.innerHeight && bottom > 0;
        listeners.get(target)?.(!isIntersecting ? 'far' : isOnScreen ? 'onScreen' : 'near', height);
      }
    },
    { rootMargin: MARGIN },
  ));
  listeners.set(element, listener);
  shared.observe(element);
  return () => {
    shared.unobserve(element);
    listeners.delete(element);
  };
}

/** How long a part near the screen waits on a page that is busy: a reader who scrolls fast is there by then. */
const LATEST_MS = 100;

const waiting = new Set<() => void>();
let isAsked = false;

/** Draws one part after another, each when there is nothing else to do: a press in between is answered first. @returns what cancels it. */
function drawWhenIdle(draw: () => void): () => void {
  waiting.add(draw);
  askForTime();
  return () => {
    waiting.delete(draw);
  };
}

function askForTime(): void {
  if (isAsked || waiting.size === 0) return;
  isAsked = true;
  whenIdle((isLate) => {
    isAsked = false;
    for (const draw of [...waiting].slice(0, isLate ? undefined : 1)) {
      waiting.delete(draw);
      draw();
    }
    askForTime();
  }, LATEST_MS);
}

// A page is printed whole, not as far as it was scrolled.
window.addEventListener('beforeprint', () => {
  flushSync(() => {
    for (const draw of drawnForPrint) draw();
  });
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
 * Whether a part of a long list is drawn: only on the screen, near it as soon as there is time, or while it has the focus. Elsewhere it is an empty box of its height, so
 * that ten thousand lines cost what a few hundred do.
 * @param lines how many lines the part has.
 * @param isDrawnAtOnce drawn before the browser has said where it is.
 */
export function useDrawnNearScreen<E extends Element>(lines: number, isDrawnAtOnce: boolean): Drawn<E> {
  const ref = useRef<E>(null);
  const [isDrawn, setIsDrawn] = useState(isDrawnAtOnce);
  const [height, setHeight] = useState<number>();
  const drawn = useRef(isDrawn);
  useEffect(() => {
    drawn.current = isDrawn;
  });
  useEffect(() => {
    const element = ref.current;
    if (element === null) return;
    const draw = (): void => {
      setIsDrawn(true);
    };
    drawnForPrint.add(draw);
    let forget = (): void => undefined;
    const stop = observe(element, (place, measured) => {
      forget();
      if (place === 'onScreen') draw();
      if (place === 'near' && !drawn.current) forget = drawWhenIdle(draw);
      if (place !== 'far') return;
      if (!drawn.current || element.contains(document.activeElement)) return;
      lineHeight = measured / lines;
      setHeight(measured);
      setIsDrawn(false);
    });
    return () => {
      forget();
      stop();
      drawnForPrint.delete(draw);
    };
  }, [lines]);
  return { ref, isDrawn, style: isDrawn ? undefined : { blockSize: height ?? lines * lineHeight } };
}
