// SPDX-License-Identifier: Apache-2.0
import { QueryClientProvider, type QueryClient } from '@tanstack/react-query';
import { useEffect, useMemo, useState, type ReactNode } from 'react';
import { BrowserRouter } from 'react-router';
import { Announcer } from '../components/announce';
import { isUnderWay } from '../lib/earlyRequests';
import { FIRST_LIST } from '../lib/firstReads';
import { createQueryClient, meQuery } from '../lib/queries';
import { accessPagesQuery } from '../features/timeline/useAccessPages';
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
  const [firstData] = useState(() => readFirstData(queryClient));
  const [vocabulary, setVocabulary] = useState<Vocabulary | null>(null);
  const [language, setLanguage] = useState(firstLanguage);
  const [opened, setOpened] = useState(firstLanguage);
  const [isMissing, setIsMissing] = useState(false);
  useEffect(() => {
    let isCurrent = true;
    const show = (vocabulary: Vocabulary): void => {
      if (isCurrent) setVocabulary(vocabulary);
    };
    Promise.all([openLanguage(language, show), firstData]).then(
      ([opened]) => {
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
  }, [language, firstData]);
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

/** How long the first page waits for what it shows when its code and words are there. What takes longer is announced on the page. */
const LATE_MS = { session: 1500, list: 150 } as const;

/**
 * Reads what the first page shows, so that it is drawn once and whole; on a slow device each time costs more than the wait. A failure is
 * shown by the page, which asks for the same.
 */
async function readFirstData(queryClient: QueryClient): Promise<void> {
  // Not tried again here: the page does that, and says why it waits.
  const session = queryClient.query({ ...meQuery, retry: false });
  await within(LATE_MS.session, session);
  if (isUnderWay(FIRST_LIST)) await within(LATE_MS.list, queryClient.infiniteQuery(accessPagesQuery({})));
}

/** Resolves when `reading` has ended, well or not, or after `ms`. */
async function within(ms: number, reading: Promise<unknown>): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  const ended = reading.then(
    () => undefined,
    () => undefined,
  );
  await Promise.race([ended, late]);
  clearTimeout(timer);
}

function makeQueryClient() {
  const client = createQueryClient(() => {
    if (client.getQueryData(meQuery.queryKey) !== undefined) setSessionState('ended');
  });
  return client;
}
