// SPDX-License-Identifier: Apache-2.0
import { useState, type ReactNode } from 'react';
import { chooseTheme, storedTheme, THEMES } from '../lib/theme';
import { useWords } from '../words/context';
import { LANGUAGES } from '../words/languages';
import { useLanguageChoice } from './languageChoice';

/** The menus in the foot: language and appearance. */
export function Settings(): ReactNode {
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
            if (chosen !== undefined) {
              choose(chosen);
            }
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
