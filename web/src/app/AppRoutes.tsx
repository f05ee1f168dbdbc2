// SPDX-License-Identifier: Apache-2.0
import { Suspense, useEffect, type ReactNode } from 'react';
import { Route, Routes } from 'react-router';
import { TimelinePage } from '../features/timeline/TimelinePage';
import { useWords } from '../words/context';
import {
  ConsentPage, EditPage, EntryPage, HistoryPage, KeepPage, loadAhead, NotFound, PrintPage, ReviewPage, VersionPage,
} from './lazyPages'; // prettier-ignore
import { Shell } from './Shell';

/** Every page of somebody who is signed in. */
export function AppRoutes(): ReactNode {
  useLoadAhead();
  return (
    <Shell>
      <Suspense fallback={<Waiting />}>
        <Routes>
          <Route path="/" element={<TimelinePage />} />
          <Route path="/accesses/:id" element={<EntryPage />} />
          <Route path="/consent" element={<ConsentPage />} />
          <Route path="/consent/edit" element={<EditPage />} />
          <Route path="/consent/review" element={<ReviewPage />} />
          <Route path="/consent/history" element={<HistoryPage />} />
          <Route path="/consent/versions/:version" element={<VersionPage />} />
          <Route path="/keep" element={<KeepPage />} />
          <Route path="/keep/print" element={<PrintPage />} />
          <Route path="*" element={<NotFound />} />
        </Routes>
      </Suspense>
    </Shell>
  );
}

function Waiting(): ReactNode {
  const words = useWords();
  return (
    <p className="waiting" role="status">
      {words.text('app.loading')}
    </p>
  );
}

/** At the first sign of life, not before: a look at the list alone downloads nothing else. */
const SIGNS = ['pointermove', 'pointerdown', 'keydown'] as const;

function useLoadAhead(): void {
  useEffect(() => {
    const stop = new AbortController();
    const start = (): void => {
      stop.abort();
      // Only a convenience: a page that cannot be loaded now is loaded, and its failure shown, when it is opened.
      loadAhead().catch(() => undefined);
    };
    for (const type of SIGNS) window.addEventListener(type, start, { signal: stop.signal, passive: true });
    return () => {
      stop.abort();
    };
  }, []);
}
