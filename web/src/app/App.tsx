// SPDX-License-Identifier: Apache-2.0
import { QueryClientProvider, type QueryClient } from '@tanstack/react-query';
import { useEffect, useLayoutEffect, useMemo, useState, type ReactNode } from 'react';
import { BrowserRouter } from 'react-router';
import { Announcer } from '../components/announce';
import { VocabularyProvider, type Vocabulary } from '../words/context';
import { storeLanguage, type Language } from '../words/languages';
import { hearMoreWords, openLanguage } from '../words/loadWords';
import { FaultBoundary } from './FaultBoundary';
import { LanguageContext } from './languageChoice';
import { SessionGate } from './SessionGate';

interface OpenedLanguage {
  readonly language: Language;
  readonly vocabulary: Vocabulary;
}

interface AppProps {
  readonly first: OpenedLanguage;
  readonly queryClient: QueryClient;
}

/** The whole portal: words, server state, routes. */
export function App({ first, queryClient }: AppProps): ReactNode {
  const [shown, show] = useState(first);
  const [language, setLanguage] = useState(first.language);
  useEffect(() => {
    document.documentElement.lang = shown.language.tag;
  }, [shown.language]);
  // Before the browser goes on: words that are there already come in the next microtask.
  useLayoutEffect(
    () =>
      hearMoreWords((vocabulary) => {
        show((before) => ({ ...before, vocabulary }));
      }),
    [],
  );
  useEffect(() => {
    if (language === shown.language) {
      return;
    }
    let isCurrent = true;
    openLanguage(language).then(
      (vocabulary) => {
        if (isCurrent) {
          show({ language, vocabulary });
        }
      },
      // The words cannot be loaded now: the page stays in the language that it has.
      () => {
        if (isCurrent) {
          setLanguage(shown.language);
        }
      },
    );
    return () => {
      isCurrent = false;
    };
  }, [language, shown.language]);
  const choice = useMemo(
    () => ({
      language,
      choose: (chosen: Language) => {
        storeLanguage(chosen.tag);
        setLanguage(chosen);
      },
    }),
    [language],
  );
  return (
    <LanguageContext value={choice}>
      <VocabularyProvider value={shown.vocabulary}>
        <QueryClientProvider client={queryClient}>
          <BrowserRouter>
            <Announcer>
              <FaultBoundary>
                <SessionGate />
              </FaultBoundary>
            </Announcer>
          </BrowserRouter>
        </QueryClientProvider>
      </VocabularyProvider>
    </LanguageContext>
  );
}

/**
 * The words themselves could not be loaded: the only text that is not among them. The page is loaded anew by
 * itself when the server answers (`startWatch.ts`).
 */
export function NoWords(): ReactNode {
  return (
    <main className="main" data-not-there="">
      <h1>Chartwitness</h1>
      <p role="alert">
        The server cannot be reached; this page tries again by itself.{' '}
        <span lang="zh-CN">无法连接服务器；页面会自动重试。</span> <a href="">Reload · 刷新</a>
      </p>
    </main>
  );
}
