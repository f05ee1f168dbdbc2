// SPDX-License-Identifier: Apache-2.0
import { useRef, type ReactNode } from 'react';
import { Link } from 'react-router';
import { PartBoundary } from '../components/PartBoundary';
import { focusStart } from '../lib/focusStart';
import { latePart } from '../lib/latePart';
import { useHasBeenIdle } from '../lib/useHasBeenIdle';
import { useWords } from '../words/context';

const Settings = latePart(async () => (await import('./Settings')).Settings);

interface FrameProps {
  readonly children: ReactNode;
  /** The pages' links and the person's menu; absent for somebody who is not signed in. */
  readonly navigation?: ReactNode;
  readonly account?: ReactNode;
  /** Messages above the page. */
  readonly notices?: ReactNode;
}

/** What surrounds every page. */
export function Frame({ children, navigation, account, notices }: FrameProps): ReactNode {
  const words = useWords();
  const main = useRef<HTMLElement>(null);
  // Browsers look at each menu for what they could fill in, and lay out the page once more for it.
  const hasBeenIdle = useHasBeenIdle();
  return (
    <>
      <button
        type="button"
        className="skip"
        onClick={() => {
          focusStart(main.current);
        }}
      >
        {words.text('app.skip')}
      </button>
      <header className="top">
        <div className="top-inner">
          <Link to="/" className="brand">
            <Logo />
            <span>{words.text('app.name')}</span>
          </Link>
          {navigation}
          {account}
        </div>
      </header>
      <main ref={main} tabIndex={-1} className="main">
        {notices}
        {children}
      </main>
      <footer className="foot">
        <div className="foot-inner">
          <p>{words.text('app.footer')}</p>
          {hasBeenIdle && (
            <PartBoundary otherwise={null}>
              <Settings />
            </PartBoundary>
          )}
        </div>
      </footer>
    </>
  );
}

/**
 * As `mark.png`. Drawn here: an SVG image is a document of its own to the browser, and takes longer than the
 * whole header.
 */
function Logo(): ReactNode {
  return (
    <svg className="logo" viewBox="0 0 32 32" width="28" height="28" aria-hidden="true" focusable="false">
      <rect width="32" height="32" rx="9" />
      <path d="M6 17h5l3-8 4 14 3-6h5" />
    </svg>
  );
}
