// SPDX-License-Identifier: Apache-2.0
import { useEffect, type ReactNode } from 'react';
import { Route, Routes, useLocation } from 'react-router';
import { PartBoundary, prepareForMissing } from '../components/PartBoundary';
import { useHasBeenIdle } from '../lib/useHasBeenIdle';
import { Waiting } from '../components/Waiting';
import { TimelinePage } from '../features/timeline/TimelinePage';
import {
  ConsentPage, EditPage, EntryPage, HistoryPage, KeepPage, loadAhead, NotFound, PrintPage, ReviewPage, VersionPage,
} from './lazyPages'; // prettier-ignore
import { Shell } from './Shell';

/** Every page of somebody who is signed in. */
export function AppRoutes(): ReactNode {
  useLoadAhead();
  const { pathname } = useLocation();
  return (
    <Shell>
      <PartBoundary at={pathname} waiting={<Waiting />}>
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
      </PartBoundary>
    </Shell>
  );
}

/** At the first sign of life, not before: a look at the list alone downloads nothing else. */
const SIGNS = ['pointermove', 'pointerdown', 'keydown'] as const;

function useLoadAhead(): void {
  const hasBeenIdle = useHasBeenIdle();
  useEffect(() => {
    // Without it the page still says that something cannot be fetched.
    if (hasBeenIdle) {
      prepareForMissing().catch(() => undefined);
    }
  }, [hasBeenIdle]);
  useEffect(() => {
    const stop = new AbortController();
    const start = (): void => {
      stop.abort();
      // Only a convenience: a page that cannot be loaded now is loaded, and its failure shown, when it is
      // opened.
      loadAhead().catch(() => undefined);
    };
    for (const type of SIGNS) {
      window.addEventListener(type, start, { signal: stop.signal, passive: true });
    }
    return () => {
      stop.abort();
    };
  }, []);
}
