// SPDX-License-Identifier: Apache-2.0
import { useEffect, useRef, useState, type CSSProperties, type RefObject } from 'react';
import { flushSync } from 'react-dom';

/** How far beyond the screen lines are drawn, before a reader comes to them: about the height of a phone's window. */
const MARGIN = '700px 0px';

type Listener = (isNear: boolean, height: number) => void;

const listeners = new WeakMap<Element, Listener>();
let observer: IntersectionObserver | undefined;
const drawnForPrint = new Set<() => void>();

function observe(element: Element, listener: Listener): () => void {
  const shared = (observer ??= new IntersectionObserver(
    (entries) => {
      for (const { target, isIntersecting, boundingClientRect } of entries)
        listeners.get(target)?.(isIntersecting, boundingClientRect.height);
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
 * Whether a part of a long list is drawn: only near the screen, or while it has the focus. Elsewhere it is an empty box of its height, so
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
    const stop = observe(element, (isNear, measured) => {
      if (isNear) {
        draw();
        return;
      }
      if (!drawn.current || element.contains(document.activeElement)) return;
      lineHeight = measured / lines;
      setHeight(measured);
      setIsDrawn(false);
    });
    return () => {
      stop();
      drawnForPrint.delete(draw);
    };
  }, [lines]);
  return { ref, isDrawn, style: isDrawn ? undefined : { blockSize: height ?? lines * lineHeight } };
}
