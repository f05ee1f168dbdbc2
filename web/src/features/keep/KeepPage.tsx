// SPDX-License-Identifier: Apache-2.0
import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef, useState, type ReactNode } from 'react';
import { Link } from 'react-router';
import { ErrorNotice } from '../../components/ErrorNotice';
import { Page } from '../../components/Page';
import { TrustLine } from '../../components/TrustLine';
import { filterFragment, isEmptyFilter } from '../../lib/accessFilter';
import { useFilter } from '../../lib/useFilter';
import { useWords } from '../../words/context';
import { saveFile, toCsvFile, toJsonFile } from './exportFiles';
import { FilterWords } from './FilterWords';
import { readCopy } from './readAll';

type Progress =
  | { readonly kind: 'idle' | 'stopped' }
  | { readonly kind: 'reading' | 'done'; readonly count: number }
  | { readonly kind: 'failed'; readonly error: Error };

/** Takes the list, or what a filter leaves of it, out of the portal. */
export function KeepPage(): ReactNode {
  const words = useWords();
  const { filter } = useFilter();
  const { progress, start, stop } = useExport();
  const title = words.text('keep.title');
  const isReading = progress.kind === 'reading';
  return (
    <Page
      title={title}
      windowTitle={title}
      className="page-narrow"
      lead={<p className="lead">{words.text('keep.text')}</p>}
    >
      <p className="keep-what">
        {isEmptyFilter(filter) ? (
          words.text('keep.all')
        ) : (
          <>
            <strong>{words.text('keep.filtered')}</strong> <FilterWords filter={filter} />
          </>
        )}
      </p>
      <ul className="keep-ways">
        <li>
          <Link className="button" to={{ pathname: '/keep/print', hash: filterFragment(filter) }}>
            {words.text('keep.print')}
          </Link>
          <span>{words.text('keep.print.hint')}</span>
        </li>
        {(['csv', 'json'] as const).map((type) => (
          <li key={type}>
            <button
              type="button"
              className="button"
              aria-disabled={isReading}
              onClick={() => {
                if (!isReading) {
                  void start(type);
                }
              }}
            >
              {words.text(`keep.${type}`)}
            </button>
            <span>{words.text(`keep.${type}.hint`)}</span>
          </li>
        ))}
      </ul>
      <div role="status">
        {progress.kind === 'reading' && <p>{words.text('keep.progress', { count: progress.count })}</p>}
        {progress.kind === 'done' && <p>{words.text('keep.done', { count: progress.count })}</p>}
        {progress.kind === 'stopped' && <p>{words.text('keep.stopped')}</p>}
      </div>
      {isReading && (
        <button type="button" className="button" onClick={stop}>
          {words.text('keep.stop')}
        </button>
      )}
      {progress.kind === 'failed' && (
        <>
          <p>{words.text('keep.failed')}</p>
          <ErrorNotice error={progress.error} />
        </>
      )}
      <TrustLine />
    </Page>
  );
}

function useExport() {
  const words = useWords();
  const { filter } = useFilter();
  const queryClient = useQueryClient();
  const [progress, setProgress] = useState<Progress>({ kind: 'idle' });
  const running = useRef<AbortController>(null);
  useEffect(
    () => () => {
      running.current?.abort();
    },
    [],
  );
  const start = async (type: 'json' | 'csv'): Promise<void> => {
    const controller = new AbortController();
    running.current = controller;
    setProgress({ kind: 'reading', count: 0 });
    try {
      const facts = await readCopy(queryClient, filter, controller.signal, (count) => {
        setProgress({ kind: 'reading', count });
      });
      saveFile(type === 'json' ? toJsonFile(facts) : toCsvFile(facts, words), type, facts.madeAt);
      setProgress({ kind: 'done', count: facts.entries.length });
    } catch (error) {
      if (!(error instanceof Error)) {
        throw error;
      }
      setProgress(controller.signal.aborted ? { kind: 'stopped' } : { kind: 'failed', error });
    }
  };
  return { progress, start, stop: () => running.current?.abort() };
}
