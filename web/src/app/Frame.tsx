// SPDX-License-Identifier: Apache-2.0
import { useRef, useState, type ReactNode } from 'react';
import { Link } from 'react-router';
import { chooseTheme, storedTheme, THEMES } from '../lib/theme';
import { useWords } from '../words/context';
import { LANGUAGES } from '../words/languages';
import { useLanguageChoice } from './languageChoice';

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
  return (
    <>
      <button
        type="button"
        className="skip"
        onClick={() => {
          main.current?.focus();
        }}
      >
        {words.text('app.skip')}
      </button>
      <header className="top">
        <div className="top-inner">
          <Link to="/" className="brand">
            <img src="/mark.svg" width="28" height="28" alt="" />
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
          <Settings />
        </div>
      </footer>
    </>
  );
}

function Settings(): ReactNode {
  const words = useWords();
  const { language, choose } = useLanguageChoice();
  const [theme, setTheme] = useState(storedTheme);
  return (
    <div className="settings" role="group" aria-label={words.text('app.settings')}>
      <label>
        <span className="unseen">{words.text('app.language')}</span>
        <select
          className="select select-small"
          value={language.tag}
          onChange={(event) => {
            const chosen = LANGUAGES.find(({ tag }) => tag === event.target.value);
            if (chosen !== undefined) choose(chosen);
          }}
        >
          {LANGUAGES.map(({ tag, name }) => (
            <option key={tag} value={tag} lang={tag}>
              {name}
            </option>
          ))}
        </select>
      </label>
      <label>
        <span className="unseen">{words.text('app.theme')}</span>
        <select
          className="select select-small"
          value={theme}
          onChange={(event) => {
            const chosen = THEMES.find((name) => name === event.target.value) ?? 'system';
            chooseTheme(chosen);
            setTheme(chosen);
          }}
        >
          {THEMES.map((name) => (
            <option key={name} value={name}>
              {words.text(`app.theme.${name}`)}
            </option>
          ))}
        </select>
      </label>
    </div>
  );
}
