// SPDX-License-Identifier: Apache-2.0
import './early';
import './styles/tokens.css';
import './styles/base.css';
import './styles/controls.css';
import './styles/shell.css';
import './styles/timeline.css';
import './styles/choices.css';
import { StrictMode, type ReactNode } from 'react';
import { createRoot } from 'react-dom/client';
import { App, NoWords } from './app/App';
import { readFirstData } from './app/firstData';
import { PartMissing } from './lib/latePart';
import { createQueryClient, meQuery } from './lib/queries';
import { setSessionState } from './lib/sessionState';
import { applyTheme, storedTheme } from './lib/theme';
import { preferredLanguage, storedLanguage } from './words/languages';
import { openLanguage } from './words/loadWords';

const element = document.getElementById('root');
if (element === null) {
  throw new Error('the page has no #root');
}
applyTheme(storedTheme());
const queryClient = createQueryClient(() => {
  if (queryClient.getQueryData(meQuery.queryKey) !== undefined) {
    setSessionState('ended');
  }
});
const language = preferredLanguage(navigator.languages, storedLanguage());
const ready = Promise.all([openLanguage(language), readFirstData(queryClient)]);
const root = createRoot(element, {
  // The page shows that a part is missing, where it belongs; it is no fault.
  onCaughtError: (fault) => {
    if (!(fault instanceof PartMissing)) {
      console.error(fault);
    }
  },
});
const render = (page: ReactNode): void => {
  root.render(<StrictMode>{page}</StrictMode>);
};
// From here on the page says itself what is missing.
element.querySelector('[data-not-there]')?.removeAttribute('data-not-there');
ready.then(
  ([vocabulary]) => {
    render(<App first={{ language, vocabulary }} queryClient={queryClient} />);
  },
  () => {
    render(<NoWords />);
  },
);
