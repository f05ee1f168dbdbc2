// SPDX-License-Identifier: Apache-2.0
import { QueryClientProvider } from '@tanstack/react-query';
import { useEffect, useMemo, useState, type ReactNode } from 'react';
import { BrowserRouter } from 'react-router';
import { Announcer } from '../components/announce';
import { createQueryClient, meQuery } from '../lib/queries';
import { setSessionState } from '../lib/sessionState';
import { VocabularyProvider, type Vocabulary } from '../words/context';
import { storeLanguage, type Language } from '../words/languages';
import { openLanguage } from '../words/loadWords';
import { FaultBoundary } from './FaultBoundary';
import { LanguageContext } from './languageChoice';
import { SessionGate } from './SessionGate';

/** The whole portal: words, server state, routes. */
export function App({ firstLanguage }: { readonly firstLanguage: Language }): ReactNode {
  const [queryClient] = useState(makeQueryClient);
  const [vocabulary, setVocabulary] = useState<Vocabulary | null>(null);
  const [language, setLanguage] = useState(firstLanguage);
  const [opened, setOpened] = useState(firstLanguage);
  const [isMissing, setIsMissing] = useState(false);
  useEffect(() => {
    // Begun before the words are there: both are needed for the first page. A failure is shown by the gate, which asks for the same.
    queryClient.query(meQuery).catch(() => undefined);
  }, [queryClient]);
  useEffect(() => {
    let isCurrent = true;
    const show = (vocabulary: Vocabulary): void => {
      if (isCurrent) setVocabulary(vocabulary);
    };
    openLanguage(language, show).then(
      (opened) => {
        if (!isCurrent) return;
        document.documentElement.lang = language.tag;
        show(opened);
        setOpened(language);
      },
      // The words cannot be loaded now: the page stays in the language that it has.
      () => {
        if (!isCurrent) return;
        setLanguage(opened);
        setIsMissing(true);
      },
    );
    return () => {
      isCurrent = false;
    };
  }, [language]);
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
  if (vocabulary === null) return isMissing ? <NoWords /> : null;
  return (
    <LanguageContext value={choice}>
      <VocabularyProvider value={vocabulary}>
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

/** The words themselves could not be loaded: the only text that is not among them. */
function NoWords(): ReactNode {
  return (
    <p role="alert">
      The server cannot be reached. <span lang="zh-CN">无法连接服务器。</span> <a href="">Reload · 刷新</a>
    </p>
  );
}

function makeQueryClient() {
  const client = createQueryClient(() => {
    if (client.getQueryData(meQuery.queryKey) !== undefined) setSessionState('ended');
  });
  return client;
}
