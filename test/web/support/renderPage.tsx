// SPDX-License-Identifier: Apache-2.0
import type { Me } from '@api/schemas';
import { QueryClientProvider, useQuery } from '@tanstack/react-query';
import { render } from '@testing-library/react';
import type { ReactNode } from 'react';
import { MemoryRouter } from 'react-router';
import { Announcer } from '../../../web/src/components/announce';
import { createQueryClient, meQuery, MeProvider } from '../../../web/src/lib/queries';
import { Vocabulary, VocabularyProvider } from '../../../web/src/words/context';
import { words as en } from '../../../web/src/words/languages/en';
import { meAnswer } from './answers';
import { LANGUAGE_FILES } from './languageFiles';

interface RenderOptions {
  readonly language?: 'en' | 'zh-CN';
  readonly path?: string;
  /** Of the history's entry. */
  readonly state?: unknown;
  readonly me?: ReturnType<typeof meAnswer>;
}

/** Renders a part of the portal with words, server state, routes and somebody who is signed in. */
export function renderPage(
  page: ReactNode,
  { language = 'en', path = '/', state, me = meAnswer() }: RenderOptions = {},
) {
  const queryClient = createQueryClient(() => undefined);
  queryClient.setQueryData(meQuery.queryKey, me);
  return render(
    <VocabularyProvider
      value={new Vocabulary(language, LANGUAGE_FILES.find(({ tag }) => tag === language)?.words ?? en)}
    >
      <QueryClientProvider client={queryClient}>
        <MemoryRouter initialEntries={[{ pathname: path, state }]}>
          <SignedIn first={me}>
            <Announcer>{page}</Announcer>
          </SignedIn>
        </MemoryRouter>
      </QueryClientProvider>
    </VocabularyProvider>,
  );
}

/** Gives the page the caller as the server state has it, as `SessionGate` does. */
function SignedIn({ first, children }: { readonly first: Me; readonly children: ReactNode }): ReactNode {
  const { data = first } = useQuery(meQuery);
  return <MeProvider value={data}>{children}</MeProvider>;
}
