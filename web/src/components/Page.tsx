// SPDX-License-Identifier: Apache-2.0
import { useEffect, useRef, type ReactNode } from 'react';
import { NavigationType, useNavigationType } from 'react-router';
import { useWords } from '../words/context';

interface PageProps {
  readonly title: ReactNode;
  /** Plain text for the window's title. */
  readonly windowTitle: string;
  readonly children: ReactNode;
  readonly lead?: ReactNode;
  readonly className?: string;
}

/**
 * A page's frame: its title in the window, and the window scrolled to its top. A page that was reached by a
 * link has its heading focused, so that keyboard and screen reader start there. Going back leaves scroll and
 * focus to the browser and the page.
 */
export function Page({ title, windowTitle, children, lead, className }: PageProps): ReactNode {
  const words = useWords();
  const heading = useRef<HTMLHeadingElement>(null);
  const arrival = useRef(useNavigationType());
  useEffect(() => {
    document.title = `${windowTitle} · ${words.text('app.name')}`;
  }, [windowTitle, words]);
  useEffect(() => {
    if (arrival.current === NavigationType.Pop) {
      return;
    }
    window.scrollTo(0, 0);
    heading.current?.focus({ preventScroll: true });
  }, []);
  return (
    <div className={className === undefined ? 'page' : `page ${className}`}>
      <h1 ref={heading} tabIndex={-1}>
        {title}
      </h1>
      {lead}
      {children}
    </div>
  );
}
